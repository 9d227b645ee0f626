"""`text/csv` as pandas reads it for MLflow: a header row, the usual missing marks."""

from __future__ import annotations

from _csv import Error as CsvError
from _csv import reader
from _io import StringIO

from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol.coerce import NAN, Misfit, each
from lambda_runtime.protocol.columns import column_misfit
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

_BOM = b"\xef\xbb\xbf"
_WORDS = {"true": True, "false": False}
_NUMBERS = {0.0: False, 1.0: True}
_FLOATS = frozenset({"double", "float"})
_WHOLE = frozenset({"integer", "long"})


def read_csv(body: bytes, binder: Binder) -> ByColumn:
    """
    The table in a CSV body; its first line names the columns.

    Raises:
        BadRequest: Not UTF-8, empty, not CSV, or rows of another width than the header.
    """
    try:
        text = StringIO(body.removeprefix(_BOM).decode(), newline="")
        lines = [line for line in reader(text, strict=True) if not _blank(line)]
    except (CsvError, UnicodeDecodeError):
        raise _refused("it is not UTF-8 text with fields below 128 KiB") from None
    if not lines:
        raise _refused("it is empty")
    header, *rows = lines
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


def _blank(line: list[str]) -> bool:
    """Whether pandas would not see *line*: it is empty, or holds blanks alone."""
    return not line or (len(line) == 1 and line[0].isspace())


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
    """
    A column's cells as JSON would have had them, as far as its type tells.

    Raises:
        BadRequest: A numeric column holds what pandas takes for a text.
    """
    type_ = column.type if column else ""
    if MISSING.isdisjoint(cells):
        if type_ in _FLOATS and _plain("".join(cells)):
            try:
                return list(map(float, cells))
            except ValueError:
                pass  # one is no number: which, is found below
        if type_ in {"string", ""}:
            return list(cells)
    if type_ == "boolean":
        return _booleans(cells)
    if column is None or type_ not in _FLOATS | _WHOLE:
        none = NAN if type_ == "string" else None
        return [none if cell in MISSING else cell for cell in cells]
    try:
        return each(cells, lambda cell: _number(cell, type_))
    except Misfit as misfit:
        raise column_misfit(column, misfit) from None


def _plain(text: str) -> bool:
    """Whether what Python reads as numbers in *text* pandas does, too."""
    return text.isascii() and "_" not in text and "nan" not in text.lower()


def _number(cell: str, type_: str) -> float | None:
    """The number in *cell*; None if it is missing; Misfit if it is a text."""
    if cell in MISSING:
        return None
    if not _plain(cell):
        raise Misfit("a text that is no number")
    try:
        if type_ in _WHOLE and cell.strip().lstrip("+-").isdigit():
            return int(cell)
        return float(cell)
    except ValueError:
        raise Misfit("a text that is no number") from None


def _booleans(cells: Sequence[str]) -> list[Any]:
    """
    Words alone, or the numbers 0 and 1 alone, as booleans.

    Anything else stays a text, which no boolean column takes.
    """
    given = [cell for cell in cells if cell not in MISSING]
    if _WORDS.keys() >= {cell.lower() for cell in given}:
        return [_WORDS.get(cell.lower()) for cell in cells]
    try:
        values = {cell: _NUMBERS[_number(cell, "double") or 0.0] for cell in given}
    except (Misfit, KeyError):
        return list(cells)
    return [values.get(cell) for cell in cells]


def _refused(why: str) -> BadRequest:
    return BadRequest(
        "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid "
        f"CSV-formatted DataFrame with a header row: {why}."
    )
