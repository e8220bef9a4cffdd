# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What is to be reached, and whether it was."""

BENCH = 'framering bench '


def row(results, run, size, isa, pair, threads=1):
    """A conversion; isa None: the best one, which comes first."""
    for entry in results.get(run) or []:
        if (entry['height'] == size and entry['threads'] == threads and entry['kernel'].startswith('convert_' + pair + '_')
                and isa in (None, entry['isa'])):
            return entry
    return None


def peers(results, run):
    return (results.get(run) or {}).get('peers', [])


def peer(results, name, task, height):
    for entry in peers(results, 'peers-convert'):
        if (entry['name'], entry['task'], entry['height']) == (name, task, height):
            return entry
    return None


def at(data, *keys):
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def conversion(results, pair, isa, title, aim):
    entry = row(results, 'convert', 2160, isa, pair)
    return (title, 'at most %.4g × its time' % aim, entry and '%.2f × (%.2f ms of %.2f ms, %s)' % (
        entry['ratio'], entry['ms'], entry['bound_ms'], entry['isa']), entry and entry['ratio'] <= aim, BENCH + 'convert')


def beside(results, name, task, title, aim):
    entry = peer(results, name, task, 2160)
    return (title, '%.4g × faster' % aim, entry and '%.1f × (%.2f ms against %.2f ms)' % (
        entry['ratio'], entry['ours_ms'], entry['ms']), entry and entry['ratio'] >= aim, 'framering-peers-convert')


def handoff_beside(results, name, host, own):
    """own: what the keys of that host's figures begin with."""
    entries = [entry for entry in peers(results, 'peers-handoff') if entry['name'].lower().startswith(name.lower())]
    title = 'hand-off p50 and p99 against %s, same frames, %s' % (name, host)
    if not entries:
        return (title, '5 × lower', None, None, 'framering-peers-handoff')
    p50 = min(entry['p50_us'] / entry[own + '_p50_us'] for entry in entries)
    p99 = min(entry['p99_us'] / entry[own + '_p99_us'] for entry in entries)
    cpu = ', '.join('%.1f %% of a core at %d Hz (theirs: %.1f %%)' % (entry[own + '_cpu_pct'], entry['rate'], entry['cpu_pct'])
                    for entry in entries)
    return (title, '5 × lower', '%.1f × and %.1f ×, the least of %d; %s' % (p50, p99, len(entries), cpu),
            min(p50, p99) >= 5, 'framering-peers-handoff')


def table(results):
    """[(figure, aim, measured or None, reached, command)]"""
    sleep, spin = at(results.get('handoff'), 'sleep'), at(results.get('handoff'), 'spin')
    floor = sleep and sleep['eventfd_rtt_p50_us'] / 2
    typing = results.get('typing')
    idle = next((entry for entry in results.get('scale') or [] if entry['targets'] == 64 and not entry['busy']), None)
    small = typing and typing['height'] >= 2160
    return [
        conversion(results, 'bgra_nv12', None, 'BGRA→NV12 against the byte-moving bound, 4K', 1.15),
        beside(results, 'libyuv', 'bgra-nv12', 'BGRA→NV12 against libyuv ARGBToNV12 (only BT.601), 4K', 2.5),
        beside(results, 'swscale accurate', 'bgra-nv12', 'BGRA→NV12 against swscale, accurate BT.709, 4K', 15),
        conversion(results, 'rgba16f_p010', 'avx512', 'RGBA16F→P010 against the bound, AVX-512, 4K', 1.5),
        conversion(results, 'rgba16f_p010', 'avx2', 'RGBA16F→P010 against the bound, AVX2, 4K', 3),
        beside(results, 'zimg approximate', 'rgba16f-p010', 'RGBA16F→P010 against zimg, approximate gamma, 4K', 8),
        ('typing in a terminal, 4K, real X11 damage', 'under 5 % of whole conversions',
         '%.2f %% (%.0f µs of %.0f µs a frame)' % (typing['cost_pct'], typing['damage_mean_us'], typing['whole_mean_us'])
         if small else None, small and typing['cost_pct'] < 5, 'bench/typing'),
        ('hand-off p50, sleeping', "at most 1.15 × half a bare eventfd's round trip",
         sleep and '%.2f × (%.1f µs of %.1f µs)' % (sleep['ratio'], sleep['p50_us'], floor),
         sleep and sleep['ratio'] <= 1.15, BENCH + 'handoff'),
        ('hand-off p50, spinning', 'under 1 µs', spin and '%.2f µs' % spin['p50_us'], spin and spin['p50_us'] < 1, BENCH + 'handoff'),
        handoff_beside(results, 'PipeWire', 'asleep', 'ours'),
        handoff_beside(results, 'PipeWire', 'looking when a frame is due', 'ours_look'),
        handoff_beside(results, 'GStreamer', 'asleep', 'ours'),
        handoff_beside(results, 'GStreamer', 'looking when a frame is due', 'ours_look'),
        ('64 idle targets at 60 Hz repeats', 'under 3 % of a core', idle and '%.2f %%' % idle['cpu_pct'],
         idle and idle['cpu_pct'] < 3, BENCH + 'scale'),
    ]
