"""Typed values to the buffers a graph takes."""

from __future__ import annotations

import struct
from array import array

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from lambda_runtime.protocol.coerce import (
    BITS,
    CODES,
    FLOATS,
    Misfit,
    bools,
    floats,
    ints,
    texts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.tensor import Buffer


QUICK = {
    ("double", "float64"): "d", ("double", "float32"): "f",
    ("float", "float64"): "fd", ("float", "float32"): "f",
    ("long", "float64"): "qd", ("long", "float32"): "qf", ("long", "int64"): "q",
    ("integer", "float64"): "id", ("integer", "float32"): "if",
    ("integer", "int32"): "i", ("integer", "int64"): "iq",
    ("boolean", "float64"): "?d", ("boolean", "float32"): "?f",
    ("boolean", "bool"): "?B",
}  # fmt: skip
"""Column type and element type: the array codes clean cells go through, in turn."""


def quick(cells: Any, codes: str) -> Any:
    """A column of clean cells through *codes*; None if one needs a closer look."""
    try:
        for code in codes:
            if code != "?":
                cells = array(code, cells)
            elif set(map(type, cells)) != {bool}:
                return None
    except (TypeError, OverflowError):
        return None
    return cells


def cast(values: Sequence[Any], dtype: str) -> Any:
    """
    *values* as *dtype*: an array (its bits for bool and float16), or a list of texts.

    Raises:
        Misfit: A value has no equal in *dtype*; null and NaN fit floats and texts only.
    """
    code = CODES.get(dtype)
    if code is None:
        return texts(values, NULL_TEXT, NAN_TEXT, loose=True)
    if dtype in FLOATS:
        same = isinstance(values, array) and values.typecode == code
        return values if same else floats(values, code)
    if dtype == "float16":
        return halves(values)
    if dtype == "bool":
        return array("B", bools(values))
    return ints(values, dtype)


def halves(values: Sequence[Any]) -> array[int]:
    """Numbers as the bits of float16; too large is infinite, as numpy has it."""
    numbers = floats(values)
    bits = array("H")
    try:
        bits.frombytes(struct.pack(f"{len(numbers)}e", *numbers))
    except OverflowError:
        bits.frombytes(b"".join(map(_half, numbers)))
    return bits


def _half(number: float) -> bytes:
    try:
        return struct.pack("e", number)
    except OverflowError:
        return struct.pack("e", float("inf") if number > 0 else float("-inf"))


def typed(values: Sequence[Any], type_: str, *, optional: bool, loose: bool) -> Any:
    """
    Cells as what a signature's column or tensor type holds.

    Args:
        values: Cells as they came.
        type_: A scalar column type or an element type; not datetime, not binary.
        optional: Whether null may stand for a missing integer or boolean.
        loose: Whether numbers may stand for texts, in Python's spelling.

    Raises:
        Misfit: A cell is not of this type, nor safely made so.
    """
    if type_ in FLOATS:
        return floats(values, FLOATS[type_])
    if type_ in BITS:
        return ints(values, type_, optional=optional)
    if type_ in {"boolean", "bool"}:
        return bools(values, optional=optional)
    if type_ == "float16":
        numbers = halves(values)
        return array("d", struct.unpack(f"{len(numbers)}e", numbers.tobytes()))
    if type_ == "string":
        return texts(values, NULL_TEXT, NAN_TEXT, loose=loose)
    raise Misfit(f"values of a type that is not served: {type_}")


def side_by_side(columns: Sequence[Any]) -> Any:
    """Equal columns as one row-major sequence of their kind."""
    if len(columns) == 1:
        return columns[0]
    if len(columns[0]) == 1:
        row = [column[0] for column in columns]
        first = columns[0]
        return array(first.typecode, row) if isinstance(first, array) else row
    whole = columns[0] * len(columns)
    for at, column in enumerate(columns):
        whole[at :: len(columns)] = column
    return whole


def buffer(values: Any) -> Buffer | list[str]:
    """What a `Value` holds: bytes of an array, or a list of texts."""
    return memoryview(values).cast("B") if isinstance(values, array) else list(values)


def unpack(dtype: str, data: Any) -> list[Any]:
    """The elements of a `Value`, widened to Python's numbers as `item()` does."""
    if dtype == "string":
        return list(data)
    view = memoryview(data).cast("B")
    if dtype == "float16":
        return list(struct.unpack(f"{len(view) // 2}e", view))
    code: Any = "?" if dtype == "bool" else CODES[dtype]
    elements: list[Any] = view.cast(code).tolist()
    return elements
