"""How messages list what exists, and guess what was meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 10


def listed(names: Iterable[str]) -> str:
    """The first few of *names*, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def meant(typed: str, known: Iterable[str], form: str = "{}") -> str:
    """`did you mean …?` with the nearest of *known* put into *form*, or nothing."""
    near = get_close_matches(typed, list(known), n=1, cutoff=0.6)
    return f"did you mean {form.format(near[0])}?" if near else ""


def one_line(text: str) -> str:
    """*text* without line breaks, for a log."""
    return " ".join(text.split())


def amount(size: float) -> str:
    """So many bytes, for people: `2.8 kB`, `40.2 MB`, `1.3 GB`."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
