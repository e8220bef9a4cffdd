# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What is built for Windows is C17 without extensions of GNU, which other compilers there do not have.

usage: plain_c.py BUILD_FOLDER
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TARGET = ['clang', '--target=x86_64-w64-mingw32', '-std=c17', '-Wpedantic', '-Wgnu', '-Wvla', '-Werror',
          '-Wno-unknown-warning-option', '-Wno-ignored-attributes', '-fsyntax-only']
KEEP = re.compile(r'-(I|D|isystem|m(sse4\.1|avx\w+|fma|f16c)$)')
PARTS = ('src', 'sources', 'cli', 'examples')


def compiled(build):
    root = pathlib.Path(__file__).resolve().parents[2]
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        path = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        if path.suffix == '.c' and root in path.parents and path.relative_to(root).parts[0] in PARTS:
            flags = [flag for flag in shlex.split(entry['command']) if KEEP.match(flag)]
            yield path, pathlib.Path(entry['directory']), flags


def check(job):
    path, folder, flags = job
    done = subprocess.run(TARGET + flags + [path], cwd=folder, stderr=subprocess.PIPE, check=False)
    return path, done.stderr.decode() if done.returncode else None


def main():
    jobs = {path: (path, folder, flags) for path, folder, flags in compiled(pathlib.Path(sys.argv[1]))}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(check, jobs.values()))
    failed = [(path, text) for path, text in results if text]
    for path, text in failed:
        print('%s:\n%s' % (path, text))
    print('%d files, %d failed' % (len(results), len(failed)))
    return 1 if failed or not results else 0


if __name__ == '__main__':
    sys.exit(main())
