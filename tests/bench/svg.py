"""Charts as SVG text that needs nothing but itself.

dots()    a row for each name, a mark for each of its values: any scale, as a mark's place alone says its value
panels()  the same rows once for each column, side by side
bars()    lengths from zero, so on a linear scale only

Rows are what is compared. One of them may be emphasised: it is drawn in colour and all others in grey.
"""

import math
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

FONT = "font-family='Helvetica, Arial, sans-serif'"
WIDTH = 900
LEFT, RIGHT, BOTTOM = 292, 80, 58
ROW = 22  # pixels from one row to the next
INK, PALE, GRID = "#222222", "#5f6670", "#d9dce0"
EMPHASIS, MUTED = "#0063a6", "#868d96"
BARS = ("#0063a6", "#e08214", "#5aae61", "#9970ab")  # tell apart in grey and to colour-blind eyes


@dataclass
class Row:
    """A name with its values, None where there is none; quartiles: [(low, high) or None] for panels()."""

    name: str
    values: list
    emphasised: bool = False
    foreign: bool = False  # its name in italics
    quartiles: list = field(default_factory=list)

    @property
    def colour(self):
        return EMPHASIS if self.emphasised else MUTED


def number(value):
    """A figure with three digits, or all of those in front of the point."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


class Scale:
    """From values to pixels with round ticks: logarithmic, or linear from zero."""

    def __init__(self, values, first, last, logarithmic):
        values = [v for v in values if v > 0] or [1.0]
        self._log, self._first, self._last = logarithmic, first, last
        if logarithmic:
            self.low, self.high = min(values) / 1.15, max(values) * 1.15
        else:
            self.low, self.high = 0.0, max(values) * 1.05

    def at(self, value):
        if self._log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self._first + min(max(share, 0.0), 1.0) * (self._last - self._first)

    def ticks(self):
        if not self._log:
            step = 10 ** math.floor(math.log10(self.high))
            step = step / 5 if self.high / step < 2 else step / 2 if self.high / step < 5 else step
            return [i * step for i in range(int(self.high / step) + 1)]
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        decade = (self._last - self._first) / math.log10(self.high / self.low)  # pixels
        steps = (1, 2, 5) if decade > 180 else (1, 3) if decade > 80 else (1,)
        return [s * 10.0**e for e in exponents for s in steps if self.low <= s * 10.0**e <= self.high]


class Chart:
    """A drawing that grows; text() gives the file's content."""

    def __init__(self, title, notes, height):
        self._parts = [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}' {FONT}>",
            f"<title>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        ]
        self.label(16, 30, title, size=19, weight="bold")
        for i, note in enumerate(notes):
            self.label(16, 52 + 17 * i, note, size=13, colour=PALE)

    def label(self, x, y, text, size=14, anchor="start", colour=INK, weight="normal", style="normal"):
        self._parts.append(
            f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
            f"font-weight='{weight}' font-style='{style}'>{escape(text)}</text>"
        )

    def line(self, x1, y1, x2, y2, colour=GRID, width=1.0):
        self._parts.append(f"<path d='M{x1:.1f},{y1:.1f} L{x2:.1f},{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>")

    def mark(self, x, y, colour, filled=True):
        fill = colour if filled else "white"
        self._parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' fill='{fill}' stroke='{colour}' stroke-width='1.8'/>")

    def bar(self, x, y, width, height, colour):
        self._parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 1):.1f}' height='{height}' fill='{colour}'/>")

    def grid(self, scale, top, bottom):
        for tick in scale.ticks():
            self.line(scale.at(tick), top, scale.at(tick), bottom)
            self.label(scale.at(tick), bottom + 18, f"{tick:,.6g}", size=13, anchor="middle", colour=PALE)

    def name(self, row, y):
        style = "italic" if row.foreign else "normal"
        weight = "bold" if row.emphasised else "normal"
        self.label(LEFT - 14, y + 5, row.name, anchor="end", weight=weight, style=style)

    def unit(self, text, first, last, bottom):
        self.label((first + last) / 2, bottom + 42, text, anchor="middle", colour=PALE)

    def text(self):
        return "\n".join([*self._parts, "</svg>"]) + "\n"


def top_of(notes):
    return 62 + 17 * len(notes)


def legend(chart, y, names):
    """The meaning of hollow and filled marks, first value and last."""
    x = LEFT
    for i, name in enumerate(names):
        chart.mark(x, y - 5, PALE, filled=i == len(names) - 1)
        chart.label(x + 12, y, name)
        x += 34 + 7.2 * len(name)


