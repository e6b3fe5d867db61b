"""Charts as SVG text that needs nothing but itself: bars, and lines with their names."""

import math
from xml.sax.saxutils import escape

FONT = "font-family='Helvetica, Arial, sans-serif'"
WIDTH = 1040
LEFT, RIGHT, TOP, BOTTOM = 250, 250, 76, 56
# Eight hues that differ to colour-blind eyes too (Okabe and Ito); beyond them the dashes change.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#444444")
DASHES = ("", "6 3", "2 3")
LINE = 15  # between two names, pixels


def style_of(index):
    """(colour, dashes) of the index-th series."""
    return COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]


def number(value):
    """A figure as short as it can be read."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


class Scale:
    """From values to pixels, logarithmic or linear, with round ticks."""

    def __init__(self, values, first, last, logarithmic=True):
        values = [v for v in values if v > 0] or [1.0]
        self._log = logarithmic
        if logarithmic:
            self.low = 10 ** math.floor(math.log10(min(values)))
            self.high = 10 ** math.ceil(math.log10(max(values) * 1.001))
        else:
            self.low, self.high = 0.0, max(values) * 1.05
        self._first, self._last = first, last

    def at(self, value):
        value = min(max(value, self.low), self.high)
        if self._log:
            part = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            part = (value - self.low) / (self.high - self.low)
        return self._first + part * (self._last - self._first)

    def ticks(self):
        if self._log:
            exponents = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
            return [10.0**e for e in exponents]
        step = 10 ** math.floor(math.log10(self.high))
        step = step / 5 if self.high / step < 2 else step / 2 if self.high / step < 5 else step
        return [i * step for i in range(int(self.high / step) + 1)]


class Chart:
    """A drawing that grows; text() gives the file's content."""

    def __init__(self, title, subtitle, height):
        self.height = height
        self._parts = [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}' {FONT}>",
            f"<title>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        ]
        self.label(16, 28, title, size=18, weight="bold")
        self.label(16, 48, subtitle, size=11, colour="#666")

    def label(self, x, y, text, size=12, anchor="start", colour="#222", weight="normal"):
        self._parts.append(
            f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
            f"font-weight='{weight}'>{escape(text)}</text>"
        )

    def line(self, points, colour="#ccc", width=1.0, dashes=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}' stroke-dasharray='{dashes}'/>"
        )

    def dot(self, x, y, colour):
        self._parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>")

    def bar(self, x, y, width, height, colour):
        self._parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 1):.1f}' height='{height}' fill='{colour}'/>")

    def text(self):
        return "\n".join([*self._parts, "</svg>"]) + "\n"


def bars(title, subtitle, unit, groups, names, logarithmic=True):
    """groups: [(name, [value or None, ...])], a bar for each value; names: what the values are, for the legend."""
    thick, gap = 13, 8
    step = thick * len(names) + gap
    bottom = TOP + 20 + step * len(groups)
    chart = Chart(title, subtitle, bottom + BOTTOM)
    scale = Scale([v for _, values in groups for v in values if v], LEFT, WIDTH - RIGHT / 2, logarithmic)
    for tick in scale.ticks():
        chart.line([(scale.at(tick), TOP + 12), (scale.at(tick), bottom)])
        chart.label(scale.at(tick), bottom + 16, number(tick), anchor="middle", colour="#666")
    chart.label((LEFT + WIDTH - RIGHT / 2) / 2, bottom + 36, unit, anchor="middle", colour="#666")
    for i, name in enumerate(names if len(names) > 1 else []):
        chart.bar(LEFT + 190 * i, TOP - 14, 12, 12, COLOURS[i % len(COLOURS)])
        chart.label(LEFT + 190 * i + 18, TOP - 4, name)
    for row, (group, values) in enumerate(groups):
        y = TOP + 20 + step * row
        chart.label(LEFT - 10, y + (step - gap) / 2 + 4, group, anchor="end")
        for i, value in enumerate(values):
            if value is None:
                continue
            chart.bar(LEFT, y + thick * i, scale.at(value) - LEFT, thick - 1, COLOURS[i % len(COLOURS)])
            chart.label(scale.at(value) + 5, y + thick * i + 10, number(value), size=10)
    return chart.text()


def lines(title, subtitle, unit, columns, series, logarithmic=True):
    """series: [(name, [value or None for each column])], their names beside their ends."""
    bottom = TOP + max(380, LINE * len(series) + 20)
    chart = Chart(title, subtitle, bottom + BOTTOM)
    scale = Scale([v for _, values in series for v in values if v], bottom, TOP + 12, logarithmic)
    left = 80
    width = WIDTH - RIGHT - left - 30
    xs = [left + 20 + (width - 20) * i / max(len(columns) - 1, 1) for i in range(len(columns))]
    for tick in scale.ticks():
        chart.line([(left, scale.at(tick)), (WIDTH - RIGHT, scale.at(tick))])
        chart.label(left - 8, scale.at(tick) + 4, number(tick), anchor="end", colour="#666")
    for x, column in zip(xs, columns, strict=True):
        chart.label(x, bottom + 18, column, anchor="middle", colour="#666")
    chart.label(16, TOP, unit, colour="#666")
    ends = []
    for i, (name, values) in enumerate(series):
        colour, dashes = style_of(i)
        points = [(x, scale.at(v)) for x, v in zip(xs, values, strict=True) if v]
        chart.line(points, colour, 2, dashes)
        for x, y in points:
            chart.dot(x, y, colour)
        if points:
            ends.append((points[-1], name, colour))
    # From top to bottom, each name at its line's end or below the name before.
    at = TOP
    ends.sort(key=lambda end: end[0][1])
    for left_over, ((x, y), name, colour) in zip(range(len(ends), 0, -1), ends, strict=True):
        at = max(at + LINE, min(y, bottom - LINE * (left_over - 1)))
        chart.line([(x + 4, y), (WIDTH - RIGHT + 8, at)], "#ddd")
        chart.label(WIDTH - RIGHT + 12, at + 4, name, colour=colour)
    return chart.text()
