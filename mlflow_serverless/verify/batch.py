"""Rows on their way to the model: a table, or named tensors."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Batch = pd.DataFrame | dict[str, NDArray[Any]]
"""A frame in the signature's own dtypes; or tensors by name, `""` if unnamed."""


def rows_of(batch: Batch) -> int:
    """How many rows *batch* has."""
    if isinstance(batch, pd.DataFrame):
        return len(batch)
    return min((len(array) for array in batch.values()), default=0)


def take(batch: Batch, rows: NDArray[np.intp]) -> Batch:
    """These *rows*, in this order."""
    if isinstance(batch, pd.DataFrame):
        return batch.iloc[rows].reset_index(drop=True)
    return {name: array[rows] for name, array in batch.items()}


def join(batches: Sequence[Batch]) -> Batch:
    """All rows, one batch after the other; the batches have the same parts."""
    first = batches[0]
    if isinstance(first, pd.DataFrame):
        frames = [item for item in batches if isinstance(item, pd.DataFrame)]
        columns = {
            name: np.concatenate([frame[name].to_numpy() for frame in frames])
            for name in first.columns
        }
        return pd.DataFrame(columns, columns=first.columns)
    tensors = [item for item in batches if isinstance(item, dict)]
    return {
        name: np.concatenate([tensor[name] for tensor in tensors]) for name in first
    }


@cache
def null_is_nan() -> bool:
    """Whether the pandas beside the model reads a null among texts as NaN (3 does)."""
    read = pd.DataFrame({"texts": ["", None]})["texts"][1]
    return read is not None


def as_requested(batch: Batch, *, one_by_one: bool = False) -> Batch:
    """
    *batch* as requests can say it: as one, or a row each.

    Where pandas reads null as NaN, a null beside texts can only be NaN; a column of
    nulls alone can only be None, for nothing says that it holds texts.
    """
    if not isinstance(batch, pd.DataFrame) or not null_is_nan():
        return batch
    made = [
        _as_read(cells, alone=one_by_one) if cells.dtype == object else cells
        for cells in columns_of(batch)
    ]
    # by position: a name may be given twice
    return pd.concat(made, axis=1) if made else batch


def _as_read(cells: "pd.Series[Any]", *, alone: bool) -> "pd.Series[Any]":
    """Objects with the one gap that a request can have among them."""
    gap = None if alone or is_all_gaps(cells) else float("nan")
    items = [gap if is_gap(item) else item for item in cells]
    return pd.Series(items, index=cells.index, name=cells.name, dtype=object)


def columns_of(frame: pd.DataFrame) -> "list[pd.Series[Any]]":
    """Every column, also of those that have one name."""
    return [frame.iloc[:, at] for at in range(frame.shape[1])]


def same_gaps(one: Batch, other: Batch) -> bool:
    """Whether two batches of the same rows have the same kind of gap among texts."""
    if not isinstance(one, pd.DataFrame) or not isinstance(other, pd.DataFrame):
        return True
    return all(
        (left is None) == (right is None)
        for ours, theirs in zip(columns_of(one), columns_of(other), strict=True)
        if ours.dtype == object
        for left, right in zip(ours, theirs, strict=True)
    )


def is_gap(item: object) -> bool:
    """Whether *item* is None or NaN."""
    return item is None or (isinstance(item, float) and item != item)  # noqa: PLR0124 - NaN alone


def is_all_gaps(cells: Iterable[object]) -> bool:
    """Whether *cells* are gaps, every one."""
    return all(map(is_gap, cells))


def native_form(batch: Batch) -> pd.DataFrame | NDArray[Any] | dict[str, NDArray[Any]]:
    """*batch* as `pyfunc` wants it: an unnamed tensor is a bare array."""
    if isinstance(batch, dict) and set(batch) == {""}:
        return batch[""]
    return batch


def describe_row(batch: Batch, row: int, *, limit: int = 400) -> str:
    """One row as text, values exact, cut at *limit* characters."""
    if isinstance(batch, pd.DataFrame):
        parts = [
            f"{cells.name}={exact(cells.iloc[row])}" for cells in columns_of(batch)
        ]
    else:
        parts = [f"{n or 'input'}={a[row].tolist()}" for n, a in batch.items()]
    text = "{" + ", ".join(parts) + "}"
    return text if len(text) <= limit else text[: limit - 2] + "…}"


def exact(value: object) -> str:
    """A value such that reading it back gives the same bits."""
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(plain)
