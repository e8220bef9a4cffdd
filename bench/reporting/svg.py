# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Plots as SVG, each on a ground of its own, so that it can be read on any page."""
import html
import math

WIDTH, MARGIN, RIGHT, ROW, GAP = 820, 16, 86, 15, 10
COLOURS = ['#3b78c2', '#d2691e', '#2f8f6b', '#8a5fb0', '#7d7d7d', '#b8365a']
STYLE = '''<style>
 text { font: 12px system-ui, 'DejaVu Sans', Arial, sans-serif; fill: #1f2328 }
 .title { font-size: 15px; font-weight: 600 }
 .note { fill: #57606a }
 .ground { fill: #ffffff; stroke: #d0d7de }
 .grid { stroke: #d8dee4; stroke-width: 1 }
 .axis { stroke: #6e7781; stroke-width: 1 }
 .mark { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 5 3 }
 .marktext { fill: #cf222e }
 @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9da7b1 } .ground { fill: #161b22; stroke: #30363d }
  .grid { stroke: #2b323b } .axis { stroke: #8b949e } .mark { stroke: #ff7b72 } .marktext { fill: #ff7b72 }
 }
</style>'''


def number(value):
    """As few digits as say it: 0.123, 1.23, 12.3, 123."""
    if value == 0:
        return '0'
    return '%.*f' % (max(0, 2 - math.floor(math.log10(abs(value)))) if abs(value) < 100 else 0, value)


def tick_text(value):
    return '%g' % value


def log_ticks(low, high):
    steps = (1, 2, 5) if high / low < 2000 else (1,)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [step * 10 ** power for power in range(first, last + 1) for step in steps]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def log_range(values):
    """From tick to tick, with all values between."""
    steps = [step * 10 ** power for power in range(-6, 9) for step in (1, 2, 5)]
    low = max(step for step in steps if step <= min(values) * 1.001)
    return low, min(step for step in steps if step >= max(values) * 0.999 and step > low)


class Plot:
    def __init__(self, title, note, height):
        self.height = height
        self.parts = ['<rect class="ground" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>' % (WIDTH - 1, height - 1)]
        self.text(MARGIN, 26, title, 'title')
        self.text(MARGIN, 44, note, 'note')

    def text(self, x, y, words, kind='', anchor='start', turn=None):
        self.parts.append('<text x="%.1f" y="%.1f"%s text-anchor="%s"%s>%s</text>' % (
            x, y, ' class="%s"' % kind if kind else '', anchor,
            ' transform="rotate(%d %.1f %.1f)"' % (turn, x, y) if turn else '', html.escape(words)))

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append('<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>' % (kind, x1, y1, x2, y2))

    def legend(self, names, colour, y, mark=''):
        x = MARGIN
        for name in names:
            self.parts.append('<rect x="%.1f" y="%.1f" width="12" height="12" rx="2" fill="%s"/>' % (x, y - 10, colour[name]))
            self.text(x + 17, y, name)
            x += 17 + 7.2 * len(name) + 20
        if mark:
            self.line(x, y - 4, x + 22, y - 4, 'mark')
            self.text(x + 28, y, mark)

    def write(self, path):
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">\n'
                        % (WIDTH, self.height, WIDTH, self.height) + STYLE + '\n' + '\n'.join(self.parts) + '\n</svg>\n')


def bars(path, title, note, axis, groups, mark=None):
    """groups: [(label, [(series, value)])], on a logarithmic axis. mark: (value, words), a line across."""
    names = list(dict.fromkeys(name for _, bars_ in groups for name, _ in bars_))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    values = [value for _, bars_ in groups for _, value in bars_ if value > 0]
    low, high = log_range(values + ([mark[0]] if mark else []))
    if low > min(values) * 0.8:  # a bar of no length would look like none
        low = log_range([low * 0.45, high])[0]
    top, legend = 92 + (14 if mark else 0), len(names) > 1
    below = top + sum(len(bars_) * ROW + GAP for _, bars_ in groups)
    plot = Plot(title, note, below + 54)
    if legend:
        plot.legend(names, colour, 68)
    left = max(140, MARGIN + 18 + 7.2 * max(len(label) for label, _ in groups))
    span = WIDTH - left - RIGHT

    def at(value):
        return left + span * math.log(max(value, low) / low) / math.log(high / low)

    for tick in log_ticks(low, high):
        plot.line(at(tick), top - 6, at(tick), below, 'grid')
        plot.text(at(tick), below + 16, tick_text(tick), 'note', 'middle')
    plot.text(left + span / 2, below + 38, axis + ', logarithmic', '', 'middle')
    y = top
    for label, bars_ in groups:
        plot.text(left - 10, y + len(bars_) * ROW / 2 + 4, label, '', 'end')
        for name, value in bars_:
            plot.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2" fill="%s"/>' % (
                left, y + 1, max(at(value) - left, 1), ROW - 2, colour[name]))
            plot.text(max(at(value), left) + 6, y + ROW - 3.5, number(value))
            y += ROW
        y += GAP
    plot.line(left, top - 6, left, below, 'axis')
    if mark:
        plot.line(at(mark[0]), top - 8, at(mark[0]), below, 'mark')
        plot.text(at(mark[0]), top - 13, mark[1], 'marktext', 'middle')
    plot.write(path)


def lines(path, title, note, x_axis, y_axis, series, mark=None):
    """series: [(name, [(x, y)])], both axes logarithmic. mark: (y, words), a line across."""
    colour = {name: COLOURS[i % len(COLOURS)] for i, (name, _) in enumerate(series)}
    xs = [x for _, points in series for x, _ in points]
    ys = [max(y, 1e-3) for _, points in series for _, y in points] + ([mark[0]] if mark else [])
    (x_low, x_high), (y_low, y_high) = (min(xs), max(xs) if max(xs) > min(xs) else 2 * min(xs)), log_range(ys)
    left, right, top, below = 84, WIDTH - 60, 92, 340
    plot = Plot(title, note, below + 58)
    plot.legend([name for name, _ in series], colour, 68, mark[1] if mark else '')

    def at(x, y):
        return (left + (right - left) * math.log(x / x_low) / math.log(x_high / x_low),
                below - (below - top) * math.log(max(y, y_low) / y_low) / math.log(y_high / y_low))

    for tick in log_ticks(y_low, y_high):
        plot.line(left, at(x_low, tick)[1], right, at(x_low, tick)[1], 'grid')
        plot.text(left - 8, at(x_low, tick)[1] + 4, tick_text(tick), 'note', 'end')
    for tick in sorted(set(xs)):
        plot.line(at(tick, y_low)[0], top, at(tick, y_low)[0], below, 'grid')
        plot.text(at(tick, y_low)[0], below + 18, tick_text(tick), 'note', 'middle')
    plot.line(left, top, left, below, 'axis')
    plot.line(left, below, right, below, 'axis')
    plot.text((left + right) / 2, below + 42, x_axis, '', 'middle')
    plot.text(30, (top + below) / 2, y_axis, '', 'middle', -90)
    for name, points in series:
        places = [at(x, y) for x, y in points]
        plot.parts.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (
            colour[name], ' '.join('%.1f,%.1f' % place for place in places)))
        for (x, y), (_, value) in zip(places, points):
            plot.parts.append('<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>' % (x, y, colour[name]))
            plot.text(x + 6, y - 8, number(value))
    if mark:
        plot.line(left, at(x_low, mark[0])[1], right, at(x_low, mark[0])[1], 'mark')
    plot.write(path)
