"""Rows on their way to the model: a table, or named tensors."""

from collections.abc import Sequence
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


def as_requested(batch: Batch) -> Batch:
    """
    *batch* as a request can say it.

    Where pandas reads null as NaN, no request can make the model see None, and
    comparing there proves nothing; so None becomes NaN.
    """
    if not isinstance(batch, pd.DataFrame) or not null_is_nan():
        return batch
    made = batch.copy()
    for name in batch.columns:
        if batch[name].dtype == object:
            items = [float("nan") if item is None else item for item in batch[name]]
            made[name] = pd.Series(items, index=batch.index, dtype=object)
    return made


def native_form(batch: Batch) -> pd.DataFrame | NDArray[Any] | dict[str, NDArray[Any]]:
    """*batch* as `pyfunc` wants it: an unnamed tensor is a bare array."""
    if isinstance(batch, dict) and set(batch) == {""}:
        return batch[""]
    return batch


def describe_row(batch: Batch, row: int, *, limit: int = 400) -> str:
    """One row as text, values exact, cut at *limit* characters."""
    if isinstance(batch, pd.DataFrame):
        parts = [f"{name}={exact(batch[name].iloc[row])}" for name in batch.columns]
    else:
        parts = [f"{n or 'input'}={a[row].tolist()}" for n, a in batch.items()]
    text = "{" + ", ".join(parts) + "}"
    return text if len(text) <= limit else text[: limit - 2] + "…}"


def exact(value: object) -> str:
    """A value such that reading it back gives the same bits."""
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(plain)