def dots(title, notes, unit, rows, names, logarithmic, reference=None):
    """names: of a row's values (two at most; the first is hollow). reference: (value, text), a line through all rows."""
    top = top_of(notes) + (26 if len(names) > 1 else 4) + (16 if reference else 0)
    bottom = top + ROW * len(rows) + 6
    chart = Chart(title, notes, bottom + BOTTOM)
    values = [v for row in rows for v in row.values if v is not None]
    scale = Scale(values + ([reference[0]] if reference else []), LEFT, WIDTH - RIGHT, logarithmic)
    chart.grid(scale, top, bottom)
    chart.unit(unit, LEFT, WIDTH - RIGHT, bottom)
    if len(names) > 1:
        legend(chart, top - 12 - (16 if reference else 0), names)
    if reference:
        chart.line(scale.at(reference[0]), top - 4, scale.at(reference[0]), bottom, PALE, 1.5)
        chart.label(scale.at(reference[0]), top - 9, reference[1], size=13, anchor="start", colour=PALE)
    for i, row in enumerate(rows):
        y = top + ROW * (i + 0.5) + 3
        chart.name(row, y)
        places = [(scale.at(v), v, filled) for v, filled in zip(row.values, (len(names) == 1, True)) if v is not None]
        if not places:
            continue
        chart.line(min(places)[0], y, max(places)[0], y, row.colour, 1.8)
        for x, _, filled in places:
            chart.mark(x, y, row.colour, filled)
        last = places[-1]
        on_the_left = len(places) > 1 and last[0] < places[0][0] and last[0] - LEFT > 60
        x, anchor = (last[0] - 10, "end") if on_the_left else (max(places)[0] + 10, "start")
        chart.label(x, y + 4.5, number(last[1]), size=13, anchor=anchor, colour=row.colour if row.emphasised else PALE)
    return chart.text()


def panels(title, notes, unit, columns, rows):
    """A panel for each column, all with one logarithmic scale; a row's values in the columns' order."""
    top = top_of(notes) + 22
    bottom = top + ROW * len(rows) + 6
    chart = Chart(title, notes, bottom + BOTTOM)
    gap = 18
    width = (WIDTH - LEFT - 24 - gap * (len(columns) - 1)) / len(columns)
    values = [v for row in rows for v in row.values if v is not None]
    for c, column in enumerate(columns):
        first = LEFT + c * (width + gap)
        scale = Scale(values, first, first + width, logarithmic=True)
        chart.label(first + width / 2, top - 8, column, anchor="middle", weight="bold")
        chart.grid(scale, top, bottom)
        for row in rows:
            if row.emphasised and row.values[c] is not None:
                chart.line(scale.at(row.values[c]), top, scale.at(row.values[c]), bottom, EMPHASIS, 0.8)
        for i, row in enumerate(rows):
            y = top + ROW * (i + 0.5) + 3
            if c == 0:
                chart.name(row, y)
            if row.values[c] is None:
                continue
            if row.quartiles and row.quartiles[c]:
                low, high = row.quartiles[c]
                chart.line(scale.at(low), y, scale.at(high), y, row.colour, 2)
            chart.mark(scale.at(row.values[c]), y, row.colour)
    chart.unit(unit, LEFT, WIDTH - 24, bottom)
    return chart.text()


def bars(title, notes, unit, rows, names):
    """A bar for each of a row's values, from zero; names: what the values are, for the legend."""
    thick, gap = 15, 10
    step = thick * len(names) + gap
    top = top_of(notes) + 24
    bottom = top + step * len(rows)
    chart = Chart(title, notes, bottom + BOTTOM)
    scale = Scale([v for row in rows for v in row.values if v], LEFT, WIDTH - RIGHT, logarithmic=False)
    chart.grid(scale, top, bottom)
    chart.unit(unit, LEFT, WIDTH - RIGHT, bottom)
    for i, name in enumerate(names):
        chart.bar(LEFT + 150 * i, top - 25, 13, 13, BARS[i % len(BARS)])
        chart.label(LEFT + 150 * i + 20, top - 13, name)
    for i, row in enumerate(rows):
        y = top + gap / 2 + step * i
        chart.name(row, y + (step - gap) / 2)
        for j, value in enumerate(row.values):
            if value is not None:
                chart.bar(LEFT, y + thick * j, scale.at(value) - LEFT, thick - 1, BARS[j % len(BARS)])
                chart.label(scale.at(value) + 6, y + thick * j + 12, number(value), size=13)
    return chart.text()
