# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""A program for Windows that is compiled and linked in Microsoft's way, by clang and lld with the public headers and the
.lib, runs with the DLL; and every public header compiles alone that way, as C11 and C++17.

usage: other_linker.py WINE BUILD_FOLDER IMPORT_LIBRARY
"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLANG = ['clang', '--target=x86_64-pc-windows-msvc', '-ffreestanding', '-Wall', '-Wextra', '-Wpedantic', '-Werror',
         '-I%s' % (ROOT / 'include')]
LANGUAGES = [('c', 'c11'), ('c++', 'c++17')]
# Without a C library: there is none of Microsoft's here.
PROGRAM = '''
#include <framering/format.h>
#include <framering/source.h>
#include <framering/version.h>
int start(void);
int start(void)
{
    fr_source *source = (fr_source *)1;
    if (fr_version() != (FR_VERSION_MAJOR << 16 | FR_VERSION_MINOR << 8 | FR_VERSION_PATCH))
        return 1;
    if (fr_version_text()[0] != '0' + FR_VERSION_MAJOR)
        return 2;
    if (fr_source_open(&source, 0) != FR_ERR_ARGUMENT)
        return 3;
    return 42;
}
'''


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False,
                          **options)
    if done.returncode:
        sys.exit('%s ended with %d:\n%s%s' % (command[0], done.returncode, done.stdout, done.stderr))


def main():
    wine, build, library = sys.argv[1:]
    headers = sorted(path.name for path in (ROOT / 'include/framering').glob('*.h'))
    for header in headers:
        for language, standard in LANGUAGES:
            text = '#include <framering/%s>\n#include <framering/%s>\nint framering_header_test;\n' % (header, header)
            run(*CLANG, '-std=' + standard, '-x', language, '-fsyntax-only', '-', input=text)
    # In the build folder, where scripts/wine finds the DLL.
    with tempfile.TemporaryDirectory(dir=build) as folder:
        folder = pathlib.Path(folder)
        (folder / 'program.c').write_text(PROGRAM)
        run(*CLANG, '-std=c17', '-c', folder / 'program.c', '-o', folder / 'program.obj')
        run('lld-link', '/nologo', '/subsystem:console', '/entry:start', '/nodefaultlib',
            '/out:%s' % (folder / 'program.exe'), folder / 'program.obj', library)
        done = subprocess.run([wine, folder / 'program.exe'], timeout=60, check=False)
        if done.returncode != 42:
            sys.exit('the program ended with %d, not 42' % done.returncode)
    print('%d headers; the program ran' % len(headers))


if __name__ == '__main__':
    main()
