#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Writes the methods' names of the interfaces that the fake has, in the order of their tables, as C.

usage: vtables.py OUT COMPILER...
"""
import re
import subprocess
import sys

INTERFACES = [
    'ID3D11Device5', 'ID3D11DeviceContext4', 'ID3D11Multithread', 'ID3D11Texture2D', 'ID3D11Buffer',
    'ID3D11ShaderResourceView', 'ID3D11RenderTargetView', 'ID3D11VertexShader', 'ID3D11PixelShader', 'ID3D11Fence',
    'ID3D11VideoDevice', 'ID3D11VideoContext1', 'ID3D11VideoProcessor', 'ID3D11VideoProcessorEnumerator',
    'ID3D11VideoProcessorInputView', 'ID3D11VideoProcessorOutputView', 'IDXGIKeyedMutex', 'IDXGIResource1',
    'IDXGIDevice2', 'IDXGIFactory1', 'IDXGIAdapter1', 'IDXGIOutput1', 'IDXGIOutputDuplication',
]
HEADERS = '#define CINTERFACE\n#include <windows.h>\n#include <d3d11_4.h>\n#include <dxgi1_6.h>\n'


def methods(text, interface):
    table = re.search(r'typedef struct %sVtbl\s*\{(.*?)\}\s*%sVtbl;' % (interface, interface), text, re.S).group(1)
    return re.findall(r'\(\s*(?:__\w+(?:\(\([^)]*\)\))?\s*)*\*\s*(\w+)\s*\)\s*\(', table)


def main():
    out, compiler = sys.argv[1], sys.argv[2:]
    text = subprocess.run(compiler + ['-E', '-xc', '-'], input=HEADERS, capture_output=True, text=True,
                          check=True).stdout
    with open(out, 'w') as file:
        for interface in INTERFACES:
            names = methods(text, interface)
            file.write('static const char *const names_%s[] = {%s};\n'
                       % (interface, ', '.join('"%s"' % name for name in names)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
