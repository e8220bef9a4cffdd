# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Makes the .lib by which Microsoft's linker finds what a DLL exports.

usage: import-library.py DLLTOOL OBJDUMP DLL OUT.lib
"""
import pathlib
import re
import subprocess
import sys

EXPORT = re.compile(r'^\s*\[\s*\d+\](?: \+base\[\s*\d+\]\s+[0-9a-f]+)? (\w+)$', re.M)


def main():
    dlltool, objdump, dll, out = sys.argv[1:]
    said = subprocess.run([objdump, '-p', dll], stdout=subprocess.PIPE, check=True).stdout.decode()
    names = EXPORT.findall(said.split('[Ordinal/Name Pointer] Table')[1])
    if not names:
        sys.exit('%s exports nothing' % dll)
    definition = pathlib.Path(out).with_suffix('.def')
    definition.write_text('LIBRARY %s\nEXPORTS\n%s\n' % (pathlib.Path(dll).name, '\n'.join(names)))
    subprocess.run([dlltool, '-m', 'i386:x86-64', '-d', definition, '-D', pathlib.Path(dll).name, '-l', out],
                   check=True)


if __name__ == '__main__':
    main()
