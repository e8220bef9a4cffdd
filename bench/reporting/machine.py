# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What the figures were measured on."""
import json
import os
import pathlib
import platform
import re
import subprocess

FLAGS = ('sse4_1', 'avx2', 'fma', 'f16c', 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512vbmi', 'asimd')


def said(*command):
    """The first line that a program says, or nothing."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20, check=True)
        return done.stdout.splitlines()[0].strip()
    except (OSError, subprocess.SubprocessError, IndexError):
        return ''


def text_of(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ''


def field(text, name):
    found = re.search(r'^%s\s*[:=]\s*(.*)$' % name, text, re.MULTILINE)
    return found.group(1).strip().strip('"') if found else ''


def chosen(path):
    """The value in brackets: "always [madvise] never"."""
    found = re.search(r'\[(\w+)\]', text_of(path))
    return found.group(1) if found else '?'


def compiler(build):
    try:
        command = json.loads(text_of(build / 'compile_commands.json'))[0]['command'].split()
        options = json.loads(text_of(build / 'meson-info' / 'intro-buildoptions.json'))
        level = next(option['value'] for option in options if option['name'] == 'optimization')
        words = command[:2] if command[0].endswith('ccache') else command[:1]
        return '%s, -O%s' % (said(*words, '--version'), level)
    except (ValueError, KeyError, IndexError, StopIteration):
        return '?'


def packages(*patterns):
    out = []
    for pattern in patterns:
        line = said('dpkg-query', '-W', '-f', '${Package} ${Version}\n', pattern)
        if line:
            out.append(line)
    return out


def describe(build, root):
    cpu, memory = text_of('/proc/cpuinfo'), text_of('/proc/meminfo')
    flags = (field(cpu, 'flags') or field(cpu, 'Features')).split()
    ffmpeg = said('ffmpeg', '-version')
    return {
        'cpu': field(cpu, 'model name') or platform.machine(),
        'family': '%s/%s/%s' % (field(cpu, 'cpu family'), field(cpu, 'model'), field(cpu, 'stepping')),
        'cores': os.cpu_count(),
        'virtual': 'hypervisor' in flags,
        'flags': [flag for flag in FLAGS if flag in flags],
        'caches': {name: said('getconf', name) for name in ('LEVEL1_DCACHE_SIZE', 'LEVEL2_CACHE_SIZE', 'LEVEL3_CACHE_SIZE')},
        'memory_gib': round(int(field(memory, 'MemTotal').split()[0]) / 1048576),
        'kernel': platform.release(),
        'system': field(text_of('/etc/os-release'), 'PRETTY_NAME'),
        'huge_pages': chosen('/sys/kernel/mm/transparent_hugepage/enabled'),
        'huge_pages_shared': chosen('/sys/kernel/mm/transparent_hugepage/shmem_enabled'),
        'compiler': compiler(build),
        'framering': said(str(build / 'cli' / 'framering'), '--version'),
        'commit': said('git', '-C', str(root), 'rev-parse', '--short=12', 'HEAD'),
        'versions': ([ffmpeg.split(' Copyright')[0]] if ffmpeg else []) + packages('libx264-*', 'xvfb', 'xterm'),
        'load': os.getloadavg()[0],
    }
