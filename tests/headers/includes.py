#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Asserts that includes point one way, and that only folders that deal with the system include its headers.

usage: includes.py SOURCE_ROOT
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

STANDARD_C = {
    'assert.h', 'ctype.h', 'errno.h', 'float.h', 'inttypes.h', 'limits.h', 'math.h', 'stdalign.h', 'stdarg.h',
    'stdbool.h', 'stddef.h', 'stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'time.h',
}

PARTS = ['backend/backend.h', 'channel/channel.h', 'os/', 'common/']
# Folder of src -> what its files may include from src: a folder with '/', or one header.
MAY_INCLUDE = {
    'common': ['common/'],
    'wire': ['wire/', 'os/atomic.h'],
    'ring': ['ring/', 'wire/', 'os/atomic.h', 'common/parts.h'],
    'convert': ['convert/', 'os/atomic.h', 'os/thread.h'],
    'os': ['os/'],
    'backend': ['backend/', 'convert/', 'ring/', 'channel/channel.h', 'os/', 'common/'],
    'channel': ['channel/', 'os/', 'common/'],
    'display': ['display/', 'os/', 'common/'],
    'publish': ['publish/', 'ring/', 'convert/copy.h'] + PARTS,
    'capture': ['capture/', 'ring/', 'display/feed.h'] + PARTS,
    'observe': ['observe/', 'channel/', 'os/', 'common/'],
    'encode': ['encode/', 'common/'],
}
# native*.c put the parts of one machine together, so they name them.
NATIVE_MAY_INCLUDE = ['backend/', 'channel/', 'display/']
# Folders of src whose files may include any header of the system or of a graphics API.
SYSTEM_FOLDERS = ['os/linux/', 'os/win32/', 'backend/', 'channel/', 'display/', 'observe/', 'encode/nvenc_win32.c', 'encode/av_']
# Headers of other projects and of compilers, for one folder each.
OTHERS = {'encode/': ['libav', 'libsw', 'ffnvcodec/nvEncodeAPI.h'],
          'convert/x86/': ['immintrin.h', 'cpuid.h', 'intrin.h'],
          'os/atomic_msvc.h': ['intrin.h'], 'os/relax.h': ['intrin.h'],
          'convert/arm/': ['arm_', 'asm/hwcap.h', 'sys/auxv.h']}


def includes_of(path):
    return INCLUDE.findall(path.read_text())


def system_allowed(relative, header):
    if header in STANDARD_C or header.startswith('framering/'):
        return True
    if relative.name.startswith('native') or any(str(relative).startswith(folder) for folder in SYSTEM_FOLDERS):
        return True
    return any(str(relative).startswith(folder) and any(header.startswith(begin) for begin in begins)
               for folder, begins in OTHERS.items())


def project_allowed(relative, header):
    allowed = list(MAY_INCLUDE[relative.parts[0]])
    if relative.name.startswith('native'):
        allowed += NATIVE_MAY_INCLUDE
    return any(header == rule or (rule.endswith('/') and header.startswith(rule)) for rule in allowed)


def check_core(root):
    for path in sorted(root.glob('src/**/*.[ch]')):
        relative = path.relative_to(root / 'src')
        if relative.parts[0] not in MAY_INCLUDE:
            yield '%s: a folder without a rule' % relative
            continue
        for kind, header in includes_of(path):
            good = system_allowed(relative, header) if kind == '<' else project_allowed(relative, header)
            if not good:
                yield 'src/%s may not include %s' % (relative, header)


def check_public(root):
    for path in sorted(root.glob('include/framering/*.h')):
        for kind, header in includes_of(path):
            if kind != '<' or not (header.startswith('framering/') or header in STANDARD_C):
                yield '%s may not include %s' % (path.relative_to(root), header)


def check_programs(root):
    """Programs see the public headers and their own: whatever else is quoted is the library's inside."""
    for folder in ('cli', 'sources', 'examples'):
        for path in sorted(root.glob('%s/**/*.[ch]' % folder)):
            for kind, header in includes_of(path):
                shader = (root / 'src' / 'backend' / 'vulkan' / 'shaders' / header).with_suffix('.comp')
                own = (path.parent / header).exists() or (root / folder / header).exists()
                own = own or shader.exists()  # compiled into a header of the program's own
                if kind == '"' and not own:
                    yield '%s may not include %s' % (path.relative_to(root), header)


def main():
    root = pathlib.Path(sys.argv[1])
    breaches = list(check_core(root)) + list(check_public(root)) + list(check_programs(root))
    for breach in breaches:
        print(breach)
    print('%d breaches' % len(breaches))
    return 1 if breaches else 0


if __name__ == '__main__':
    sys.exit(main())
