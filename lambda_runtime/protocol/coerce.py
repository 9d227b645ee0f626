"""Cells to typed values, by MLflow's rules; what would change a value is refused.

Each reader takes one column's cells as JSON gave them and answers a list or array of
plain values, None (or NaN) where a cell is missing. The whole column is tried at once
in C; only if that fails is every cell looked at, and the first that does not fit is
named by its row. Messages never hold a value.
"""

from __future__ import annotations

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

NAN = float("nan")

FLOATS = {"float": "f", "double": "d", "float32": "f", "float64": "d"}
"""Column types and element types held in an array of C floats."""

BITS = {
    "integer": 32, "long": 64, "int8": 8, "int16": 16, "int32": 32, "int64": 64,
    "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64,
}  # fmt: skip
"""Integer types' widths."""

CODES = {
    "float32": "f", "float64": "d", "int8": "b", "int16": "h", "int32": "i",
    "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
    "bool": "B", "float16": "H",
}  # fmt: skip
"""Array codes of element types; bools and float16 are held as their bits."""


class Misfit(ValueError):
    """A cell that does not fit; the message says what it holds, never the value."""

    row: int | None = None
    enforced = False
    """Whether MLflow refuses it when enforcing the schema, not when parsing."""


def kind(value: object) -> str:
    """What *value* is, in JSON's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "NaN" if value != value else "a number"  # noqa: PLR0124 - NaN differs from itself
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, (list, tuple)) else "an object"


def each(values: Sequence[Any], read: Callable[[Any], Any]) -> list[Any]:
    """*read* of every value; the Misfit it raises is given its row."""
    done: list[Any] = []
    try:
        for value in values:
            done.append(read(value))  # noqa: PERF401 - how far it came is the row
    except Misfit as misfit:
        misfit.row = len(done)
        raise
    return done


def floats(values: Sequence[Any], code: str = "d") -> array[float]:
    """Numbers, booleans as 0 and 1, numeric texts; null is NaN."""
    try:
        return array(code, values)
    except (TypeError, OverflowError):
        pass
    try:
        return array(code, [NAN if value is None else value for value in values])
    except (TypeError, OverflowError):
        pass
    try:
        return array(code, list(map(float, values)))
    except (TypeError, ValueError, OverflowError):
        return array(code, each(values, _float))


def _float(value: Any) -> float:
    if value is None:
        return NAN
    if isinstance(value, (int, float, str)):
        try:
            return float(value)
        except ValueError:
            raise Misfit("a text that is no number") from None
        except OverflowError:
            raise Misfit("a number beyond float64's range") from None
    raise Misfit(kind(value))


def ints(values: Sequence[Any], type_: str, *, optional: bool = False) -> Sequence[Any]:
    """Whole numbers that fit *type_*; None stays where *optional*."""
    bits, signed = BITS[type_], not type_.startswith("u")
    low = -(1 << bits - 1) if signed else 0
    high = (1 << bits - signed) - 1
    code = CODES.get(type_, "i" if bits == 32 else "q")
    try:
        return array(code, values)
    except (TypeError, OverflowError):
        pass

    def read(value: Any) -> int | None:
        if value is None and optional:
            return None
        whole = _whole(value)
        if not low <= whole <= high:
            raise Misfit(f"a number beyond {bits} {'' if signed else 'unsigned '}bits")
        return whole

    return each(values, read)


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not value.is_integer():
            raise Misfit(
                "a number with a fraction" if value - value == 0 else kind(value)
            )
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise Misfit("a text that is no whole number") from None
    raise Misfit(kind(value))


def bools(values: Sequence[Any], *, optional: bool = False) -> list[bool | None]:
    """True and false; numbers by being other than zero; None stays where *optional*."""
    if set(map(type, values)) == {bool}:
        return list(values)

    def read(value: Any) -> bool | None:
        if isinstance(value, (bool, int)):
            return bool(value)
        if optional and (value is None or value != value):  # noqa: PLR0124 - NaN
            return None
        if isinstance(value, float) and value == value:  # noqa: PLR0124 - NaN
            return bool(value)
        raise Misfit(kind(value))

    return each(values, read)


def texts(values: Sequence[Any], null: str, nan: str, *, loose: bool) -> list[str]:
    """
    Texts, with *null* for None and *nan* for NaN.

    Args:
        values: Cells.
        null: Stands for None.
        nan: Stands for a float NaN.
        loose: Take numbers and booleans too, in Python's spelling, as numpy does.
    """
    if set(map(type, values)) == {str}:
        return values if isinstance(values, list) else list(values)

    def read(value: Any) -> str:
        if isinstance(value, str):
            return value
        if value is None:
            return null
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            return nan
        if loose and isinstance(value, (int, float)):
            return str(value)
        raise Misfit(kind(value))

    return each(values, read)
