#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Makes one kernel wrong at a time in a copy and asserts that a test notices: those of the processor that
the compiler is for, under EXE_WRAPPER if that is set.

usage: mutants.py SOURCE_ROOT WORK_DIR COMPILER...
"""
import os
import pathlib
import shlex
import subprocess
import sys

from mutant_table import MUTANTS

SETS = {
    'sse41': ['-msse4.1'],
    'avx2': ['-mavx2', '-mfma', '-mf16c'],
    'avx512': ['-mavx2', '-mfma', '-mf16c', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512vbmi',
               '-mavx512vnni'],
}
CPU_NAMES = {'sse41': 'sse4_1', 'avx2': 'avx2', 'avx512': 'avx512_vnni'}  # of /proc/cpuinfo
FOLDERS = {'x86_64': ('x86', ('no_cpu.c', 'no_x86.c')), 'aarch64': ('arm', ('no_cpu.c', 'no_arm.c'))}
BESIDE = ['common/format.c', 'os/linux/aligned.c', 'os/linux/thread.c']
SKIPPED = 77


def set_of(path):
    return next((SETS[name] for name in SETS if path.name.startswith(name)), [])


class Builder:
    def __init__(self, root, work, compiler, folder, left_out):
        self.src, self.tests, self.work, self.compiler = root / 'src', root / 'tests' / 'unit' / 'convert', work, compiler
        self.flags = ['-std=c17', '-O1', '-w', '-DFR_STATIC'] + ['-I%s' % path for path in (
            root / 'include', root / 'src', self.tests, root / 'tests' / 'unit')]
        convert = self.src / 'convert'
        self.sources = [path for path in sorted(convert.glob('*.c')) + sorted((convert / folder).glob('*.c'))
                        if path.name not in left_out] + [self.src / name for name in BESIDE]
        self.objects = {path: self.compile(path, path, [], path.parent.name + '-' + path.stem) for path in self.sources}
        self.common = [self.compile(path, path, [], 'test-' + path.stem)
                       for path in (self.tests / 'picture.c', self.tests / 'reference.c')]
        self.mains = {}

    def compile(self, path, source, more, name):
        out = self.work / (name + '.o')
        subprocess.run(self.compiler + more + self.flags + set_of(path) + ['-c', str(source), '-o', str(out)], check=True)
        return str(out)

    def test_main(self, test):
        if test not in self.mains:
            path = self.tests / (test + '.c')
            self.mains[test] = self.compile(path, path, [], 'main-' + test)
        return self.mains[test]

    def changed(self, mutant):
        """The objects that differ: a header's are those of its instruction set."""
        path = self.src / 'convert' / mutant['file']
        text = path.read_text()
        for old, new in mutant['replace']:
            if text.count(old) != 1:
                sys.exit('mutant "%s": the text to replace occurs %d times in %s:\n%s'
                         % (mutant['name'], text.count(old), mutant['file'], old))
            text = text.replace(old, new)
        folder = self.work / 'mutant'
        copy = folder / 'convert' / mutant['file']
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
        if path.suffix == '.c':
            objects = {path: self.compile(path, copy, [], 'mutant')}
        else:
            users = [other for other in self.sources if other.name.startswith(path.stem)]
            objects = {other: self.compile(other, other, ['-I%s' % folder], 'mutant-' + other.stem) for other in users}
        copy.unlink()
        return objects

    def caught(self, mutant):
        objects = {**self.objects, **self.changed(mutant)}
        out = self.work / 'mutant-test'
        subprocess.run(self.compiler + [self.test_main(mutant['test'])] + self.common + list(objects.values()) +
                       ['-o', str(out), '-lcmocka', '-lpthread', '-lm'], check=True)
        wrapper = shlex.split(os.environ.get('EXE_WRAPPER', ''))
        result = subprocess.run(wrapper + [str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        if result.returncode == 0:
            return None
        lines = [line for line in result.stdout.decode(errors='replace').splitlines() if '[  ERROR   ]' in line]
        return lines[0].split('---')[-1].strip() if lines else 'it crashed'


def lacks():
    flags = pathlib.Path('/proc/cpuinfo').read_text().split()
    return [name for name in SETS if CPU_NAMES[name] not in flags]


def main():
    root, work, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    machine = subprocess.run(compiler + ['-dumpmachine'], stdout=subprocess.PIPE, check=True).stdout.decode()
    folder, left_out = FOLDERS[machine.split('-')[0]]
    if folder == 'x86' and lacks():
        print('skipped: this processor lacks', ', '.join(lacks()))
        return SKIPPED
    work.mkdir(parents=True, exist_ok=True)
    os.environ.pop('FRAMERING_CPU_MASK', None)
    builder = Builder(root, work, compiler, folder, left_out)
    # C kernels are the same everywhere.
    mutants = [mutant for mutant in MUTANTS if mutant['file'].startswith(folder) or
               (folder == 'x86' and '/' not in mutant['file'])]
    escaped = 0
    for mutant in mutants:
        how = builder.caught(mutant)
        escaped += how is None
        print('%-55s %s: %s' % (mutant['name'], mutant['test'], how or 'ESCAPED'), flush=True)
    print('%d mutants, %d escaped' % (len(mutants), escaped))
    return 1 if escaped else 0


if __name__ == '__main__':
    sys.exit(main())
