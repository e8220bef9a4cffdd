# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""docs/performance.md of what was measured: tables and plots, above the remarks that are there already."""
import json

from reporting import reach, svg

REMARKS = '## Remarks\n'
PAIRS = [('bgra_nv12', None, 'BGRA → NV12'), ('rgba_nv12', None, 'RGBA → NV12'), ('rgb10a2_p010', None, 'RGB10A2 → P010'),
         ('rgba16f_p010', None, 'RGBA16F → P010'), ('rgba16f_nv12', 'tone', 'RGBA16F → NV12, tone-mapped'),
         ('rgba16f_nv12', 'clip', 'RGBA16F → NV12, clipped')]
ISAS = {'c': 'C', 'sse41': 'SSE4.1', 'avx2': 'AVX2', 'avx512': 'AVX-512', 'neon': 'NEON'}


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in rows]) + '\n\n'


def plot(name, words):
    return '![%s](performance/%s.svg)\n\n' % (words, name)


def kib(size):
    size = int(size or 0)
    return '%d MiB' % (size >> 20) if size >= 1 << 20 else '%d KiB' % (size >> 10)


def head(machine, quick):
    caches = [kib(size) for size in machine['caches'].values()]
    out = ('# Performance\n\nWhat one machine did, so that a change can be seen. Nothing here is asserted by a test. Written by '
           '`bench/report`, which measures\nyours; what stands under *Remarks* is written by hand.\n\n')
    if quick:
        out += '**A quick run, to see that it runs: the figures mean nothing.**\n\n'
    out += table(['machine', ''], [
        ('processor', '%s, family/model/stepping %s, %s cores%s' % (
            machine['cpu'], machine['family'], machine['cores'], ', a virtual machine' if machine['virtual'] else '')),
        ('flags', ' '.join(machine['flags'])),
        ('caches', 'L1d %s, L2 %s, L3 %s' % tuple(caches)),
        ('memory', '%d GiB; huge pages: %s, of shared memory: %s' % (
            machine['memory_gib'], machine['huge_pages'], machine['huge_pages_shared'])),
        ('system', '%s, Linux %s' % (machine['system'], machine['kernel'])),
        ('built by', machine['compiler']),
        ('versions', '; '.join(['%s (%s)' % (machine['framering'], machine['commit'])] + machine['versions'])),
        ('load before', '%.2f' % machine['load']),
    ])
    return out


def reached(results):
    rows = [(figure, aim, measured or '', 'not measured' if measured is None else 'yes' if good else '**no**', '`%s`' % command)
            for figure, aim, measured, good, command in reach.table(results)]
    return '## To reach\n\nOne core, medians, each pair of figures in one run.\n\n' + table(
        ['figure', 'at least', 'measured', 'reached', 'by'], rows)


def of_pair(entries, pair, sdr_map):
    return [entry for entry in entries if entry['kernel'].startswith('convert_%s_' % pair) and entry.get('sdr_map') == sdr_map]


def conversions(results, folder):
    entries = (results['convert'] or []) + (results.get('convert-8k') or [])
    sizes = sorted({(entry['width'], entry['height']) for entry in entries}, key=lambda size: size[0])
    out = ('## Conversion\n\n`framering bench convert`, medians, in turns with the bound. The bound is one thread that reads all of the '
           'input and writes as many bytes as the\noutput has (BGRA: 4 read and 1.5 written a pixel, RGBA16F: 8 and 3 or 1.5), by '
           'the fastest of ordinary stores, streaming stores (also\nasking for memory ahead) and memcpy; one processor, and its own time, unless '
           'there are more threads. Input in shared memory, as a slot is.\n\n')
    rows = []
    for pair, sdr_map, title in PAIRS:
        known = of_pair(entries, pair, sdr_map)
        for isa, threads in dict.fromkeys((entry['isa'], entry['threads']) for entry in known):
            cells = [title, ISAS.get(isa, isa), threads]
            for width, _ in sizes:
                entry = next((entry for entry in known if (entry['isa'], entry['threads'], entry['width']) == (isa, threads, width)), None)
                cells += ['%s' % svg.number(entry['ms']), '%.2f' % entry['ratio']] if entry else ['', '']
            rows.append(cells)
    others = [entry for entry in entries if not entry['kernel'].startswith('convert_')]
    for kernel, threads in dict.fromkeys((entry['kernel'], entry['threads']) for entry in others):
        cells = ['`fr_slot_write`, ' + kernel.split('_')[-1].upper(), '', threads]
        for width, _ in sizes:
            entry = next((entry for entry in others if (entry['kernel'], entry['threads'], entry['width']) == (kernel, threads, width)), None)
            cells += ['%s' % svg.number(entry['ms']), '%.2f' % entry['ratio']] if entry else ['', '']
        rows.append(cells)
    columns = ['', 'by', 'threads']
    for width, height in sizes:
        columns += ['%dx%d ms' % (width, height), '× bound']
    big = min(sizes, key=lambda size: abs(size[0] - 3840))
    groups = [(title, [(ISAS.get(entry['isa'], entry['isa']), entry['ratio'])
                       for entry in of_pair(entries, pair, sdr_map) if entry['threads'] == 1 and entry['width'] == big[0]])
              for pair, sdr_map, title in PAIRS]
    svg.bars(folder / 'convert.svg', 'Conversion against the byte-moving bound, %dx%d' % big,
             'one thread; 1 is reading the input and writing the output, and nothing else', '× the bound\'s time',
             [group for group in groups if group[1]], (1, 'bound'))
    return out + table(columns, rows) + plot('convert', 'Conversion against the byte-moving bound')


