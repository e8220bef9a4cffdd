# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What the end-to-end cases share: a private folder, real processes, real videos read back."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time


LISTENING = "00010000"  # __SO_ACCEPTCON, as /proc/net/unix writes it
WINE_NAMES = ("wine64", "wine", "wine64-preloader", "wine-preloader")
WINE_LOST_IT = ": Internal error"  # what CreateProcess says then; scripts/wine has the cause, and prevents it where it may
FUTEX = "202"  # the number of the system call, on x86-64
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}


def everywhere(case):
    """Marks a case that holds on Windows as well, under Wine."""
    case.everywhere = True
    return case


def alone(case):
    """Marks a case that asserts a bound on a time (World.check_time): no other test runs beside it."""
    case.alone = True
    return case


class Failure(Exception):
    """A behaviour that did not hold, as one sentence."""


class Final(Failure):
    """A failure of what protects viewers and machines: a wrong picture or stamp, an error of validation, a sanitizer's
    report, a crash, a leak. That others ran on the machine excuses it never (run.py)."""


def check(condition, sentence, kind=Failure):
    if not condition:
        raise kind(sentence)


class WineStuck(Failure):
    """Wine stopped a program by a fault of its own; what the case wanted to see could not happen."""


class Finished:
    """A program that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out or "", err or ""  # nothing where the case has its own
        self.lines = [line for line in self.err.splitlines() if line.strip()]

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise Failure(f"the standard output is not one JSON object ({error}): {self.out!r} {self.err!r}")

    def expect(self, code):
        check(self.code == code, f"exit code {self.code}, not {code}: {self.err}")
        return self

    def did_not_crash(self):
        """Nor did a program that it started, of which it passes on the words."""
        check("Sanitizer" not in self.err and "runtime error" not in self.err, f"a sanitizer spoke: {self.err}", Final)
        crashed = -self.code in CRASHES or any(f"killed by signal {int(number)} " in self.err for number in CRASHES)
        check(not crashed, f"a crash, exit code {self.code}: {self.err}", Final)
        return self


def hangs_in_wines_handler(pid):
    """Wine makes the thread that Windows runs a console's handlers on inside its handler of SIGINT, which allocates
    memory: where that signal meets the main thread in malloc() or fork(), it waits for itself. No program's own code
    runs with SIGINT blocked, as this thread does, for longer than Wine's server takes to answer."""
    def waits():
        task = pathlib.Path(f"/proc/{pid}/task/{pid}")
        try:
            blocked = next(int(line.split()[1], 16) for line in (task / "status").read_text().splitlines()
                           if line.startswith("SigBlk:"))
            return bool(blocked & 1 << signal.SIGINT - 1) and (task / "syscall").read_text().split()[:3]
        except (OSError, StopIteration):
            return False
    first = waits()
    return bool(first) and first[0] == FUTEX and all((time.sleep(0.05), waits())[1] == first for _ in range(20))


def put_to_an_end(process):
    """Kills a program; what it said on its standard error. Programs that it started may keep that open."""
    process.kill()
    try:
        return process.communicate(timeout=5)[1]
    except subprocess.TimeoutExpired as expired:
        return (expired.stderr or b"").decode(errors="replace")


class Running:
    """A program that runs; ended by the case or, at the latest, by the world."""

    def __init__(self, world, process):
        self.world = world
        self.process = process
        self.pid = process.pid

    def finish(self, timeout=120):
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            state = "still ran" if self.alive() else "had ended, and a program that it started kept its output,"
            kind = WineStuck if not self.alive() and self.world.lost_starts() else Failure
            raise kind(f"it {state} after {timeout} s: {self.process.args}\n{put_to_an_end(self.process)}")
        if self.world.windows and WINE_LOST_IT in (err or ""):
            raise WineStuck(f"Wine lost a process before its program began: {err}")
        return Finished(self.process.returncode, out, err).did_not_crash()

    def signal(self, number):
        self.process.send_signal(number)

    def interrupt(self, timeout=60):
        self.signal(signal.SIGINT)
        if self.world.windows:
            # Wine drops a Ctrl-C that comes while it still starts the program: a person presses again.
            try:
                self.process.communicate(timeout=2)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGINT)
                time.sleep(0.5)
                if hangs_in_wines_handler(self.pid):
                    raise WineStuck(f"Wine's handler of a Ctrl-C waits for a lock of the code that it interrupted: {self.process.args}")
        return self.finish(timeout)

    def alive(self):
        return self.process.poll() is None

    def children(self):
        return self.world.children_of(self.pid)


