"""The signature's columns, read from cells and named in MLflow's words."""

from __future__ import annotations

import struct

from lambda_runtime.faults import BadRequest, SchemaMismatch
from lambda_runtime.manifest import NULL_TEXT
from lambda_runtime.protocol.cast import QUICK, cast, quick, typed
from lambda_runtime.protocol.coerce import NAN, Misfit, each, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.manifest import Column
    from lambda_runtime.protocol.frames import Frame

    Check = tuple[frozenset[type], float]
    """Types a clean cell of a numeric column has; what its magnitude stays under."""


_SHOWN = 20
"""Names listed in a message at most."""

NUMPY = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32",
    "double": "float64", "datetime": "datetime64[ns]", "binary": "bytes",
}  # fmt: skip
"""Column types by the names MLflow's messages use; texts have none."""


_CHECKS: dict[str, Check] = {
    "double": (frozenset({float, int, bool, type(None)}), float("inf")),
    "long": (frozenset({int, bool}), 2.0**63),
    "integer": (frozenset({int, bool}), 2.0**31),
    "boolean": (frozenset({bool}), 2.0),
}


_TEXTS = {str, type(None)}


def checks_for(columns: Sequence[Column], dtype: str) -> tuple[Check, ...]:
    """What clean cells of *columns* are, if *dtype* can hold them as they come."""
    if dtype != "float64" or not all(column.type in _CHECKS for column in columns):
        return ()
    return tuple(_check(column) for column in columns)


def _check(column: Column) -> Check:
    types, limit = _CHECKS[column.type]
    return (types if column.required else types | {type(None)}), limit


class Reading:
    """One request's table on its way into graph inputs."""

    def __init__(
        self, columns: Mapping[str, Column], frame: Frame, *, loose: bool
    ) -> None:
        self.frame = frame
        self._columns = columns
        self._loose = loose
        self._read: dict[str, Any] = {}

    def packed(self, names: tuple[str, ...], code: str) -> bytes | None:
        """All cells at once, null as NaN; None if one is no number, or has no key."""
        form = f"{self.frame.count * len(names)}{code}"
        try:
            return struct.pack(form, *self.frame.cells(names))
        except (struct.error, KeyError, TypeError, OverflowError):
            pass
        try:
            cells = self.frame.cells(names)
            return struct.pack(form, *[NAN if cell is None else cell for cell in cells])
        except (struct.error, KeyError, TypeError, OverflowError):
            return None

    def checked(
        self, names: tuple[str, ...], checks: tuple[Check, ...], code: str
    ) -> bytes | None:
        """All cells, each looked at; None if one is not clean."""
        clean: list[Any] = []
        try:
            cells = list(self.frame.cells(names))
        except (KeyError, TypeError):
            return None
        if len(cells) != self.frame.count * len(names):
            return None
        for cell, (types, limit) in zip(cells, checks * self.frame.count, strict=True):
            if type(cell) not in types:
                return None
            if cell is None:
                clean.append(NAN)
            elif type(cell) is int and not -limit <= cell < limit:
                return None
            else:
                clean.append(cell)
        try:
            return struct.pack(f"{len(clean)}{code}", *clean)
        except (struct.error, OverflowError):
            return None

    def texts(self, names: tuple[str, ...]) -> list[str] | None:
        """All cells, if they are texts or null; None if one is something else."""
        try:
            cells = list(self.frame.cells(names))
        except (KeyError, TypeError):
            return None
        kinds = set(map(type, cells))
        if len(cells) != self.frame.count * len(names) or not kinds <= _TEXTS:
            return None
        if str in kinds and len(kinds) == 1:
            return cells
        return [NULL_TEXT if cell is None else cell for cell in cells]

    def side(self, name: str, dtype: str) -> Any:
        """One column of a feed, as the feed's element type."""
        column = self._columns[name]
        codes = QUICK.get((column.type, dtype))
        cells = self.frame.column(name) if codes else None
        if codes and cells is not None:
            clean = quick(cells, codes)
            if clean is not None:
                return clean
        values = self.typed(name)
        try:
            return cast(values, dtype)
        except Misfit as misfit:
            raise column_misfit(column, misfit) from None

    def typed(self, name: str) -> Any:
        """One column as the signature's type holds it; read once a request."""
        if name not in self._read:
            column, cells = self._columns[name], self.frame.column(name)
            self._read[name] = read_column(
                column, cells, self.frame.count, loose=self._loose
            )
        return self._read[name]


def missing_names(
    required: Sequence[str],
    given: Sequence[Any] | Mapping[str, Any],
    known: Mapping[str, Any] | None = None,
) -> None:
    """Raise SchemaMismatch, in MLflow's words, if a required name is not given."""
    present = set(given)
    missing = [name for name in required if name not in present]
    if not missing:
        return
    message = f"Model is missing inputs {missing[:_SHOWN]}."
    expected = {*required, *(known or ())}
    extra = [name for name in given if name not in expected][:_SHOWN]
    if extra:
        shown = [name[:64] if isinstance(name, str) else name for name in extra]
        message += f" Note that there were extra inputs: {shown}."
    raise SchemaMismatch(message)


def read_column(column: Column, cells: Any, count: int, *, loose: bool) -> Any:
    """
    A column's cells as its type holds them; None instead of cells is all missing.

    Raises:
        BadRequest: A cell does not fit; the message names its row, not its value.
    """
    try:
        return _read(column, cells, count, loose=loose)
    except Misfit as misfit:
        raise column_misfit(column, misfit) from None


def _read(column: Column, cells: Any, count: int, *, loose: bool) -> Any:
    optional = not column.required
    if cells is None:
        cells, optional = [None] * count, True
    if column.type == "datetime":
        from lambda_runtime.protocol.moments import moments  # noqa: PLC0415 - if used

        return moments(cells)
    if column.type == "binary":
        return _binary(cells, optional=optional, encoded=not loose)
    if column.type not in NUMPY and column.type != "string":
        return cells
    return typed(cells, column.type, optional=optional, loose=loose)


def _binary(cells: Sequence[Any], *, optional: bool, encoded: bool) -> list[str]:
    """Bytes as text, one character (U+0000 to U+00FF) a byte: all a graph can hold."""
    from binascii import Error, a2b_base64  # noqa: PLC0415 - if used

    def read(cell: Any) -> str:
        if cell is None and optional:
            return NULL_TEXT
        if not isinstance(cell, str) or not cell.isascii():
            raise Misfit(
                kind(cell) if not isinstance(cell, str) else "other than ASCII"
            )
        if not encoded:
            return cell
        try:
            return a2b_base64(cell.encode()).decode("latin-1")
        except Error:
            raise Misfit("a text that is not base64") from None

    return each(cells, read)


def column_misfit(column: Column, misfit: Misfit) -> BadRequest:
    """What the caller is told of a cell that does not fit *column*."""
    fault = SchemaMismatch if misfit.enforced else BadRequest
    where = "It" if misfit.row is None else f"Row {misfit.row}"
    return fault(
        "Invalid input. Data is not compatible with model signature. Failed to convert "
        f"column {column.name} to type '{NUMPY.get(column.type, column.type)}'. "
        f"{where} holds {misfit}."
    )
