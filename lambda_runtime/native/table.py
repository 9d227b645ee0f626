"""Bound inputs to what the estimator sees: the very DataFrame pyfunc would show it.

Inputs hold columns of one kind side by side, as the manifest's feeds say. Whole
numbers, floats and booleans come in their own types; texts, times and bytes come as
texts and are turned into what pandas makes of them when MLflow's server reads JSON.
"""

from __future__ import annotations

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from lambda_runtime.native.libraries import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from lambda_runtime.manifest import Feed, Manifest
    from lambda_runtime.tensor import Value

    Prepare = Callable[[Mapping[str, Value]], Any]

_NAN = float("nan")


def preparer(manifest: Manifest, matrix: str) -> Prepare:
    """
    How bound inputs become what the model is given.

    Args:
        manifest: Its signature and feeds.
        matrix: Element type of one matrix of all columns; empty for a DataFrame.
    """
    library("numpy")  # now, not at the first request
    if manifest.signature.tensors:
        return lambda inputs: _tensors(inputs, manifest.feeds)
    order = [
        str(at) if column.name is None else column.name
        for at, column in enumerate(manifest.signature.columns)
    ]
    if matrix:
        return lambda inputs: _matrix(inputs, manifest.feeds, order, matrix)
    library("pandas")
    types = {
        name: column.type
        for name, column in zip(order, manifest.signature.columns, strict=True)
    }
    named = all(column.name is not None for column in manifest.signature.columns)
    return lambda inputs: _frame(inputs, manifest.feeds, types, named=named)


def array_of(value: Value) -> Any:
    """A `Value` as a numpy array; texts as objects."""
    numpy = library("numpy")
    if value.dtype == "string":
        flat = numpy.empty(len(value.data), dtype=object)
        flat[:] = [_text(str(item)) for item in value.data]
        return flat.reshape(value.shape)
    # A copy: the request's buffer is read-only, and some estimators write.
    return numpy.frombuffer(value.data, dtype=value.dtype).reshape(value.shape).copy()


def _tensors(inputs: Mapping[str, Value], feeds: Sequence[Feed]) -> Any:
    made = {feed.tensor or "": array_of(inputs[feed.input]) for feed in feeds}
    return made[""] if set(made) == {""} else made


def _places(feeds: Sequence[Feed]) -> dict[str, tuple[str, int]]:
    """Column to its input, and its place there."""
    return {
        name: (feed.input, at) for feed in feeds for at, name in enumerate(feed.columns)
    }


def _matrix(
    inputs: Mapping[str, Value], feeds: Sequence[Feed], order: Sequence[str], dtype: str
) -> Any:
    # Column after column, as pandas keeps a table: numpy sums in the order of memory,
    # and where much cancels the last digits decide.
    if len(feeds) == 1 and list(feeds[0].columns) == list(order):
        return array_of(inputs[feeds[0].input]).astype(dtype, order="F", copy=False)
    numpy = library("numpy")
    blocks = {name: array_of(value) for name, value in inputs.items()}
    places = _places(feeds)
    rows = len(next(iter(blocks.values())))
    whole = numpy.empty((rows, len(order)), dtype=dtype, order="F")
    for at, name in enumerate(order):
        block, place = places[name]
        whole[:, at] = blocks[block][:, place]
    return whole


def _frame(
    inputs: Mapping[str, Value],
    feeds: Sequence[Feed],
    types: Mapping[str, str],
    *,
    named: bool,
) -> Any:
    pandas = library("pandas")
    places = _places(feeds)
    blocks: dict[str, Any] = {}
    columns: dict[Any, Any] = {}
    for at, (name, kind) in enumerate(types.items()):
        block, place = places[name]
        value = inputs[block]
        if value.dtype == "string":
            cells: list[Any] = list(value.data)[place :: value.shape[1]]
            made = _cells(cells, kind, pandas)
        else:
            if block not in blocks:
                blocks[block] = array_of(value)
            made = blocks[block][:, place]
        columns[name if named else at] = made
    return pandas.DataFrame(columns)


def _cells(cells: Sequence[str], kind: str, pandas: Any) -> Any:
    if kind == "datetime":
        moments = [None if _missing(cell) else int(cell) for cell in cells]
        return pandas.to_datetime(pandas.Series(moments, dtype="Int64"), unit="ns")
    if kind == "binary":
        read = [None if _missing(cell) else cell.encode("latin-1") for cell in cells]
        return pandas.Series(read, dtype=object)
    texts = pandas.Series([_text(cell) for cell in cells])
    # Only nulls: pandas would make numbers of them, MLflow's server keeps objects.
    kept = texts.dtype == object or isinstance(texts.dtype, pandas.StringDtype)
    return texts if kept else texts.astype(object)


def _missing(cell: str) -> bool:
    return cell in {NULL_TEXT, NAN_TEXT}


def _text(cell: str) -> Any:
    if cell == NULL_TEXT:
        return None
    return _NAN if cell == NAN_TEXT else cell