class World:
    """One case's own folder, runtime folder and processes."""

    windows = False
    suffix = ""
    fake_gpu = None  # the folder of programs that have one

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.framering = self.build / "cli" / f"framering{self.suffix}"
        self.stampcheck = self.build / "tests" / "e2e" / f"stampcheck{self.suffix}"
        self.sanitized = is_sanitized(self.build)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="framering-e2e-"))
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.runtime), LC_ALL="C.UTF-8")
        for name in ("DISPLAY", "FRAMERING_SOCKET", "FRAMERING_SOURCE_DIR", "FRAMERING_CPU_MASK"):
            self.env.pop(name, None)
        keep_loaded = self.build / "tests" / "libkeep-loaded.so"
        if keep_loaded.exists():  # under a sanitizer that looks for leaks: tests/keep_loaded.c
            self.env["LD_PRELOAD"] = str(keep_loaded)
        self.processes = []
        self.checks = []  # what holds at the end of whatever case
        self.gates = []  # what holds of each program that is started, and the environment it gets

    def path(self, name):
        return str(self.folder / name)

    def command_line(self, command):
        return command

    def source_program(self, kind):
        return (self.fake_gpu or self.build / "sources") / f"framering-source-{kind}{self.suffix}"

    def children_of(self, pid):
        try:
            text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in text.split()]

    def kill_source(self, pid, watch=("0",)):
        """Kills a source that is attached; `watch` is how Windows finds it."""
        os.kill(pid, signal.SIGKILL)

    def socket_of(self, target):
        return self.runtime / "framering" / f"target-{target}.sock"

    def target_is_there(self, target):
        return self.socket_of(target).exists()

    def target_listens(self, target):
        """A socket has its name a moment before it takes connections."""
        sockets = (line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:])
        return any(part[3] == LISTENING and part[-1] == str(self.socket_of(target)) for part in sockets)

    def wait_for_target(self, target):
        wait_for(lambda: self.target_listens(target), 30, f"nobody listens at target {target}")

    def wait_for_file(self, name, bytes_wanted=1):
        """Until so much was written: the files are there before anything is recorded."""
        file = self.folder / name
        wait_for(lambda: file.exists() and file.stat().st_size >= bytes_wanted, 30, f"{name} was never written")

    def sample(self, *watch):
        """What an observer sees of a session: as `watch --json` says it; None: it has no ring now, or is not there."""
        seen = self.fr("watch", *(watch or ("0",)), "--json", "--samples", "1")
        first = json.loads(seen.out.splitlines()[0]) if seen.code == 0 and seen.out else {}
        return first if first.get("ring") else None

    def wait_for_taken(self, count, watch=(), other_than=None, within=60):
        """Until the host took so many frames of the present ring, which is not the one `other_than`; the sample."""
        def look():
            seen = self.sample(*watch)
            good = seen and seen["host"]["taken"] >= count and seen["generation"] != other_than
            return seen if good else None
        return wait_for(look, within, f"the host did not take {count} frames of one ring")

    def check_time(self, condition, sentence):
        """A bound on a time: of a program as a person has it, on a machine of our own only."""
        check(condition or self.sanitized, sentence)

    def lost_starts(self):
        """Processes that will never become a program."""
        return []

    def traces(self):
        """What a session left behind."""
        folder = self.runtime / "framering"
        return list(folder.glob("*.sock")) if folder.exists() else []

    def start(self, *command, env=None, **options):
        environment = dict(self.env, **(env or {}))
        command = [str(part) for part in command]
        for gate in self.gates:
            gate(self, command, environment)
        process = subprocess.Popen(
            self.command_line(command), env=environment, cwd=self.folder, text=True, errors="replace",
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
        self.processes.append(process)
        return Running(self, process)

    def run(self, *command, timeout=120, **options):
        return self.start(*command, **options).finish(timeout)

    def fr(self, *arguments, **options):
        """Runs `framering ARGUMENTS` to its end."""
        return self.run(self.framering, *arguments, **options)

    def fr_start(self, *arguments, **options):
        return self.start(self.framering, *arguments, **options)

    def source_start(self, kind, *arguments):
        """A source that somebody starts by hand."""
        return self.fr_start("source", kind, *arguments)

    def capture(self, *arguments, **options):
        """Runs `framering capture --json ARGUMENTS`; its summary."""
        done = self.fr("capture", "--json", *arguments, **options).expect(0)
        return done.json()

    def read_stamps(self, files, *arguments, blurred=0, restarts=0):
        """What stampcheck says of each frame, its summary, and how it ended. No frame is wrong; `blurred`: so many cannot be
        read, by the encoder's fault; `restarts`: so often the source's numbers may begin again."""
        done = self.run(self.stampcheck, "--allow-repeats", *arguments, *files, timeout=240)
        *seen, summary = [json.loads(line) for line in done.out.strip().splitlines()] or [{}]
        wrong = sum(summary.get(name, 0) for name in ("torn", "not_increasing", "older_generation"))
        check(wrong <= restarts and not summary.get("torn", 0) and summary.get("unreadable", 0) <= blurred, f"stampcheck says {summary} {done.err}", Final)
        return seen, summary, done

    def stamps(self, *files, arguments=(), blurred=0):
        """The files, as one recording, hold no wrong frame, and nothing else; the summary of stampcheck."""
        _, summary, done = self.read_stamps(files, *arguments, blurred=blurred)
        code = done.code if summary.get("unreadable", 0) and not summary["failed_files"] else 0
        check(done.code == code, f"stampcheck says {summary} {done.err}")
        return summary

    def stamp_frames(self, *files, **allowed):
        """Every frame's stamp; no frame is wrong."""
        return self.read_stamps(files, **allowed)[0]

    def ends_with(self, last, *files):
        """The files hold no wrong frame, and the last one is the program's last; the summary of stampcheck."""
        seen = self.stamp_frames(*files)
        check(seen and seen[-1]["sequence"] == last, f"the last frame, {last}, is not shown: {seen[-3:]}", Final)
        return self.stamps(*files)

    def stamps_of_killed(self, *files):
        """What hosts wrote until they were killed holds no wrong frame; how many frames it has. Some may have none yet, and the
        last of a file may be cut off."""
        there = [file for file in files if (self.folder / file).exists()]
        return sum(self.read_stamps([file], blurred=1)[1].get("frames", 0) for file in there)

    def probe(self, file, *more):
        """What ffprobe says of a file's video stream, packets and first frame."""
        done = self.run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams", "-show_frames",
                        "-show_format", "-read_intervals", "%+#1", "-of", "json", *more, file).expect(0)
        result = json.loads(done.out)
        check(result.get("streams"), f"ffprobe finds no video in {file}")
        return result

    def playable(self, file):
        """Decodes the whole file with strict checks; the number of frames."""
        done = self.run("ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v:0", "-fps_mode", "passthrough",
                        "-enc_time_base", "-1", "-f", "null", "-progress", "pipe:1", "-", timeout=240)
        check(done.code == 0, f"ffmpeg cannot read {file}: {done.err}", Final)
        frames = [line for line in done.out.splitlines() if line.startswith("frame=")]
        return int(frames[-1].split("=")[1]) if frames else 0, done.err

    def xvfb(self, width, height, clients=(), number=None):
        """A display of our own with programs on it; its name. Without a number it gets the lowest free one, as another
        server does after its end."""
        read, write = os.pipe()
        server = self.start("Xvfb", *([f":{number}"] if number else []), "-displayfd", write, "-screen", "0",
                            f"{width}x{height}x24", "-nolisten", "tcp", "-noreset", pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        check(number, "Xvfb did not start")
        display = f":{number}"
        for client in clients:
            self.start(*client, env={"DISPLAY": display})
        self.env["DISPLAY"] = display
        self.x_server = server
        return display

    def add_mode(self, width, height):
        name = f"{width}x{height}"
        self.run("xrandr", "--newmode", name, "0", width, 0, 0, width, height, 0, 0, height).expect(0)
        self.run("xrandr", "--addmode", "screen", name).expect(0)

    def set_mode(self, width, height):
        self.run("xrandr", "--output", "screen", "--mode", f"{width}x{height}").expect(0)

    def source_of(self, running, timeout=30, other_than=None):
        """The process id of the source that a capture started, not of a short question for its options."""
        def look():
            for pid in running.children():
                try:
                    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                except OSError:
                    continue
                if b"framering-source" in command and b"--list-options" not in command and pid != other_than:
                    return pid
            return None
        return wait_for(look, timeout, "the capture started no source")

    def verify(self):
        for look in self.checks:
            look(self)

    def close(self):
        for process in self.processes:
            put_to_an_end(process)
        for pid in self.lost_starts():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class WindowsWorld(World):
    """The same under Wine. Pipes have names for the whole machine, so each world has names of its own."""

    windows = True
    suffix = ".exe"

    def __init__(self, build):
        super().__init__(build)
        self.wine = str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "wine")
        self.prefix = self.folder.name
        self.env["FRAMERING_E2E"] = str(self.folder)
        self.env.setdefault("WINEPREFIX", str(self.build / "wine"))
        if "DISPLAY" in os.environ:  # Wine's services keep the one that they began with
            self.env["DISPLAY"] = os.environ["DISPLAY"]
        # The first process brings Wine's own services, which would hold the pipes of a program's output as long as
        # they live. This one has none, and lives as long as its input is open, which is as long as the case.
        self.resident = subprocess.Popen(
            [self.wine, str(self.framering), "convert", "--from", "bgra", "--to", "nv12", "--size", "1x1", "-", "NUL"],
            env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([self.wine, str(self.framering), "--version"], env=self.env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)

    def command_line(self, command):
        program, arguments = command[0], command[1:]
        if not program.endswith(self.suffix):
            return command
        after = {"capture": 1, "watch": 1, "probe": 1, "source": 2}.get(arguments[0] if arguments else "", 0)
        if program == str(self.framering):
            named = any(argument.startswith("--name-prefix") for argument in arguments)
            if 0 < after <= len(arguments) and not named and "--help" not in arguments:
                arguments = arguments[:after] + ["--name-prefix", self.prefix] + arguments[after:]
        elif "framering-source-" in program and "--name-prefix" not in arguments:
            arguments = ["--name-prefix", self.prefix] + arguments
        return [self.wine, program] + arguments

    def children_of(self, pid):
        """Wine's processes have other parents than they say: the ones of this world that are not the host."""
        return [other for other, command in self.programs() if b"framering-source" in command and other != pid]

    def programs(self):
        """This world's processes: their ids, and what each calls itself."""
        marker = f"FRAMERING_E2E={self.folder}".encode()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name), (folder / "cmdline").read_bytes().split(b"\0")[0]
            except OSError:
                continue

    def lost_starts(self):
        """Of a program that ends just as it starts another, Wine's server sometimes forgets the other, which then waits
        for its first answer for ever, with the output that it inherited. It still goes by Wine's name."""
        return [pid for pid, command in self.programs() if pathlib.Path(command.decode()).name in WINE_NAMES
                and parent_of(pid) == 1]

    def source_start(self, kind, *arguments):
        """The program itself: where there is no console, a Ctrl-C reaches one process only."""
        return self.start(self.source_program(kind), *arguments)

    def kill_source(self, pid, watch=("0",)):
        """By TerminateProcess: what dies of a signal has ended with 0 in Wine's eyes."""
        seen = wait_for(lambda: self.sample(*watch), 30, "nothing is to be seen of the source")
        self.run(self.build / "tests" / "e2e" / "terminate.exe", seen["source"]["pid"]).expect(0)
        wait_for(lambda: not is_alive(pid), 30, "the source was not killed")

    def target_is_there(self, target):
        return self.fr("watch", str(target), "--json", "--samples", "1").code == 0

    def target_listens(self, target):
        return self.target_is_there(target)

    def check_time(self, condition, sentence):
        pass

    def use_fake_gpu(self):
        """From now on the programs are copies beside stand-ins for Direct3D 11 and DXGI."""
        folder = self.folder / "bin"
        folder.mkdir()
        fakes = self.build / "tests" / "win32" / "fake_d3d11"
        for file in (self.framering, self.source_program("pattern"), fakes / "d3d11.dll", fakes / "dxgi.dll"):
            shutil.copy(file, folder)
        libraries = (self.build / "src", self.build / "src" / "encode",
                     pathlib.Path((self.build / "windows-deps").read_text().strip()) / "bin")
        self.env["WINEPATH"] = ";".join("Z:" + str(path).replace("/", "\\") for path in libraries)
        self.env["WINEDLLOVERRIDES"] = "mscoree,mshtml=;winedbg.exe=d;d3d11,dxgi=n"
        self.framering = folder / self.framering.name
        self.fake_gpu = folder

    def close(self):
        super().close()
        self.resident.stdin.close()
        try:
            self.resident.wait(20)
        except subprocess.TimeoutExpired:
            self.resident.kill()

    def traces(self):
        return []


