#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Asserts that a library exports what the headers declare as FR_API, and that both equal the checked-in list.

usage: exports.py LIST LIBRARY HEADER...
A wanted change of the list: exports.py --write LIST LIBRARY HEADER...
A DLL exports what its headers declare, without what the list of --dll says that it has not:
  exports.py --dll OBJDUMP LIST DLL HEADER...
"""
import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r'/\*.*?\*/', re.S)
DECLARATION = re.compile(r'^FR_API\b[^;(]*?(\w+)\s*\(', re.M)


def declared(headers):
    names = set()
    for header in headers:
        text = COMMENT.sub('', pathlib.Path(header).read_text())
        names.update(DECLARATION.findall(text))
        if len(re.findall(r'^FR_API\b', text, re.M)) != len(DECLARATION.findall(text)):
            sys.exit('%s: an FR_API that is not a function' % header)
    return names


def exported(library):
    result = subprocess.run(['nm', '-D', '--defined-only', library], stdout=subprocess.PIPE, check=True)
    lines = result.stdout.decode().splitlines()
    return {line.split()[-1].split('@')[0] for line in lines if line.split()[-2] != 'A'}


def exported_by_dll(objdump, library):
    result = subprocess.run([objdump, '-p', library], stdout=subprocess.PIPE, check=True)
    table = result.stdout.decode().split('[Ordinal/Name Pointer] Table')[1]
    return set(re.findall(r'^\s*\[\s*\d+\].* (\w+)$', table, re.M))


def compare_dll(objdump, path, library, *headers):
    lacks = set(pathlib.Path(path).read_text().split())
    wanted = declared(headers)
    if lacks - wanted:
        sys.exit('%s: no header has %s' % (path, ', '.join(sorted(lacks - wanted))))
    good = compare('the library', exported_by_dll(objdump, library), wanted - lacks)
    print('%d exported functions: %s' % (len(wanted - lacks), 'as declared' if good else 'not as declared'))
    return 0 if good else 1


def compare(what, names, wanted):
    for name in sorted(names - wanted):
        print('%s has %s, the list has not' % (what, name))
    for name in sorted(wanted - names):
        print('the list has %s, %s has not' % (name, what))
    return names == wanted


def main():
    arguments = sys.argv[1:]
    if arguments[0] == '--dll':
        return compare_dll(*arguments[1:])
    write = arguments[0] == '--write'
    path, library, headers = pathlib.Path(arguments[write]), arguments[1 + write], arguments[2 + write:]
    if write:
        path.write_text(''.join('%s\n' % name for name in sorted(declared(headers))))
    wanted = set(path.read_text().split())
    good = compare('a header', declared(headers), wanted)
    good &= compare('the library', exported(library), wanted)
    print('%d exported functions: %s' % (len(wanted), 'as listed' if good else 'not as listed'))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