def missing(data):
    return ''.join('%s: not measured, %s.\n\n' % (entry['name'], entry.get('reason', 'package %s is not there' % entry.get('package')))
                   for entry in data.get('missing', []))


def peer_conversions(results, folder):
    data = results.get('peers-convert')
    if not data:
        return ''
    out = '## Conversion by others\n\n`framering-peers-convert`, one core, rounds in turns; ratios of the processor\'s time.\n\n'
    tasks = list(dict.fromkeys(entry['task'] for entry in data['peers']))
    sizes = sorted({(entry['width'], entry['height']) for entry in data['peers']})
    for task in tasks:
        known = {(entry['name'], entry['width']): entry for entry in data['peers'] if entry['task'] == task}
        ours = {entry['width']: entry for entry in known.values()}
        rows = [['framering', ''] + sum(([svg.number(ours[width]['ours_ms']), ''] if width in ours else ['', ''] for width, _ in sizes), []) + ['']]
        for name in dict.fromkeys(name for name, _ in known):
            one = next(entry for (key, _), entry in known.items() if key == name)
            cells = []
            for width, _ in sizes:
                entry = known.get((name, width))
                cells += [svg.number(entry['ms']), '%.1f' % entry['ratio']] if entry else ['', '']
            rows.append([name, one['version']] + cells + [one['differs']])
        out += task + '\n\n' + table(['', 'version'] + sum((['%dx%d ms' % size, '× ours'] for size in sizes), []) + ['what differs'], rows)
    big = max(entry['width'] for entry in data['peers'])
    groups = []
    for task in tasks:
        known = [entry for entry in data['peers'] if (entry['task'], entry['width']) == (task, big)]
        groups += [('framering, ' + task, [(task, known[0]['ours_ms'])])]
        groups += [(entry['name'], [(task, entry['ms'])]) for entry in known]
    svg.bars(folder / 'convert-peers.svg', 'Conversion by others, %d pixels wide' % big,
             'one core; what differs in the work stands in the table', 'ms a picture', groups)
    return out + plot('convert-peers', 'Conversion by others') + missing(data)


def handoff(results, folder):
    data = results['handoff']
    sleep, look = data['sleep'], data['look']
    rows = [(name, data[key]['p50_us'], data[key]['p99_us'], '%.1f %%' % data[key]['cpu_pct'])
            for key, name in (('sleep', 'to a host that sleeps'), ('look', 'to a host that looks when a frame is due'), ('spin', 'to a host that spins'))]
    for name in ('eventfd', 'futex'):
        rows.append(('bare %s, half of there and back' % name, sleep[name + '_rtt_p50_us'] / 2, sleep[name + '_rtt_p99_us'] / 2, ''))
    if 'eventfd_one_way_p50_us' in sleep:
        rows.append(('bare eventfd, only there', sleep['eventfd_one_way_p50_us'], 0, ''))
    out = ('## Hand-off\n\n`framering bench handoff`, %dx%d, two processes on two processors, µs from publish to take; 1 ms between '
           'frames and between bare\nwake-ups, 0.1 ms to a host that spins. Who waits for the way back has slept less than a '
           'host that waits for a frame, and wakes sooner: *only there*\nis what a sleeping host can be compared with. CPU: of a core, the '
           'host\'s thread with all that it does for 1000 (10,000) frames a second. Who looks when a frame is\ndue (`--spin %dus`) does '
           'so for %d µs a frame at most, and got %.0f %% of its frames so.\n\n'
           % (data['width'], data['height'], look['spin_us'], look['spin_us'], look['looked_pct']))
    out += table(['', 'p50', 'p99', 'CPU'], [(name, svg.number(p50), svg.number(p99) if p99 else '', cpu) for name, p50, p99, cpu in rows])
    groups = [(name, [('p50', p50), ('p99', p99)] if p99 else [('p50', p50)]) for name, p50, p99, _ in rows]
    first = out
    peers = results.get('peers-handoff')
    if peers and peers['peers']:
        out += ('### By others\n\n`framering-peers-handoff`, the same frames, µs. CPU: of a core, all of the receiver\'s process, which '
                'converts each frame.\n\n')
        out += table(['', 'version', 'size', 'p50', 'p99', 'CPU', 'copies a frame', 'what differs'], peer_rows(peers['peers']))
    svg.bars(folder / 'handoff.svg', 'From publish to take between two processes', 'two processors, p50 and p99', 'µs', groups)
    out = first + plot('handoff', 'Hand-off') + out[len(first):]
    if peers and peers['peers']:
        svg.bars(folder / 'handoff-peers.svg', 'From publish to receipt, by others', 'the same frames in one run, p50 and p99',
                 'µs', peer_groups(peers['peers']))
        out += plot('handoff-peers', 'Hand-off by others') + missing(peers)
    return out


