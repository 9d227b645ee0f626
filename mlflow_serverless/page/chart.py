"""Lines over time, and distributions on a logarithmic axis."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlflow_serverless.page.drawing import WIDTH, Point, area, line, path, svg, text

LEFT, RIGHT, TOP, HEIGHT, FOOT = 64, 12, 26, 150, 22
"""Margins and height of the plotted area."""

_SHORT = 2.0
"""Below this many minutes an axis tells seconds."""


_NEAR = 0.97
"""Beyond this part of an axis a text ends at its place, so as not to be cut off."""
_TICKS = 10
"""Most on one axis."""
_ROUNDING = 1 + 1e-9


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name, colour (a CSS variable) and points (x, value)."""

    name: str
    colour: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Band:
    """One distribution: (value, weight) in order of value."""

    name: str
    colour: str
    weights: Sequence[Point]


def chart(
    series: Sequence[Series],
    title: str,
    *,
    until: float,
    show: Callable[[float], str],
    least: float = 0.0,
) -> str:
    """
    Lines over minutes.

    Args:
        series: x in minutes.
        title: For those who cannot see it.
        until: End of the axis [min].
        show: How values are written on the axis.
        least: The axis reaches at least this far, so that next to nothing looks so.
    """
    points = [point for one in series for point in one.points]
    if not points:
        return '<p class="dim">Nothing was seen.</p>'
    last = max(until, 1e-9)
    most = 1.05 * (max(least, *(y for _, y in points)) or 1.0)
    place = _placer(0.0, last, most)
    parts = [_rows(most, show), _minutes(last), _legend([(s.name, s.colour)
             for s in series])]  # fmt: skip
    parts += [path([place(p) for p in s.points], s.colour) for s in series if s.points]
    return svg(TOP + HEIGHT + FOOT, "".join(parts), title)


def bands(shown: Sequence[Band], title: str, *, show: Callable[[float], str]) -> str:
    """Distributions over each other, each of area 1, on a logarithmic axis."""
    there = [band for band in shown if band.weights]
    if not there:
        return '<p class="dim">Nothing was seen.</p>'
    values = [value for band in there for value, _ in band.weights]
    low, high = math.log(min(values)) - 0.05, math.log(max(values)) + 0.05
    heaped = [(band, _heaped(band.weights, low, high)) for band in there]
    most = max(y for _, heap in heaped for _, y in heap) * 1.05
    place = _placer(low, high, most)
    parts = [_logarithmic(low, high, show)]
    for band, heap in heaped:
        outline = [place(point) for point in heap]
        closed = [(outline[0][0], TOP + HEIGHT), *outline,
                  (outline[-1][0], TOP + HEIGHT)]  # fmt: skip
        parts += [area(closed, band.colour), path(outline, band.colour)]
    parts.append(_legend([(band.name, band.colour) for band in there]))
    return svg(TOP + HEIGHT + FOOT, "".join(parts), title)


def _placer(low: float, high: float, most: float) -> Callable[[Point], Point]:
    span = WIDTH - LEFT - RIGHT

    def place(point: Point) -> Point:
        x = LEFT + span * (point[0] - low) / max(high - low, 1e-9)
        return x, TOP + HEIGHT * (1 - point[1] / most)

    return place


def _rows(most: float, show: Callable[[float], str]) -> str:
    drawn = []
    for value in _round_values(most, 2):
        y = TOP + HEIGHT * (1 - value / most)
        drawn.append(line((LEFT, y), (WIDTH - RIGHT, y), "grid"))
        drawn.append(text((LEFT - 8, y + 4), show(value), style="dim", anchor="end"))
    return "".join(drawn)


def _minutes(last: float) -> str:
    unit, end = ("min", last) if last >= _SHORT else ("s", 60 * last)
    return "".join(
        text(
            (LEFT + (WIDTH - LEFT - RIGHT) * value / end, TOP + HEIGHT + 16),
            f"{value:g} {unit}",
            style="dim",
            anchor="middle" if value < _NEAR * end else "end",
        )
        for value in _round_values(end, 4)
    )


def _round_values(most: float, parts: int) -> list[float]:
    """From 0 to *most* in at least *parts* even steps of 1, 2 or 5 times ten to n."""
    scale = 10.0 ** math.floor(math.log10(most / parts))
    step = next(m * scale for m in (5, 2, 1) if m * scale * parts <= most * _ROUNDING)
    return [step * number for number in range(int(most * _ROUNDING / step) + 1)]


def _logarithmic(low: float, high: float, show: Callable[[float], str]) -> str:
    drawn = []
    for value in _round_powers(low, high):
        part = (math.log(value) - low) / (high - low)
        x = LEFT + (WIDTH - LEFT - RIGHT) * part
        drawn.append(line((x, TOP), (x, TOP + HEIGHT), "grid"))
        anchor = "middle" if part < _NEAR else "end"
        drawn.append(
            text((x, TOP + HEIGHT + 16), show(value), style="dim", anchor=anchor)
        )
    return "".join(drawn)


def _round_powers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times ten to n within an axis of logarithms; tens alone if many."""
    first, last = (math.floor(end / math.log(10)) for end in (low, high))
    tens = [10.0**power for power in range(first, last + 1)]
    for steps in ((1, 2, 5), (1,)):
        values = [m * ten for ten in tens for m in steps]
        found = [value for value in values if low <= math.log(value) <= high]
        if 2 <= len(found) <= _TICKS:
            return found
    return [math.exp(low), math.exp(high)]


def _legend(names: Sequence[tuple[str, str]]) -> str:
    drawn, x = [], float(LEFT)
    for name, colour in names:
        drawn.append(path([(x, 10), (x + 18, 10)], colour))
        drawn.append(text((x + 24, 14), name, style="dim"))
        x += 40 + 7.5 * len(name)
    return "".join(drawn)


def _heaped(weights: Sequence[Point], low: float, high: float) -> list[Point]:
    """Shares in 60 equal parts of the axis."""
    parts = [0.0] * 60
    total = sum(weight for _, weight in weights)
    for value, weight in weights:
        part = (math.log(value) - low) / (high - low)
        parts[min(59, int(60 * part))] += weight / total
    width = (high - low) / 60
    return [(low + (i + 0.5) * width, share) for i, share in enumerate(parts)]
