"""Small drawings as inline SVG; no library, no script, no network.

Colours are CSS variables of the page, so that they follow a light or a dark screen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mlflow_serverless.verify.report.words import count

WIDTH = 860
"""Of every drawing, in its own units; the page scales it."""

LABEL = 150
"""Room for row labels on the left."""

ROW = 26
"""Height of one row."""


def svg(height: float, body: str, title: str) -> str:
    """A drawing that scales with the page, named for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{body}</svg>'
    )


def text(x: float, y: float, words: str, *, style: str = "", at: str = "start") -> str:
    """One line of text; *style* is a class of the page."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{at}" class="{style}">'
        f"{escape(words)}</text>"
    )


def box(  # noqa: PLR0913 - a rectangle has that many sides
    x: float, y: float, width: float, height: float, style: str, *, tip: str = ""
) -> str:
    """A filled rectangle; *tip* shows under the pointer."""
    hint = f"<title>{escape(tip)}</title>" if tip else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{height:.1f}" rx="3" style="{style}">{hint}</rect>'
    )


def line(x: float, y: float, to_x: float, to_y: float, style: str) -> str:
    """A straight line of a class of the page."""
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" '
        f'class="{style}"/>'
    )


BINS = ("exact", "≤ 0.01 %", "≤ 0.1 %", "≤ 1 %", "≤ 10 %", "≤ tolerance", "beyond")
"""Headings of the error histogram, in units of the tolerance."""


@dataclass(frozen=True, slots=True)
class Counts:
    """One row of the error map: a group, and its rows in each bin."""

    name: str
    bins: tuple[int, ...]


def error_map(rows: Sequence[Counts]) -> str:
    """Groups down, size of error across; the deeper the more rows, red beyond."""
    top, cell = 24, (WIDTH - LABEL) / len(BINS)
    parts = [
        text(LABEL + (i + 0.5) * cell, 14, name, style="dim", at="middle")
        for i, name in enumerate(BINS)
    ]
    for r, row in enumerate(rows):
        y = top + r * ROW
        parts.append(text(LABEL - 10, y + 17, row.name, at="end"))
        total = max(sum(row.bins), 1)
        for i, rows_in in enumerate(row.bins):
            parts.append(
                _cell((LABEL + i * cell, y), cell, rows_in, total=total, place=i)
            )
    return svg(top + len(rows) * ROW + 4, "".join(parts), "errors by group")


def _cell(
    at: tuple[float, float], width: float, rows: int, *, total: int, place: int
) -> str:
    x, y = at
    beyond = place == len(BINS) - 1
    colour = "var(--bad)" if beyond else "var(--good)"
    # a single row among thousands must still be seen
    depth = 0.18 + 0.82 * math.log1p(rows) / math.log1p(total) if rows else 0.0
    style = f"fill:{colour};fill-opacity:{depth:.2f}" if rows else "fill:var(--grid)"
    drawn = box(x + 1.5, y + 1.5, width - 3, ROW - 3, style, tip=f"{rows} rows")
    if not rows:
        return drawn
    ink = "on" if depth > 0.55 else "ink"
    return drawn + text(x + width / 2, y + 17, count(rows), style=ink, at="middle")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it measures, how much, and that in words."""

    name: str
    value: float
    words: str
    bad: bool = False


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars on a common scale, their values written at the ends."""
    most = max((row.value for row in rows), default=0.0) or 1.0
    span = WIDTH - LABEL - 150
    parts = []
    for r, row in enumerate(rows):
        y = r * ROW + 4
        length = max(span * row.value / most, 2.0)
        colour = "var(--bad)" if row.bad else "var(--accent)"
        parts.append(text(LABEL - 10, y + 15, row.name, at="end"))
        parts.append(box(LABEL, y + 3, length, ROW - 9, f"fill:{colour}"))
        parts.append(text(LABEL + length + 8, y + 15, row.words, style="dim"))
    return svg(len(rows) * ROW + 8, "".join(parts), title)


@dataclass(frozen=True, slots=True)
class Dot:
    """One group's largest error, in units of the tolerance."""

    name: str
    excess: float
    words: str


LOW, HIGH = 1e-6, 1e3
"""Ends of the logarithmic axis, in units of the tolerance."""


def dots(rows: Sequence[Dot]) -> str:
    """The largest error of each group on a log scale, with the tolerance as a line."""
    top = 26
    bottom = top + len(rows) * ROW
    parts = [_axis(power, top, bottom) for power in range(-6, 4)]
    for r, row in enumerate(rows):
        y = top + r * ROW + ROW / 2
        x = _place(row.excess)
        colour = "var(--bad)" if row.excess > 1 else "var(--good)"
        parts.append(text(LABEL - 10, y + 4, row.name, at="end"))
        parts.append(line(_place(0), y, x, y, "stem"))
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" style="fill:{colour}">'
            f"<title>{escape(row.words)}</title></circle>"
        )
        side, at = (-12, "end") if x > WIDTH - 130 else (12, "start")
        parts.append(text(x + side, y + 4, row.words, style="halo", at=at))
    return svg(bottom + 6, "".join(parts), "largest error by group")


def _place(excess: float) -> float:
    """Where an error lies on the axis; exact answers sit at its left end."""
    if excess <= 0:
        return LABEL + 6
    held = min(max(excess, LOW), HIGH)
    share = (math.log10(held) + 6.5) / 9.7
    return LABEL + 6 + share * (WIDTH - LABEL - 20)


def _axis(power: int, top: float, bottom: float) -> str:
    x = _place(10.0**power)
    limit = power == 0
    heading = "tolerance" if limit else f"10{_raised(power)}"
    return line(x, top - 6, x, bottom, "limit" if limit else "grid") + text(
        x, 13, heading, style="strong" if limit else "dim", at="middle"
    )


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
