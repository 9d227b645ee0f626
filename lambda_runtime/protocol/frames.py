"""The shapes a table of rows comes in, read without turning one into another.

Every frame has `count` (rows), `names` (its columns, as the caller named them),
`column(name)` (one column's cells, or None if it has none of that name) and
`cells(names)` (all cells of these columns, row after row: the fast way, which raises
KeyError or TypeError where the slow way must look closer).
"""

from __future__ import annotations

from _operator import itemgetter
from itertools import chain

from lambda_runtime.faults import BadRequest, SchemaMismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Protocol

    class Frame(Protocol):
        """A table as it came."""

        @property
        def count(self) -> int:
            """Rows."""
            ...

        @property
        def names(self) -> Sequence[Any]:
            """Column names; numbers where the caller gave none."""
            ...

        def has(self, names: Iterable[str]) -> bool:
            """Whether all of *names* are columns; False may be over-careful."""
            ...

        def column(self, name: str) -> list[Any] | None:
            """One column's cells; None if there is no such column."""
            ...

        def cells(self, names: tuple[str, ...]) -> Iterable[Any]:
            """All cells of *names*, row-major."""
            ...


class ByRow:
    """A list of rows, each a list of cells in the order of `names`."""

    def __init__(self, names: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
        self.names = tuple(names)
        self.rows = rows
        self.count = len(rows)
        self._places = dict(zip(self.names, range(len(self.names)), strict=True))

    def has(self, names: Iterable[str]) -> bool:
        """Whether all of *names* are columns."""
        return all(name in self._places for name in names)

    def column(self, name: str) -> list[Any] | None:
        """One column's cells; None if there is no such column."""
        at = self._places.get(name)
        if at is None:
            return None
        if self._doubled and self.names.count(name) > 1:
            raise BadRequest(f"Column '{name}' is given more than once.")
        return [row[at] for row in self.rows]

    @property
    def _doubled(self) -> bool:
        return len(self._places) != len(self.names)

    def cells(self, names: tuple[str, ...]) -> Iterable[Any]:
        """All cells of *names*, row-major; KeyError if one is absent or doubled."""
        if names == self.names:
            return chain.from_iterable(self.rows)
        if self._doubled:
            raise KeyError
        wanted = [self._places[name] for name in names]
        rows: Iterable[Any] = map(itemgetter(*wanted), self.rows)
        return rows if len(wanted) == 1 else chain.from_iterable(rows)


class ByRecord:
    """A list of objects, one a row; a key absent from a record is a missing cell."""

    def __init__(self, records: Sequence[dict[str, Any]], *, whole: bool) -> None:
        self.records = records
        self.count = len(records)
        self.whole = whole
        """Whether a key must be in every record or in none (`instances`)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every key of every record, in order of appearance."""
        return tuple(dict.fromkeys(chain.from_iterable(self.records)))

    def has(self, names: Iterable[str]) -> bool:
        """Whether the first record has all of *names*."""
        first = self.records[0] if self.records else {}
        return all(name in first for name in names)

    def column(self, name: str) -> list[Any] | None:
        """One column's cells; None if no record has the key."""
        try:
            return [record[name] for record in self.records]
        except KeyError:
            pass
        if not any(name in record for record in self.records):
            return None
        if self.whole:
            raise BadRequest(
                "Invalid input. The length of values for each input/column name "
                f"are not the same: '{name}' is missing from some instances."
            )
        return [record.get(name) for record in self.records]

    def cells(self, names: tuple[str, ...]) -> Iterable[Any]:
        """All cells of *names*, row-major; raises KeyError while read, if absent."""
        rows: Iterable[Any] = map(itemgetter(*names), self.records)
        return rows if len(names) == 1 else chain.from_iterable(rows)


class ByColumn:
    """An object of columns; a scalar beside lists stands in every row."""

    def __init__(self, columns: dict[str, Any], count: int) -> None:
        self.columns = columns
        self.count = count

    @property
    def names(self) -> tuple[str, ...]:
        """The object's keys."""
        return tuple(self.columns)

    def has(self, names: Iterable[str]) -> bool:
        """Whether all of *names* are keys."""
        return all(name in self.columns for name in names)

    def column(self, name: str) -> list[Any] | None:
        """One column's cells; None if there is no such key."""
        if name not in self.columns:
            return None
        cells = self.columns[name]
        if not isinstance(cells, list):
            return [cells] * self.count
        if len(cells) != self.count:
            raise SchemaMismatch(
                "All columns must be of the same length: "
                f"'{name}' has {len(cells)} values, not {self.count}."
            )
        return cells

    def cells(self, names: tuple[str, ...]) -> Iterable[Any]:
        """All cells of *names*, row-major; KeyError if one is absent or a scalar."""
        lists = [self.columns[name] for name in names]
        if any(type(cells) is not list or len(cells) != self.count for cells in lists):
            raise KeyError
        return lists[0] if len(lists) == 1 else chain.from_iterable(zip(*lists))  # noqa: B905 - lengths compared above


def by_row(rows: list[Any], names: Any = None) -> Frame:
    """
    A frame of *rows*: lists of cells, bare cells (one column), or objects.

    Raises:
        BadRequest: The rows are not alike, or not as wide as *names*.
    """
    kinds = set(map(type, rows))
    if kinds == {dict}:
        return ByRecord(rows, whole=False)
    if not kinds & {list, dict}:
        rows = [[cell] for cell in rows]
    elif kinds != {list}:
        raise BadRequest("Invalid input. Rows must be all arrays or all objects.")
    widths = set(map(len, rows))
    width = len(names) if isinstance(names, list) else max(widths, default=0)
    if widths - {width}:
        raise BadRequest(
            f"Invalid input. {width} columns are expected in every row, "
            f"but rows have {_few(sorted(widths))}."
        )
    return ByRow(range(width) if names is None else names, rows)


def by_column(columns: dict[str, Any], known: Iterable[str | None]) -> ByColumn:
    """
    A frame of an object of columns; all scalars make one row.

    *known* are the names that count: the length of other columns is no matter.
    """
    lengths = [
        len(columns[name])
        for name in known
        if name is not None and isinstance(columns.get(name), list)
    ]
    return ByColumn(columns, lengths[0] if lengths else 1)


def positional(frame: Frame) -> Frame:
    """*frame* with its columns named "0", "1", ... as they stand."""
    if isinstance(frame, ByRow):
        return ByRow([str(at) for at in range(len(frame.names))], frame.rows)
    cells = [frame.column(name) or [] for name in frame.names]
    return ByColumn({str(at): column for at, column in enumerate(cells)}, frame.count)


def _few(items: Sequence[Any], most: int = 8) -> str:
    """The first of *items*, for a message."""
    shown = ", ".join(str(item)[:64] for item in items[:most])
    return shown + (", ..." if len(items) > most else "")
