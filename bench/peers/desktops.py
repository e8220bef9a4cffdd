# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Desktops of our own to record: Xvfb, and sway without a screen. What is started here is ended here."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

WORDS = "i=0; while :; do i=$((i+1)); printf 'frame %d, %s\\n' $i \"$(date +%H:%M:%S.%N)\"; sleep 0.03; done"
PROGRAMS = (
    ["glxgears", "-geometry", "320x320+760+380"],
    ["xterm", "-T", "top", "-geometry", "90x24+40+60", "-e", "top", "-d", "0.5"],
    ["xterm", "-T", "words", "-bg", "#10241c", "-fg", "#9fe0b0", "-geometry", "70x20+700+60", "-e", "sh", "-c", WORDS],
)
START_S = 15
NOBODY = 65534
PR_SET_CHILD_SUBREAPER = 36


def wait_until(test, seconds=START_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = test()
        if value:
            return value
        time.sleep(0.05)
    return None


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def own_orphans():
    """What a program of ours leaves behind becomes a child of ours."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans(seconds=3):
    """Called when all children that we know have been waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end + seconds:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0 and time.monotonic() > end:
            for left in read(f"/proc/self/task/{os.getpid()}/children").split():
                os.kill(int(left), signal.SIGKILL)
        if pid == 0:
            time.sleep(0.02)


class Desktop:
    """A folder and programs of our own; `with` ends and removes them."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="framering-peers-")
        self.children = []
        self.env = {name: value for name, value in os.environ.items()
                    if name not in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        self.env["XDG_RUNTIME_DIR"] = self.dir
        self.as_nobody = False
        self.reason = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in reversed(self.children):
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        end_orphans()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, argv, **more):
        """Starts a program that __exit__ ends."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
                   "env": self.env, "cwd": self.dir}
        if self.as_nobody:
            options.update(user=NOBODY, group=NOBODY, extra_groups=[])
        options.update(more)
        child = subprocess.Popen(argv, **options)
        self.children.append(child)
        return child

    def programs(self):
        for argv in PROGRAMS:
            if shutil.which(argv[0]):
                self.run(["nice", "-n", "5"] + argv)
        time.sleep(1.5)


class X11(Desktop):
    """Xvfb. `server` is its process."""

    def __init__(self, width, height):
        super().__init__()
        self.size = f"{width}x{height}x24"
        self.server = None

    def start(self):
        ours, theirs = os.pipe()
        self.server = self.run(["Xvfb", "-displayfd", str(theirs), "-screen", "0", self.size, "-nolisten", "tcp",
                                "-noreset"], pass_fds=[theirs])
        os.close(theirs)
        with os.fdopen(ours) as file:
            number = file.readline().strip()
        if not number:
            self.reason = "Xvfb did not start"
            return
        self.env["DISPLAY"] = ":" + number
        self.programs()


class Sway(Desktop):
    """sway on a headless output, with Xwayland for the same programs. `server` is sway's process."""

    def __init__(self, width, height):
        super().__init__()
        self.size = f"{width}x{height}@60Hz"
        self.server = None

    def start(self):
        config = os.path.join(self.dir, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"output HEADLESS-1 mode --custom {self.size}\n"
                       "output HEADLESS-1 bg #2e4a62 solid_color\n"
                       "xwayland enable\n"
                       'for_window [class=".*"] floating enable\n'
                       f"exec sh -c 'echo $DISPLAY $WAYLAND_DISPLAY >{self.dir}/displays'\n")
        # It refuses to be run by root.
        self.as_nobody = os.geteuid() == 0
        if self.as_nobody:
            os.chown(self.dir, NOBODY, NOBODY)
        self.env.update(HOME=self.dir, WLR_BACKENDS="headless", WLR_LIBINPUT_NO_DEVICES="1", WLR_RENDERER="pixman",
                        WLR_HEADLESS_OUTPUTS="1")
        self.env.pop("DISPLAY", None)
        with open(os.path.join(self.dir, "log"), "w", encoding="utf-8") as log:
            self.server = self.run(["sway", "-c", config], stderr=log)
        displays = wait_until(lambda: len(read(os.path.join(self.dir, "displays")).split()) == 2 or
                              self.server.poll() is not None)
        displays = read(os.path.join(self.dir, "displays")).split()
        if len(displays) != 2:
            lines = read(os.path.join(self.dir, "log")).strip().splitlines()
            self.reason = "sway did not start: " + (lines[-1] if lines else "no Xwayland display")
            return
        self.env["DISPLAY"], self.env["WAYLAND_DISPLAY"] = displays
        self.programs()
