#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Compiles each public header alone, as C11 and as C++17, and the asserted layout as C++.

usage: compile_alone.py SOURCE_ROOT
"""
import pathlib
import shutil
import subprocess
import sys

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Wconversion', '-Wshadow']
LANGUAGES = [
    ('c', ['-std=c11', '-Wstrict-prototypes'], ['gcc', 'clang']),
    ('c++', ['-std=c++17', '-Wold-style-cast'], ['g++', 'clang++']),
]


def compile_text(compiler, language, flags, root, text):
    command = [compiler, '-x', language] + flags + WARNINGS
    command += ['-I%s' % (root / 'include'), '-I%s' % (root / 'src'), '-fsyntax-only', '-']
    result = subprocess.run(command, input=text.encode(), stderr=subprocess.PIPE, check=False)
    return result.stderr.decode() if result.returncode else None


def main():
    root = pathlib.Path(sys.argv[1])
    public = sorted(path.relative_to(root / 'include') for path in (root / 'include/framering').glob('*.h'))
    wanted = [(header, language) for header in public for language in ('c', 'c++')]
    wanted += [(pathlib.Path('wire/layout.h'), 'c++')]
    failures = runs = 0
    for language, flags, compilers in LANGUAGES:
        present = [compiler for compiler in compilers if shutil.which(compiler)]
        if not present:
            print('no compiler for %s: left out' % language)
        for compiler in present:
            for header, of in wanted:
                if of != language:
                    continue
                # Twice: a header without its guard fails.
                text = '#include <%s>\n#include <%s>\nint framering_header_test;\n' % (header, header)
                problem = compile_text(compiler, language, flags, root, text)
                runs += 1
                if problem:
                    failures += 1
                    print('%s as %s with %s:\n%s' % (header, language, compiler, problem))
    print('%d compilations of %d headers, %d failed' % (runs, len(public), failures))
    return 1 if failures or not runs else 0


if __name__ == '__main__':
    sys.exit(main())
