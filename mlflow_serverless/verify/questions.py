"""Questions for a model: rows like one that it answers, with one odd value each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import Column
from mlflow_serverless.verify.batch import Batch, null_is_nan
from mlflow_serverless.verify.samples.columns import FLOATS, INTEGERS, key_of
from mlflow_serverless.verify.samples.layout import WIDEST

BLOCKS = 128
"""Calls spent on one kind of value: wider tables are asked several columns at once, and
a block of which one column refuses is refused."""

TOO_LARGE = 1e39
"""Beyond float32, to which trees cast what they are given."""

STRANGER = "never seen before"
"""A text that no model was trained on."""

FAR = 1_000_003
"""A number, of either sign, that is out of most ranges and no known code."""

STRANGE = ("unseen", "outside")
"""What the graph finds, not the runtime."""

ELEMENTS = 64
"""Elements of a tensor that are asked; a value is refused in all of it, or nowhere."""

FEW = 2
"""As `ELEMENTS`, of tensors too wide to be asked so often: images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One kind of value in some columns, and what the model made of it."""

    value: str
    """As `lambda_runtime.manifest` has it for a `Refusal`, or for a `Check`."""
    of: tuple[str, ...]
    """Columns or tensors, each in rows of its own."""
    batch: Batch
    reason: str = ""
    """The model's words, if it refuses."""

    @property
    def refused(self) -> bool:
        """Whether the model raises."""
        return bool(self.reason)


def in_columns(base: pd.DataFrame, columns: Sequence[Column]) -> Iterator[list[Probe]]:
    """Questions about a table, a kind of value at a time."""
    named = [(key_of(c, i), str(key_of(c, i)), c) for i, c in enumerate(columns)]
    floats = [(key, name) for key, name, c in named if c.type in FLOATS]
    doubles = [(key, name) for key, name, c in named if c.type == "double"]
    whole = [(key, name) for key, name, c in named if c.type in INTEGERS]
    texts = [(key, name) for key, name, c in named if c.type == "string"]
    gappy = [(k, n) for k, n, c in named if not c.required and c.type in INTEGERS]
    unsure = [(k, n) for k, n, c in named if not c.required and c.type == "boolean"]
    nan, inf = float("nan"), math.inf
    yield _blocks(base, "missing", floats, (nan,))
    yield [
        *_blocks(base, "infinite", floats, (inf,)),
        *_blocks(base, "infinite", floats, (-inf,)),
    ]
    yield [
        *_blocks(base, "large", doubles, (TOO_LARGE,)),
        *_blocks(base, "large", doubles, (-TOO_LARGE,)),
    ]
    yield _blocks(base, "missing", gappy, (nan,))
    yield _blocks(base, "missing", unsure, (None,))
    yield _blocks(base, "missing", texts, (nan,), beside=True)
    yield _blocks(base, "null", texts, (None,), beside=not null_is_nan())
    yield _blocks(base, "unseen", texts, (STRANGER,))
    yield _blocks(base, "outside", whole, (FAR, -FAR))
    yield _blocks(base, "outside", floats, (FAR + 0.5, -FAR - 0.5))
    optional = [(k, n) for k, n, c in named if not c.required and c.name is not None]
    yield [
        Probe(value="absent", of=(name,), batch=base.drop(columns=[key]))
        for key, name in optional[:BLOCKS]
    ]


def _blocks(
    base: pd.DataFrame,
    value: str,
    columns: Sequence[tuple[Any, str]],
    cells: Sequence[Any],
    *,
    beside: bool = False,
) -> list[Probe]:
    """
    Rows like *base* with one of *cells* in one of *columns* each.

    Args:
        base: One row.
        value: What *cells* are.
        columns: Key and name of each.
        cells: What is put in, one a row.
        beside: Whether a whole row is asked beside: pandas reads a null among texts
            otherwise than a null alone.
    """
    size = math.ceil(len(columns) / BLOCKS) or 1
    made = []
    for start in range(0, len(columns), size):
        block = columns[start : start + size]
        slots = [(key, cell) for key, _ in block for cell in cells]
        batch = _table(base, slots, int(beside))
        names = tuple(name for _, name in block)
        made.append(Probe(value=value, of=names, batch=batch))
    return made


def _table(
    base: pd.DataFrame, slots: Sequence[tuple[Any, Any]], plain: int
) -> pd.DataFrame:
    """*plain* rows as *base*, and one for each of *slots*: a cell in a column."""
    rows = base.iloc[np.zeros(plain + len(slots), np.intp)].reset_index(drop=True)
    for row, (key, cell) in enumerate(slots, start=plain):
        values = rows[key].to_numpy()
        whole = values.dtype.kind in "iu"
        if values.dtype.kind != "f" and not (whole and isinstance(cell, int)):
            # a gap makes floats of integers
            values = values.astype(np.float64 if whole else object)
        values = values.copy()
        values[row] = cell
        rows[key] = pd.Series(values, dtype=values.dtype)
    return rows


def in_tensors(base: dict[str, NDArray[Any]]) -> Iterator[list[Probe]]:
    """Questions about tensors, a kind of value at a time."""
    nan, inf = float("nan"), math.inf
    floats = [name for name, array in base.items() if array.dtype.kind == "f"]
    doubles = [name for name in floats if base[name].dtype.itemsize == 8]
    texts = [name for name, array in base.items() if array.dtype == object]
    kinds: tuple[tuple[str, list[str], tuple[Any, ...]], ...] = (
        ("missing", floats, (nan,)),
        ("infinite", floats, (inf, -inf)),
        ("large", doubles, (TOO_LARGE, -TOO_LARGE)),
        ("null", texts, (None,)),
    )
    for value, names, cells in kinds:
        yield [
            Probe(value=value, of=(name,), batch=_spoilt(base, name, cell))
            for name in names
            for cell in cells
            if base[name].size
        ]


def _spoilt(
    base: dict[str, NDArray[Any]], name: str, cell: Any
) -> dict[str, NDArray[Any]]:
    """Rows like *base* with *cell* in one element of tensor *name* each."""
    size = base[name].size
    most = min(size, ELEMENTS if size <= WIDEST else FEW)
    places = np.unique(np.linspace(0, size - 1, most).astype(np.intp))
    made = {key: np.repeat(array, len(places), axis=0) for key, array in base.items()}
    flat = made[name].reshape(len(places), size)
    for row, place in enumerate(places):
        flat[row, place] = cell
    return made
