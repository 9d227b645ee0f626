"""Pieces of inline SVG, in colours of the page: light or dark as the screen is."""

from collections.abc import Sequence
from html import escape

WIDTH = 860
"""Of every drawing, in its own units; the page scales it."""

Point = tuple[float, float]


def svg(height: float, body: str, title: str) -> str:
    """A drawing that scales with the page, named for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{body}</svg>'
    )


def text(at: Point, words: str, *, style: str = "", anchor: str = "start") -> str:
    """One line of text; *style* is a class of the page."""
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" '
        f'class="{style}">{escape(words)}</text>'
    )


def line(start: Point, end: Point, style: str) -> str:
    """A straight line of a class of the page."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" '
        f'y2="{end[1]:.1f}" class="{style}"/>'
    )


def path(points: Sequence[Point], colour: str) -> str:
    """A line through *points*, in a colour of the page."""
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{drawn}" class="path" style="stroke:var({colour})"/>'


def area(points: Sequence[Point], colour: str) -> str:
    """A filled shape, through which others can be seen."""
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{drawn}" class="area" style="fill:var({colour})"/>'
