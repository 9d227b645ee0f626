"""Rows that the model will most likely refuse, by what it was seen to refuse.

Which rows of a group are refused is found by halving, a dozen calls of the model for
each. Where the reason is known beforehand, those rows are put aside, and few are asked.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlflow_serverless.verify.batch import Batch, is_gap, rows_of
from mlflow_serverless.verify.questions import Probe

FLOAT32_MAX = float(np.finfo(np.float32).max)

Mask = NDArray[np.bool_]


def suspects(batch: Batch, probes: Sequence[Probe], plain: Batch | None) -> Mask:
    """
    Which rows of *batch* hold something that a probe was refused for.

    Args:
        batch: Rows.
        probes: What the model was asked.
        plain: Rows that it answered: what is not like them is strange.
    """
    found = np.zeros(rows_of(batch), bool)
    for item in probes if len(found) else ():
        for name in item.of if item.refused else ():
            cells, known = _cells(batch, name), _cells(plain, name)
            if cells is not None and item.value in TESTS:
                odd = TESTS[item.value](cells, cells if known is None else known)
                found |= odd.reshape(len(found), -1).any(axis=1)
    return found


def _cells(batch: Batch | None, name: str) -> NDArray[Any] | None:
    """A column or tensor; a column by its position where it has no name."""
    if batch is None or isinstance(batch, dict):
        return None if batch is None else batch.get(name)
    keys = {str(key): key for key in batch.columns}
    return batch[keys[name]].to_numpy() if name in keys else None


def _missing(cells: NDArray[Any], _: NDArray[Any]) -> Mask:
    return np.asarray(pd.isna(cells))


def _null(cells: NDArray[Any], _: NDArray[Any]) -> Mask:
    return np.asarray(np.vectorize(is_gap, otypes=[bool])(cells))


def _infinite(cells: NDArray[Any], _: NDArray[Any]) -> Mask:
    if cells.dtype.kind != "f":
        return np.zeros(cells.shape, bool)
    return np.asarray(np.isinf(cells))


def _large(cells: NDArray[Any], _: NDArray[Any]) -> Mask:
    if cells.dtype.kind != "f":
        return np.zeros(cells.shape, bool)
    return np.asarray(np.abs(cells) > FLOAT32_MAX)


def _unseen(cells: NDArray[Any], known: NDArray[Any]) -> Mask:
    return ~np.asarray(pd.Series(cells.ravel()).isin(pd.unique(known.ravel())))


def _outside(cells: NDArray[Any], known: NDArray[Any]) -> Mask:
    if cells.dtype.kind != "f":
        return _unseen(cells, known)
    return np.asarray(~((cells >= np.nanmin(known)) & (cells <= np.nanmax(known))))


TESTS: dict[str, Callable[[NDArray[Any], NDArray[Any]], Mask]] = {
    "missing": _missing,
    "null": _null,
    "infinite": _infinite,
    "large": _large,
    "unseen": _unseen,
    "outside": _outside,
}
"""Which cells are of a kind, by that kind's name; beside cells that are not."""
