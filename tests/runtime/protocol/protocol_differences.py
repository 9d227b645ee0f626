"""Where we answer otherwise than MLflow's scoring server, on purpose; and only there.

The names are the rows of the table in `docs/protocol.md`; the reasons are there.
"""

from __future__ import annotations

import math
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

ALL = {
    LOSSY, BOOLEANS, TEXTS, MISSING_TEXTS, BINARY, TIMES, MISSING_INTEGERS, RAGGED, SHAPE,
    EXTRAS, NESTED, CSV, PARAMS, MEDIA,
}  # fmt: skip
"""Every difference that a test shows."""


def of_cell(type_: str, cell: Any, *, loose: bool) -> str | None:
    """The difference that one cell may show; None if both must do the same."""
    missing = cell is None or (isinstance(cell, float) and math.isnan(cell))
    if type_ in {"integer", "long"}:
        number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
        return LOSSY if number and not missing and _lossy(type_, cell) else None
    if type_ == "boolean":
        return BOOLEANS if missing or isinstance(cell, (str, list, dict)) else None
    if type_ == "string":
        if isinstance(cell, (list, dict)):
            return NESTED
        if missing:
            return MISSING_TEXTS if loose else None
        return None if loose or isinstance(cell, str) else TEXTS
    if type_ == "binary":
        return None if isinstance(cell, str) and cell.isascii() else BINARY
    if type_ == "datetime":
        if missing or cell in {"", "NaN"} or cell == math.inf:
            return MISSING_INTEGERS
        return None if _plain_time(cell) else TIMES
    return None


def _lossy(type_: str, cell: float) -> bool:
    if isinstance(cell, float) and not cell.is_integer():
        return True
    return abs(cell) >= 2 ** (31 if type_ == "integer" else 63)


def _plain_time(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.startswith("20") and cell[-1] != "Z" and "+" not in cell
    return type(cell) is int
