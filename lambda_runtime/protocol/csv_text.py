"""`text/csv` as pandas reads it for MLflow: a header row, the usual missing marks."""

from __future__ import annotations

from _csv import Error as CsvError
from _csv import reader
from _io import StringIO

from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol.coerce import NAN
from lambda_runtime.protocol.frames import ByColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Column
    from lambda_runtime.protocol.bind import Binder

MISSING = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
    "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
"""Cells that pandas takes for missing."""

_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def read_csv(body: bytes, binder: Binder) -> ByColumn:
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
    names = _names(header, binder)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return ByColumn(
        {
            name: _column(cells, binder.columns.get(name))
            for name, cells in zip(names, columns, strict=True)
        },
        len(rows),
    )


def _names(header: list[str], binder: Binder) -> list[str]:
    """The header's names; positions where the signature goes by them."""
    tensors = binder.signature.tensors
    if binder.unnamed or (tensors and not tensors[0].name):
        return [str(at) for at in range(len(header))]
    if len(set(header)) < len(header):
        known = [*binder.columns, *(tensor.name for tensor in tensors)]
        doubled = [name for name in known if header.count(name) > 1]
        if doubled:
            raise _refused(f"column '{doubled[0]}' is given more than once")
    return header


def _column(cells: Sequence[str], column: Column | None) -> list[Any]:
    """A column's cells as JSON would have had them, as far as its type tells."""
    type_ = column.type if column else ""
    if MISSING.isdisjoint(cells):
        if type_ in {"double", "float"}:
            try:
                return list(map(float, cells))
            except ValueError:
                return list(cells)
        if type_ in {"string", ""}:
            return list(cells)
    return [_cell(cell, type_) for cell in cells]


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