OURS = (('ours', 'framering', 'the host sleeps'), ('ours_look', 'framering, looking', 'looks when a frame is due'),
        ('ours_spin', 'framering, spinning', 'looks all the time'))


def by_size(entries):
    for size in dict.fromkeys((entry['height'], entry.get('rate')) for entry in entries):
        yield size, [entry for entry in entries if (entry['height'], entry.get('rate')) == size]


def peer_rows(entries):
    rows = []
    for _, known in by_size(entries):
        one = known[0]
        size = '%dx%d, %d Hz' % (one['width'], one['height'], one['rate'])
        figures = [(name, '', own, one, one['ours_copies'], differs) for own, name, differs in OURS]
        figures += [(entry['name'], entry['version'], '', entry, entry['copies'], entry['differs']) for entry in known]
        for name, version, own, entry, copies, differs in figures:
            p50, p99, cpu = (entry['_'.join(filter(None, (own, key)))] for key in ('p50_us', 'p99_us', 'cpu_pct'))
            rows.append((name, version, size, svg.number(p50), svg.number(p99), '%.1f %%' % cpu, copies, differs))
    return rows


def peer_groups(entries):
    groups = []
    for (height, rate), known in by_size(entries):
        words = ', %dp %d Hz' % (height, rate)
        groups += [(name + words, [('p50', known[0][own + '_p50_us']), ('p99', known[0][own + '_p99_us'])]) for own, name, _ in OURS[:2]]
        groups += [(entry['name'] + words, [('p50', entry['p50_us']), ('p99', entry['p99_us'])]) for entry in known]
    return groups


def latency_cell(stage):
    return lambda run: '%(p50).0f / %(p99).0f µs' % run['encoded']['latency_us'][stage]


def sessions(results):
    runs = [(name, results[key]) for key, name in (('session', 'pattern'), ('session-x11', 'X11 desktop')) if results.get(key)]
    out = ('## A session\n\n`framering bench session`, %dp60, %.0f s each: libx264, ultrafast, zero latency; the desktop is '
           '`bench/desktop-session`, Xvfb with glxgears, two\nxterms that scroll, xclock and xeyes. Stages alone: half a bare eventfd\'s '
           'round trip, the conversion of a picture in our own memory, the\nencoding of frames that wait. In a session the pixels were '
           'written on another core.\n\n' % (runs[0][1]['height'], runs[0][1]['seconds']))
    lines = [
        ('fresh / dropped, beside the encoder', '0 dropped', lambda run: '%d / %d' % (run['fresh'], run['dropped'])),
        ('host\'s share of a core, without the encoder', 'under 25 %', lambda run: '%.1f %%' % run['host_cpu_pct']),
        ('source\'s share of a core', '', lambda run: '%.1f %%' % run['plain']['cpu_pct']['source']),
        ('host\'s share, idle display, 60 Hz repeats', 'under 2 %', lambda run: '%.1f %%' % run['idle_cpu_pct']),
        ('resident memory beyond the rings', 'under 64 MiB', lambda run: '%.1f MiB' % run['rss_beyond_rings_mib']),
        ('publish → take, p50 / p99', '', latency_cell('publish_to_take')),
        ('take → converted, p50 / p99', '', latency_cell('take_to_converted')),
        ('converted → encoded, p50 / p99', '', latency_cell('converted_to_encoded')),
        ('stages alone: wake, convert, encode', '', lambda run: '%(wake).0f, %(convert).0f, %(encode).0f µs' % run['stages_us']),
        ('publish → encoded, × the sum of its stages', '', lambda run: '%.2f' % run['ratio']),
    ]
    out += table(['', 'aim'] + [name for name, _ in runs], [[title, aim] + [cell(run) for _, run in runs] for title, aim, cell in lines])
    typing = results.get('typing')
    if typing:
        out += ('### Typing in a terminal\n\n`bench/typing`, %dx%d, an xterm that fills the display, ten keys a second, the X11 source with '
                'the server\'s damage and without, in turns.\n\n' % (typing['width'], typing['height']))
        out += table(['conversion of a fresh frame', 'frames', 'mean µs', 'p50 µs'], [
            ('what changed', typing['damage_frames'], '%.1f' % typing['damage_mean_us'], '%.1f' % typing['damage_p50_us']),
            ('the whole picture', typing['whole_frames'], '%.0f' % typing['whole_mean_us'], '%.0f' % typing['whole_p50_us']),
            ('the one as part of the other', '', '%.2f %%' % typing['cost_pct'], '%.2f %%' % typing['cost_p50_pct'])])
    return out + peer_sessions(results)


