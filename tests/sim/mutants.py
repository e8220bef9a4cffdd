#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Takes one protecting rule at a time out of a copy of the library and asserts that a test notices.

usage: mutants.py SOURCE_ROOT WORK_DIR COMPILER...
"""
import pathlib
import resource
import signal
import subprocess
import sys

from mutant_table import MUTANTS

TESTS = {
    'sim-strong': ('sim', 'strong.c', []),
    'sim-weak': ('sim', 'weak.c', ['weak']),
    'unit-ring': ('unit/ring', None, []),
    'unit-wire': ('unit/wire', None, []),
    'unit-damage': ('unit/damage', None, []),
    'unit-pace': ('unit/pace', None, []),
}
RING = ['common/parts.c', 'ring/host.c', 'ring/source.c', 'wire/token.c', 'wire/snapshot.c']
THREADS = 'os/linux/thread.c'  # what the unit tests run beside each other
DAMAGE = ['capture/damage.c', 'common/format.c', 'common/parts.c', THREADS]  # and all of convert/ that is for any processor
# A mutant that hangs is caught, and known by the CPU time that it takes, which does not depend on how busy the machine is.
# Unchanged, the unit tests of the ring need a tenth of a second of it, others a few seconds.
CPU_S = {'unit-ring': 5}
CPU_S_ELSE = 60
TIMEOUT_S = 120


class Builder:
    def __init__(self, root, work, compiler):
        self.root, self.work, self.compiler = root, work, compiler
        self.objects = {}

    def flags(self, test):
        folder, model, includes = TESTS[test]
        paths = [self.root / 'tests' / folder / include for include in includes]
        paths += [self.root / 'include', self.root / 'src']
        flags = ['-std=c17', '-O1', '-w'] + ['-I%s' % path for path in paths]
        return flags + (['-DFR_SIMULATOR'] if model else [])

    def compile(self, test, source, name):
        out = self.work / ('%s-%s.o' % (test, name.replace('/', '-')))
        subprocess.run(self.compiler + self.flags(test) + ['-c', str(source), '-o', str(out)], check=True)
        return str(out)

    def own_sources(self, test):
        folder, model, _ = TESTS[test]
        for source in sorted((self.root / 'tests' / folder).glob('*.c')):
            if source.name not in ('strong.c', 'weak.c') or source.name == model:
                yield source

    def base(self, test):
        if test not in self.objects:
            own = [self.compile(test, source, 'test-' + source.stem) for source in self.own_sources(test)]
            names = RING + ([THREADS] if test.startswith('unit') else [])
            if test == 'unit-damage':
                names = DAMAGE + ['convert/' + path.name for path in sorted((self.root / 'src' / 'convert').glob('*.c'))]
            if test == 'unit-pace':
                names = ['capture/pace.c']
            product = {name: self.compile(test, self.root / 'src' / name, name) for name in names}
            self.objects[test] = own, product
        return self.objects[test]

    def link(self, test, changed, source):
        own, product = self.base(test)
        product = dict(product)
        product[changed] = self.compile(test, source, 'mutant')
        out = self.work / ('%s-mutant' % test)
        libraries = ['-lcmocka', '-lpthread', '-lm'] if test.startswith('unit') else []
        objects = own + list(product.values())
        subprocess.run(self.compiler + objects + ['-o', str(out)] + libraries, check=True)
        return out


def patched(root, work, mutant):
    text = (root / 'src' / mutant['file']).read_text()
    for old, new in mutant['replace']:
        if text.count(old) != 1:
            sys.exit('mutant "%s": the text to replace occurs %d times in %s:\n%s'
                     % (mutant['name'], text.count(old), mutant['file'], old))
        text = text.replace(old, new)
    out = work / 'mutant.c'
    out.write_text(text)
    return out


def says(test, output):
    lines = [line.strip() for line in output.splitlines()]
    for line in lines:
        if test.startswith('sim') and ': ' in line:
            return line
        if '[  ERROR   ]' in line or 'Assertion' in line:
            return line.split('---')[-1].strip()
    return 'it crashed'


def caught(builder, test, mutant, source):
    test, _, scenario = test.partition(': ')
    program = [str(builder.link(test, mutant['file'], source))] + ([scenario] if scenario else [])
    limit = (CPU_S.get(test, CPU_S_ELSE),) * 2
    try:
        result = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S,
                                check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, limit))
    except subprocess.TimeoutExpired:
        return 'it hung'
    if result.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return 'it hung'
    return None if result.returncode == 0 else says(test, result.stdout.decode(errors='replace'))


def main():
    root, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    builder = Builder(root, work, sys.argv[3:])
    escaped = 0
    for mutant in MUTANTS:
        source = patched(root, work, mutant)
        for test in mutant['by']:
            how = caught(builder, test, mutant, source)
            escaped += how is None
            print('%-48s %s: %s' % (mutant['name'], test.partition(':')[0], how or 'ESCAPED'), flush=True)
    print('%d mutants, %d escaped' % (len(MUTANTS), escaped))
    return 1 if escaped else 0


if __name__ == '__main__':
    sys.exit(main())