def is_for_windows(build):
    return (pathlib.Path(build) / "windows-deps").exists()


def is_sanitized(build):
    options = json.loads((pathlib.Path(build) / "meson-info" / "intro-buildoptions.json").read_text())
    return next(option["value"] for option in options if option["name"] == "b_sanitize") != "none"


def world_for(build):
    return WindowsWorld(build) if is_for_windows(build) else World(build)


def frames(count, within="20s"):
    """The options of a capture that ends after so many fresh frames, however long a machine that pauses takes for them;
    `within` is for frames that do not flow."""
    return ("--frames", str(count), "--no-repeats", "--for", within)


def wait_for(what, timeout, sentence):
    """Calls `what` until it gives something true; that. It looks once more after the time, which may have passed in a pause
    of the machine."""
    end = time.monotonic() + timeout
    while True:
        late = time.monotonic() >= end
        result = what()
        if result:
            return result
        check(not late, sentence)
        time.sleep(0.02)


def one_sentence(done, *words):
    """The program said one line on stderr, and it holds the words."""
    check(len(done.lines) == 1, f"{len(done.lines)} lines on stderr, not one: {done.err!r}")
    for word in words:
        check(word.lower() in done.err.lower(), f"the message does not say {word!r}: {done.err!r}")


def print_flips(summary):
    for flip in summary["flips"]:
        print(f"  flip {flip['kind']} at {flip['at_ms']:.0f} ms: gap {flip['gap_ms']:.1f} ms")


def stat_of(pid):
    """The fields of /proc/PID/stat after the name: state, parent and more. OSError: it is not there."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def parent_of(pid):
    try:
        return int(stat_of(pid)[1])
    except OSError:
        return 0


def is_alive(pid):
    try:
        return stat_of(pid)[0] not in "ZX"
    except OSError:
        return False
