"""Where we answer otherwise than MLflow's scoring server, on purpose; and only there.

The names are the rows of the table in `docs/protocol.md`; the reasons are there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

LOSSY = "lossy integers"
BOOLEANS = "booleans"
TEXTS = "numbers for texts"
MISSING_TEXTS = "missing texts"
BINARY = "binary outside data frames"
TIMES = "times"
MISSING_INTEGERS = "missing whole numbers"
RAGGED = "ragged rows"
SHAPE = "shape of a split"
EXTRAS = "unused extras"
NESTED = "nested cells"
CSV = "CSV"
PARAMS = "parameters"
MEDIA = "media types"
NULS = "texts that end in NUL"
UNNAMED_OBJECTS = "objects for unnamed columns"

ALL = {
    LOSSY, BOOLEANS, TEXTS, MISSING_TEXTS, BINARY, TIMES, MISSING_INTEGERS, RAGGED,
    SHAPE,
    EXTRAS, NESTED, CSV, PARAMS, MEDIA, NULS,
    UNNAMED_OBJECTS,
}  # fmt: skip
"""Every difference that a test shows."""


def of_cell(type_: str, cell: Any, *, loose: bool) -> str | None:
    """The difference that one cell may show; None if both must do the same."""
    judge = _BY_TYPE.get(type_)
    return judge(cell, loose) if judge else None


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _integer(cell: Any, bits: int) -> str | None:
    number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    return LOSSY if number and not _missing(cell) and _lossy(cell, bits) else None


def _boolean(cell: Any, _: bool) -> str | None:  # noqa: FBT001 - one of a table of judges
    return BOOLEANS if _missing(cell) or isinstance(cell, (str, list, dict)) else None


def _text(cell: Any, loose: bool) -> str | None:  # noqa: FBT001 - one of a table
    if isinstance(cell, (list, dict)):
        return NESTED
    if _missing(cell):
        return MISSING_TEXTS if loose else None
    return None if loose or isinstance(cell, str) else TEXTS


def _binary(cell: Any, _: bool) -> str | None:  # noqa: FBT001 - one of a table
    return None if isinstance(cell, str) and cell.isascii() else BINARY


def _time(cell: Any, _: bool) -> str | None:  # noqa: FBT001 - one of a table
    if _missing(cell) or cell in ("", "NaN", math.inf):
        return MISSING_INTEGERS
    return None if _plain_time(cell) else TIMES


_BY_TYPE: dict[str, Callable[[Any, bool], str | None]] = {
    "integer": lambda cell, _: _integer(cell, 31),
    "long": lambda cell, _: _integer(cell, 63),
    "boolean": _boolean,
    "string": _text,
    "binary": _binary,
    "datetime": _time,
}


def _lossy(cell: float, bits: int) -> bool:
    if isinstance(cell, float) and not cell.is_integer():
        return True
    return abs(cell) >= 2**bits


def _plain_time(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.startswith("20") and cell[-1] != "Z" and "+" not in cell
    return type(cell) is int
