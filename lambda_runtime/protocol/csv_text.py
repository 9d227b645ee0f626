"""`text/csv` as pandas reads it for MLflow: a header row, the usual missing marks."""

from __future__ import annotations

from _csv import Error as CsvError
from _csv import reader
from _io import StringIO

from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol.coerce import NAN
from lambda_runtime.protocol.frames import ByRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.protocol.bind import Binder

MISSING = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
    "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
"""Cells that pandas takes for missing."""

_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def read_csv(body: bytes, binder: Binder) -> ByRow:
    """
    The table in a CSV body; its first line names the columns.

    Raises:
        BadRequest: Not UTF-8, empty, not CSV, or rows of another width than the header.
    """
    try:
        text = StringIO(body.decode(), newline="")
        lines = [line for line in reader(text, strict=True) if line]
    except (CsvError, UnicodeDecodeError):
        raise _refused("it is not UTF-8 text with fields below 128 KiB") from None
    if not lines:
        raise _refused("it is empty")
    header, *rows = lines
    header[0] = header[0].removeprefix("\ufeff")
    widths = set(map(len, rows)) - {len(header)}
    if widths:
        raise _refused(f"rows have {min(widths)} fields, the header {len(header)}")
    types = _types(header, binder)
    return ByRow(
        header,
        [list(map(_cell, row, types)) for row in rows],
    )


def _types(header: list[str], binder: Binder) -> list[str]:
    """The signature's type of every column of the file; empty for unknown ones."""
    columns = binder.columns
    names = [str(at) for at in range(len(header))] if binder.unnamed else header
    return [columns[name].type if name in columns else "" for name in names]


def _cell(cell: str, type_: str) -> Any:
    if cell in MISSING:
        return NAN if type_ == "string" else None
    if type_ == "boolean":
        return _BOOLS.get(cell.lower(), cell)
    if type_ in {"integer", "long"} and "." in cell:
        return _number(cell)
    return cell


def _number(cell: str) -> Any:
    """`1.0` as a number, as pandas has it; what is none stays a text."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _refused(why: str) -> BadRequest:
    return BadRequest(
        "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid "
        f"CSV-formatted DataFrame with a header row: {why}."
    )