def peer_sessions(results):
    data = results.get('peers-session')
    if not data or not data['peers']:
        return ''
    out = '### By others\n\n`bench/peers/session`, a desktop of Xvfb recorded in turn; with an encoder (session) or without (session-capture).\n\n'
    keys = [key for key in ('fps', 'ours_fps', 'cpu_pct', 'ours_cpu_pct', 'ratio') if any(key in entry for entry in data['peers'])]
    rows = [[entry['name'], entry.get('version', ''), entry.get('task', ''), '%sx%s' % (entry.get('width', ''), entry.get('height', ''))] +
            [svg.number(entry[key]) if isinstance(entry.get(key), (int, float)) else '' for key in keys] + [entry.get('differs', '')]
            for entry in data['peers']]
    names = {'cpu_pct': 'CPU, %', 'ours_cpu_pct': 'ours', 'fps': 'frames/s', 'ours_fps': 'ours', 'ratio': '× ours'}
    return out + table(['', 'version', '', 'size'] + [names[key] for key in keys] + ['what differs'], rows) + missing(data)


def scale(results, folder):
    entries = results['scale']
    out = ('## Many targets\n\n`framering bench scale`: one process with all targets and a thread each, a source process each, no '
           'encoder. Idle: the last picture is\nrepeated 60 times a second; busy: 60 fresh frames. Wake-ups are the '
           'process\'s voluntary context switches; bare: as\nmany threads that only wake up as often.\n\n')
    rows = []
    for entry in entries:
        latency = entry.get('publish_to_take_us')
        rows.append((entry['targets'], 'busy' if entry['busy'] else 'idle', '%.2f' % entry['cpu_pct'],
                     '' if entry['busy'] else '%.2f' % entry['bare_cpu_pct'], '%.1f' % entry['rss_mib'],
                     '%.0f' % entry['wakeups_per_s'], '%.0f' % entry['fresh_per_s'], entry['dropped'],
                     '%(p50).1f / %(p99).0f' % latency if latency else ''))
    series = [(name, [(entry['targets'], entry['cpu_pct']) for entry in entries if entry['busy'] == busy])
              for name, busy in (('busy', True), ('idle', False))]
    series.append(('threads that only wake up 60 times a second', [(entry['targets'], entry['bare_cpu_pct']) for entry in entries if not entry['busy']]))
    svg.lines(folder / 'scale.svg', 'What many targets cost one process', 'percent of a core; a thread a target', 'targets', '% of a core',
              series, (3, 'aim for 64 idle targets: under 3 %'))
    return out + table(['targets', '', 'CPU, % of a core', 'bare wake-ups, %', 'resident MiB', 'wake-ups/s', 'fresh/s', 'dropped', 'publish → take, µs p50 / p99'],
                       rows) + plot('scale', 'CPU by targets')


def write(document, results, quick):
    folder = document.parent / 'performance'
    folder.mkdir(parents=True, exist_ok=True)
    kept = document.read_text() if document.exists() else ''
    out = (head(results['machine'], quick) + reached(results) + conversions(results, folder) + peer_conversions(results, folder) +
           handoff(results, folder) + sessions(results) + scale(results, folder))
    document.write_text(out + (kept[kept.index(REMARKS):] if REMARKS in kept else REMARKS))


def load(folder):
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob('*.json'))}
