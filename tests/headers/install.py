# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What `meson install` puts in place is enough for others: the examples build by pkg-config alone and work together,
and the installed command finds its sources."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def install(build, folder):
    meson = ["/usr/bin/python3", "/usr/bin/meson"] if os.access("/usr/bin/meson", os.X_OK) else ["meson"]
    run(*meson, "install", "-C", build, "--no-rebuild", "--destdir", folder)
    found = sorted(folder.rglob("framering.pc"))
    if len(found) != 1:
        raise SystemExit(f"{len(found)} pkg-config files of framering were installed")
    return found[0].parent


def build_examples(pkgconfig, folder):
    env = dict(os.environ, PKG_CONFIG_PATH=str(pkgconfig))
    text = (pkgconfig / "framering.pc").read_text()
    prefix = f"{folder}{text.split('prefix=', 1)[1].splitlines()[0]}"
    for name, package in (("host", "framering-encode"), ("source", "framering")):
        flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", package, env=env).split()
        run(os.environ.get("CC", "cc"), "-std=c17", ROOT / "examples" / f"{name}.c", *flags, "-o", folder / name)


def record(folder, env):
    host = subprocess.Popen([folder / "host", folder / "example.mkv"], env=env, stderr=subprocess.PIPE, text=True)
    source = subprocess.Popen([folder / "source"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        _, said = host.communicate(timeout=30)
        if host.returncode or not (folder / "example.mkv").stat().st_size:
            raise SystemExit(f"example-host ended with {host.returncode}: {said}")
    finally:
        for process in (host, source):
            if process.poll() is None:
                process.terminate()
            process.communicate()


def main():
    build = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="framering-install-"))
    try:
        pkgconfig = install(build, folder)
        env = dict(os.environ, LD_LIBRARY_PATH=str(pkgconfig.parent), XDG_RUNTIME_DIR=str(folder / "run"))
        (folder / "run").mkdir(mode=0o700)
        build_examples(pkgconfig, folder)
        record(folder, env)
        command = next(folder.rglob("bin/framering"))
        run(command, "capture", "--quiet", "--source", "pattern", "--size", "320x180", "--frames", "10", "null:", env=env)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"installed, built against and run in {time.monotonic() - start:.1f} s")
