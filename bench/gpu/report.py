#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Makes docs/performance-gpu.md from what run-remote left: its tables, above the remarks that are there already. Tables
for which no folder has results stay as they are.

usage: bench/gpu/report.py [--document DOCUMENT] FOLDER...     FOLDER: results.tgz, unpacked; the first that has a file counts
"""
import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REMARKS = '## Remarks\n'


def cut_off(text):
    """What a program that was stopped has written: up to the last whole member of its last array."""
    end = text.rfind('\n  }')
    return text[:end] + '\n  }\n ]\n}\n' if end >= 0 and not text.endswith('\n}\n') else text


def read(folder, name):
    path = folder / name
    if not path.exists():
        return None
    try:
        text = path.read_text()
        return [json.loads(line) for line in text.splitlines()] if name.endswith('l') else json.loads(cut_off(text))
    except json.JSONDecodeError as error:
        print('%s is left out: %s' % (name, error), file=sys.stderr)
        return None


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]) + '\n\n'


def both(values, form='%.0f'):
    return (form + ' / ' + form) % (values['p50'], values['p99'])


def best(entries, key):
    return max((entry[key] for entry in entries), default=0)


def run_of(folder):
    """What a folder says of its run: date, commit, command, device, driver, machine."""
    lines = (folder / 'machine.txt').read_text().splitlines() if (folder / 'machine.txt').exists() else []
    device = read(folder, 'probe-device.json') or {}
    named = dict(line.split(': ', 1) for line in lines if ': ' in line)
    model = next((line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')), '?')
    cores = next((line for line in lines if line.isdigit()), '?')
    return {'date': lines[0] if lines else '?', 'commit': named.get('commit', '?'), 'command': named.get('command', '?'),
            'device': device.get('name', '?'), 'driver': '%s %s, Vulkan %s' % (device.get('driver', '?'), device.get('driver_info', ''),
                                                                              device.get('api', '?')),
            'machine': '%s cores of an %s' % (cores, model)}


def head(runs):
    out = ('# Performance on a GPU\n\nWhat one machine did. Nothing here is asserted by a test: measure yours (bench/gpu/README.md).\n\n')
    out += table(['date', 'commit', 'command', 'device', 'driver', 'machine'],
                 [(run['date'], '`%s`' % run['commit'], '`%s`' % run['command'].strip(), run['device'], run['driver'], run['machine']) for run in runs])
    return out + ('First `bench/gpu/pack build-bench FOLDER`; tables by `bench/gpu/report.py`. '
                  'Times are the GPU\'s\ntime stamps or CLOCK_MONOTONIC. GB/s counts what is read and what is written. *alone*: '
                  'the median of one with nothing else on\nthe GPU; *stream*: many, one after the other. Buffers and images take '
                  'turns over 256 MB and hold noise.\n\n')


def copies(copy):
    rows = [(name, '%.0f' % (part['bytes'] / 1e6), '%.0f' % best(part['compute'], 'alone_gb_s'),
             '%.0f' % best(part['compute'], 'stream_gb_s'), '%.0f' % part['cmd_copy_buffer']['alone_gb_s'])
            for name, part in copy.items() if isinstance(part, dict) and 'compute' in part]
    out = '## The bound: a compute copy\n\nBuffer to buffer, the best of %d shapes.\n\n' % max(
        len(part['compute']) for part in copy.values() if isinstance(part, dict) and 'compute' in part)
    out += table(['bytes of', 'MB', 'alone GB/s', 'stream GB/s', 'vkCmdCopyBuffer GB/s'], rows)
    rows = [(name.replace('_', ' '), '%.0f' % part['alone_us'], '%.0f' % part['alone_gb_s'])
            for name, part in copy.get('bus', {}).items()]
    if rows:
        out += 'A 4K NV12 picture over the bus:\n\n' + table(['way', 'µs', 'GB/s'], rows)
    return out


def conversions(files):
    out, rows = '## Conversion\n\nAim: 85 % of a copy that moves as many bytes in the same run.\n\n', []
    for entries in files:
        for entry in (entry for entry in entries or [] if 'pair' in entry):
            rows.append((entry['pair'], entry['size'], entry['slot'] + (', ' + entry['content'] if entry['content'] != 'light' else ''),
                         '%.1f' % entry['alone_us'], '%.1f' % entry['stream_us'], '%.0f' % entry['alone_gb_s'],
                         '%.0f' % entry['stream_gb_s'], '%.0f %%' % (100 * entry['alone_of_copy']),
                         '%.0f %%' % (100 * entry['stream_of_copy'])))
    return out + table(['pair', 'size', 'from', 'alone µs', 'stream µs', 'alone GB/s', 'stream GB/s', 'alone, of the copy',
                        'stream, of the copy'], rows)


WAYS = {2: 'pairs', 4: 'blocks of 4', 8: 'blocks of 8', 16: 'blocks of 16'}
NEIGHBOURS = {'reload': 'worked out again', 'lend': 'lent by the workgroup', 'shuffle': 'shuffled in the subgroup'}


def ways(entries):
    """One row to a way, one column to a pair and size."""
    columns, rows = [], {}
    for entry in (entry for entry in entries if 'pair' in entry):
        column, row = (entry['pair'], entry['size']), (entry['columns'], entry['neighbour'])
        columns += [column] if column not in columns else []
        rows.setdefault(row, {})[column] = '%.1f / %.1f' % (entry['alone_us'], entry['stream_us'])
    out = ('## Ways to cut up the work\n\nImages, µs alone / stream. Pairs: an invocation does two columns of two rows, twice, so that '
           'neighbours fetch neighbouring\ntexels, and stores words; blocks store up to 16 bytes at once. Second: where the '
           'column on the left comes from.\n\n')
    return out + table(['columns', 'left'] + ['%s %s' % column for column in columns],
                       [[WAYS[row[0]], NEIGHBOURS[row[1]]] + [cells.get(column, '') for column in columns] for row, cells in rows.items()])


def checks(entries):
    pairs = {}
    for entry in entries:
        key = (entry['check'], entry['slot'])
        worst, equal, count = pairs.get(key, (0, 1, 0))
        pairs[key] = (max(worst, entry['worst']), min(equal, entry['equal']), count + 1)
    out = '## Correctness\n\nAgainst the C kernels of the CPU, random and graded pictures, every way to read and to store.\n\n'
    return out + table(['pair', 'from', 'pictures', 'equal codes, least', 'worst difference, codes'],
                       [(pair, slot, count, '%.3f %%' % (100 * equal), worst)
                        for (pair, slot), (worst, equal, count) in pairs.items()])


def bare_modes(part):
    return {(case['mode'], case['pause']): case['latency_us'] for case in part['cases']}


def handoff(data):
    out = ('## Hand-off\n\nFrom the source\'s push to the moment when the host sees its picture complete, two processes, µs p50 / '
           'p99. Bare: one\nsubmission in each process, an eventfd to wake the host, no framering. Aim: 1.15 times the bare one.\n'
           'The host sleeps until it is woken, or looks for a frame when it is due, for 0.5 ms at most.\n\n')
    bare = {part['config']: bare_modes(part) for part in data['bare']}
    rows = []
    looking = {(part['frame'], pause['pause']): pause['publish_to_converted_us']
               for part in data.get('real_looking', []) for pause in part.get('pauses', [])}
    for part in data['real']:
        for pause in part.get('pauses', []):
            awake = looking.get((part['frame'], pause['pause']))
            floor = bare.get(part['frame'], {})
            gpu = floor.get(('gpu waits, eventfd', pause['pause']))
            host = floor.get(('host polls the counter, eventfd', pause['pause']))
            real = pause['push_to_converted_us']
            rows.append((part['frame'], pause['pause'], both(gpu) if gpu else '', both(host) if host else '', both(real),
                         both(pause['publish_to_converted_us']), both(awake) if awake else '',
                         '%.2f' % (real['p50'] / gpu['p50']) if gpu else '', both(pause['push_cpu_us'])))
    out += table(['frame', 'pause', 'bare: GPU waits', 'bare: host polls, then submits', 'push → converted',
                  'publish → converted', 'publish → converted, the host looks', '× bare', 'push, CPU'], rows)
    rows = [(title, part['frame'], part.get('sync', ''), pause['pause'], both(pause['push_to_converted_us']), both(pause['push_cpu_us']))
            for key, title in (('real_without_timelines', 'no shared timelines'),
                               ('real_through_shared_memory', 'shared memory, read back by the source'))
            for part in data.get(key, []) for pause in part.get('pauses', [])]
    return out + 'The other ways:\n\n' + table(['way', 'frame', 'sync', 'pause', 'push → converted', 'push, CPU'], rows)


def bare_handoff(data):
    out, rows = '## A bare hand-off, every way\n\nµs p50 / p99, 1 ms between frames.\n\n', []
    modes = []
    for part in data['configs']:
        known = bare_modes(part)
        for mode, _ in known:
            if mode not in modes and not mode.startswith('trace'):
                modes.append(mode)
        rows.append((part['config'], known))
    return out + table(['processes'] + modes,
                       [[name] + [both(known[mode, '1 ms']) if (mode, '1 ms') in known else '' for mode in modes]
                        for name, known in rows])


def images(data):
    rows = []
    for family in ('graphics', 'compute'):
        for name, part in data.get(family, {}).items():
            compute = [value for key, value in part.items() if key.startswith('compute')]
            rows.append((family, name, '%.0f' % part['vkCmdCopyImage']['alone_us'],
                         '%.0f' % min((value['alone_us'] for value in compute), default=0)))
    return '## Copies of images\n\nWhat a push costs the GPU, µs alone.\n\n' + table(
        ['queue family', 'image', 'vkCmdCopyImage', 'compute shader'], rows)


def submissions(data):
    rows = []
    for family in ('graphics', 'compute'):
        part = data.get(family)
        for case in part['wait_and_signal'] if part else []:
            rows.append((family, case['end'], '1 ms' if case['pause_1ms'] else 'none', both(case['submit_cpu_us'], '%.1f'),
                         both(case['seen_us'])))
        if part:
            rows.append((family, 'as a layer: binary wait, binary and timeline signal', '1 ms', both(part['layer_submit_cpu_us'], '%.1f'), ''))
    return '## Submissions\n\nOne vkQueueSubmit with one wait and one signal, µs p50 / p99.\n\n' + table(
        ['queue family', 'end seen by', 'pause', 'CPU', 'submit → seen'], rows)


def pace_of(run):
    return '%.0f Hz' % run['paced_hz'] if run['paced_hz'] else 'free'


def bare_targets(data):
    rows = [(run['frame'], run['sources'], run['ahead'], run['targets'], '%.0f' % run.get('frames_per_s', 0),
             '' if run['completed'] else 'not completed') for run in data.get('bare', [])]
    return ('Bare: the same with nothing of framering, sources that copy a frame when asked, one host that converts it. *Ahead*: '
            'so many frames a\nsource may be ahead of the host. With everything in one process nothing is left but the GPU\'s work: '
            'no arrangement does more.\n\n' + table(['frame', 'sources', 'ahead', 'targets', 'frames/s', ''], rows)) if rows else ''


def changes(data):
    rows = [(run['processes'], run['queue'], run['frame'], run['copies'], '%.0f' % run.get('round_us', 0),
             '%.0f' % (run.get('round_us', 0) / run['processes'])) for run in data.get('changes', [])]
    return ('What it takes the GPU to change contexts: each process submits its copies, and none goes on before all have seen theirs '
            'done.\n\n' + table(['processes', 'queue family', 'copies of', 'each', 'round µs', 'µs a process'], rows)) if rows else ''


def targets(data):
    rows, single = [], {}
    bare = {(run['targets'], run['frame'], run['sources']): run.get('frames_per_s', 0)
            for run in data.get('bare', []) if run['ahead'] == 1}
    for run in data['runs']:
        key = (run['frame'], run['sources'])
        rate = run.get('frames_per_s', 0)
        if run['targets'] == 1 and not run['paced_hz']:
            single[key] = rate
        bound = bare.get((run['targets'],) + key, 0) if not run['paced_hz'] else 0
        rows.append((run['frame'], run['sources'], pace_of(run), run['targets'], '%.0f' % run['offered_per_s'] if run.get('offered_per_s') else '',
                     '%.0f' % rate, '%.1f' % (rate / single[key]) if single.get(key) and not run['paced_hz'] else '', '%.0f' % bound if bound else '',
                     '%.0f to %.0f' % (run.get('least_frames_per_s', 0), run.get('most_frames_per_s', 0)),
                     '%.0f' % run.get('converted_and_copied_gb_s', 0), '%.2f' % run.get('host_cpu_s_per_s', 0),
                     '' if run['completed'] else 'not completed'))
    out = ('## Many targets\n\n4K, one host process; the sources have a process each, or one together. Free: a source pushes when the '
           'host has taken the frame before;\nelse by its own clock, and what it offers is counted. GB/s: the sources\' copies and the '
           'conversions.\n\n')
    return out + table(['frame', 'sources', 'pace', 'targets', 'offered/s', 'delivered/s', '× one', 'bare', 'of each', 'GB/s',
                        'host CPU cores', ''], rows) + bare_targets(data) + changes(data)


def readback(data):
    rows = [(run['pair'], '%d×%d' % (run['width'], run['height']), pace_of(run), run['read_by'], '%.0f' % run.get('frames_per_s', 0),
             both(run['next_cpu_us']), both(run['taken_to_handed_out_us']),
             both(run['taken_to_readable_us']) if 'taken_to_readable_us' in run else '') for run in data['runs']]
    return ('## Reading back\n\nWhat it does to the thread that takes frames when another thread, or itself, reads every picture back '
            '(fr_frame_map). µs p50 / p99:\nthe thread\'s CPU time in fr_capture_next, from taken until it returns, from taken until the '
            'pixels are in memory.\n\n' + table(['pair', 'size', 'pace', 'read by', 'frames/s', 'next, CPU', 'taken → handed out',
                                                'taken → in memory'], rows))


def pushes(data):
    rows = []
    for family in ('graphics', 'compute'):
        for case in data.get(family, {}).get('calls', []):
            calls = [(name, value) for name, value in case.items() if isinstance(value, dict)]
            rows.append((family, case['push'], '%g ms' % case['pause_ms'] if case['pause_ms'] else 'none',
                         '%.0f' % sum(value['p50'] for _, value in calls),
                         '; '.join('%s %.0f' % (name, value['p50']) for name, value in calls)))
    out = '## The calls of a push\n\nµs of the thread, medians; the thread sleeps between two.\n\n'
    return out + table(['queue family', 'push', 'pause', 'together', 'calls'], rows)


def layers(data):
    rows = [(run['case'], both(run['present_cpu_us'], '%.1f')) for run in data['runs']]
    return '## The layer\n\nCPU time of vkQueuePresentKHR, µs p50 / p99.\n\n' + table(['', 'CPU'], rows)


def cuda(entries):
    part = {name: [entry for entry in entries if entry['part'] == name] for name in ('check', 'fresh', 'wrap', 'late', 'steady')}
    out = ('## Frames in CUDA\n\nFrames of the out ring as FFmpeg\'s CUDA frames (`run-remote cuda`), µs p50 / p99. Wrap: '
           'fr_av_cuda_wrap of a complete\nframe and its release. Converted: from the conversion\'s submission until the pixels '
           'can be read, by CUDA, or by the CPU\n(fr_frame_map). First: with CUDA\'s context; import: the first of each further '
           'surface.\n\n')
    out += table(['pair', 'size', 'first, ms', 'import', 'wrap', 'converted, in CUDA', 'converted, in memory', '×'],
                 [(run['pair'], '%d×%d' % (run['width'], run['height']), '%.0f' % (run['first_us'] / 1e3), '%.0f' % run['import_us'],
                   '%.1f / %.1f' % tuple(run['wrap_us']), '%.0f / %.0f' % tuple(run['converted_wrapped_us']),
                   '%.0f / %.0f' % tuple(run['converted_mapped_us']),
                   '%.1f' % (run['converted_mapped_us'][0] / run['converted_wrapped_us'][0])) for run in part['wrap']])
    pictures = sum(3 for _ in part['check']) + sum(run['pictures'] for run in part['fresh'])
    wrong = sum(run['wrong_rows'] for run in part['check']) + sum(run['wrong'] for run in part['fresh'])
    sizes = sorted({(run['width'], run['height']) for run in part['check']})
    out += ('%d pictures of %d sizes, %d×%d to %d×%d, in both formats, downloaded by av_hwframe_transfer_data: %s the CPU\'s converter '
            'to the byte.\n') % (pictures, len(sizes), *sizes[0], *sizes[-1], 'all equal to' if not wrong else '%d rows differ from' % wrong)
    for run in part['late']:
        out += ('A frame let go while four copies of it run on CUDA\'s stream, its surface then converted to again at once: %d of %d copies '
                'torn, the release\ntook %.0f µs; with nothing that waits, %d torn.\n') % (
                    run['torn'], run['rounds'], run['free_us'][0], run['torn_in_control'])
    for run in part['steady']:
        out += ('After %d wraps and %d changes of size and format the process holds %d descriptors (%d before), %d mappings (%d) and the GPU '
                '%.0f MB (%.0f).\n') % (run['wraps'], run['flips'], *run['descriptors'][::-1], *run['mappings'][::-1],
                                        *(value / 1e6 for value in run['gpu_bytes'][::-1]))
    return out + '\n'


def kept_section(document, part):
    """A section of the document as it is, told by the heading that `part` would write; '' if there is none."""
    title = '## ' + TITLES[part] + '\n'
    if title not in document:
        return ''
    after = document[document.index(title) + len(title):]
    return title + after[:after.index('\n## ') + 1]


PARTS = [(copies, 'probe-copy.json'), (conversions, None), (ways, 'convert-ways.jsonl'), (checks, 'check.jsonl'),
         (handoff, 'handoff.json'), (bare_handoff, 'probe-handoff.json'), (readback, 'readback.json'), (targets, 'targets.json'),
         (layers, 'layer.json'), (images, 'probe-image.json'), (submissions, 'probe-submit.json'), (pushes, 'probe-push.json'),
         (cuda, 'cuda.jsonl')]
TITLES = {copies: 'The bound: a compute copy', conversions: 'Conversion', ways: 'Ways to cut up the work', checks: 'Correctness',
          handoff: 'Hand-off', bare_handoff: 'A bare hand-off, every way', readback: 'Reading back', targets: 'Many targets',
          layers: 'The layer', images: 'Copies of images', submissions: 'Submissions', pushes: 'The calls of a push',
          cuda: 'Frames in CUDA'}


def first(folders, name):
    return next((data for data in (read(folder, name) for folder in folders) if data), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--document', type=pathlib.Path, default=ROOT / 'docs' / 'performance-gpu.md')
    parser.add_argument('folders', nargs='+', type=pathlib.Path)
    arguments = parser.parse_args()
    document = arguments.document.read_text() if arguments.document.exists() else ''
    out = head([run_of(folder) for folder in arguments.folders])
    for part, name in PARTS:
        if name:
            data = first(arguments.folders, name)
        else:
            data = [first(arguments.folders, 'convert-%s.jsonl' % kind) for kind in ('images', 'buffers', 'wide')]
            data = data if any(data) else None
        out += part(data) if data else kept_section(document, part)
    out += document[document.index(REMARKS):] if REMARKS in document else REMARKS
    arguments.document.write_text(out)
    return 0


if __name__ == '__main__':
    sys.exit(main())
