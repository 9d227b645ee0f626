"""Numbers as people read them."""

import math
from collections.abc import Sequence


def size(count: int) -> str:
    """Bytes, with a fitting unit."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def small(value: float) -> str:
    """An error: two digits, or a plain 0."""
    if value == 0:
        return "0"
    return "∞" if math.isinf(value) else f"{value:.1e}"


def times(excess: float) -> str:
    """Error in units of the tolerance."""
    if excess == 0:
        return "exact"
    if math.isinf(excess):
        return "wrong"
    if excess <= 1:
        return "<1%" if excess < 0.005 else f"{excess:.0%}"
    for unit in ("", "k", "M"):
        if excess < 1000:
            return f"{excess:.3g}{unit}\u00d7"
        excess /= 1000
    return ">1G\u00d7"


def micro(value: float) -> str:
    """Microseconds, or milliseconds where there are many."""
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1e3:.1f} ms"


def count(value: int) -> str:
    """A whole number with thin spaces."""
    return f"{value:,}".replace(",", "\u202f")


def columns(names: Sequence[str], most: int = 8) -> str:
    """Column names, the first few of many; none at all is all of them."""
    if not names:
        return "every column"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
