"""The table an estimator is given: columns of several types, in order.

scikit-learn sees a DataFrame (or a matrix); a graph has a few typed matrices. A `Frame`
keeps which column of which matrix each column of the DataFrame is, and the type that
numpy would have given it, because float32 columns alone are computed in float32.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.symbol import Sym


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it is, what it is called, and its type outside."""

    block: Sym | None
    """The matrix that holds it; None if no graph can (dates, bytes)."""
    index: int
    dtype: str
    """numpy's name: float64, float32, int64, bool, string, ..."""
    name: str | None = None
    source: str | None = None
    """The request's column that it was made of alone, if it is called otherwise."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns in order."""

    graph: Builder
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.columns)

    @property
    def names(self) -> tuple[str | None, ...]:
        """Column names; None where a column has none."""
        return tuple(column.name for column in self.columns)

    @property
    def sources(self) -> tuple[str | None, ...]:
        """The request's column behind each column; None where none or several are."""
        return tuple(column.source or column.name for column in self.columns)

    def take(self, positions: Iterable[int]) -> "Frame":
        """These columns, in this order."""
        return Frame(self.graph, tuple(self.columns[i] for i in positions))

    def by_name(self, names: Sequence[str]) -> "Frame":
        """The columns called *names*; NoConversionError if one is not there."""
        where = {name: i for i, name in enumerate(self.names)}
        missing = [name for name in names if name not in where]
        if missing:
            why = f"it reads columns {missing}, which the signature does not have"
            raise NoConversionError(why, of="DataFrame")
        return self.take(where[name] for name in names)

    def single(self, position: int) -> Sym:
        """One column as `(rows, 1)`, in its own type."""
        return self.take([position]).matrix()

    def matrix(self) -> Sym:
        """All columns as one matrix, of the type numpy would give it."""
        kinds = {column.dtype for column in self.columns}
        if "string" in kinds and len(kinds) > 1:
            raise NoConversionError(_mixed(self), of="DataFrame")
        wanted = common_type(kinds)
        parts = [_block(run).cast(wanted) for run in _runs(self.columns)]
        return self.graph.concat(parts)


def frame_of(data: "Sym | Frame", names: Sequence[str] | None = None) -> Frame:
    """A matrix as a frame; a frame as it is."""
    if isinstance(data, Frame):
        return data
    called: Sequence[str | None] = names or [None] * data.width
    columns = (Column(data, i, data.dtype, name) for i, name in enumerate(called))
    return Frame(data.graph, tuple(columns))


def sourced(matrix: Sym, sources: Sequence[str | None]) -> Frame:
    """A matrix as a frame without names, each column made of one of *sources*."""
    return Frame(
        matrix.graph,
        tuple(
            Column(matrix, i, matrix.dtype, source=name)
            for i, name in enumerate(sources)
        ),
    )


def matrix_of(data: "Sym | Frame") -> Sym:
    """A frame as one matrix; a matrix as it is."""
    return data.matrix() if isinstance(data, Frame) else data


def side_by_side(parts: Sequence["Sym | Frame"]) -> Frame:
    """Columns of all *parts*, in order."""
    frames = [frame_of(part) for part in parts]
    columns = tuple(column for frame in frames for column in frame.columns)
    return Frame(frames[0].graph, columns)


def common_type(kinds: Iterable[str]) -> str:
    """What numpy makes of these types side by side, as a type graphs compute in."""
    kinds = set(kinds)
    if kinds in ({"string"}, {"float32"}):
        return kinds.pop()
    return "float64"


def _runs(columns: Sequence[Column]) -> list[list[Column]]:
    """Neighbours that come from one matrix, together."""
    runs: list[list[Column]] = []
    for column in columns:
        if runs and runs[-1][0].block is column.block:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _block(run: Sequence[Column]) -> Sym:
    block = run[0].block
    if block is None:
        why = f"column {run[0].name!r} is {run[0].dtype}, which no tensor holds"
        raise NoConversionError(why, of="DataFrame")
    return block.take([column.index for column in run])


def _mixed(frame: Frame) -> str:
    texts = [c.name for c in frame.columns if c.dtype == "string"]
    return f"text columns {texts} are used as numbers with the others"
