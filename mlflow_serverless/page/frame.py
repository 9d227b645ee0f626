"""What every page has: a head with its style, and tiles of figures."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files


def frame(title: str, body: Iterable[str]) -> str:
    """A whole document of *body*, HTML that is escaped already."""
    style = files(__package__).joinpath("style.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Figures in a row: name, value, and `good`, `bad` or nothing."""
    drawn = "".join(
        f'<div class="tile"><b class="{kind}">{escape(value)}</b>'
        f"<span>{escape(name)}</span></div>"
        for name, value, kind in figures
    )
    return f'<section class="tiles">{drawn}</section>'
