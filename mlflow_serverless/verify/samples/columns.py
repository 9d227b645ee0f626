"""Columns of a signature: their dtypes, and values for them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import Column
from mlflow_serverless.verify.samples.knowledge import ColumnFacts, Floats

FRAME_TYPES = {
    "boolean": np.dtype(bool),
    "integer": np.dtype(np.int32),
    "long": np.dtype(np.int64),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "string": np.dtype(object),
    "binary": np.dtype(object),
    "datetime": np.dtype("datetime64[ns]"),
}
"""What MLflow makes of each type before the model sees it."""

INTEGERS = ("integer", "long")
FLOATS = ("float", "double")
NUMBERS = (*INTEGERS, *FLOATS, "boolean")

WORDS = ("a", "b", "red", "green", "x1", "NY", "other", "unknown", "0", "1")
"""Texts for string columns of which nothing is known."""

_YEAR_2000, _YEAR_2030 = 946_684_800, 1_893_456_000


def drawable(column: Column) -> bool:
    """Whether values of its type can be made up; arrays and objects cannot."""
    return column.type in FRAME_TYPES


def key_of(column: Column, position: int) -> str | int:
    """The column's name in a frame; its position where it has none."""
    return position if column.name is None else column.name


def fit(values: NDArray[Any], kind: str) -> NDArray[Any]:
    """*values* in the dtype of *kind*: integers rounded and held in range."""
    target = FRAME_TYPES[kind]
    if kind in INTEGERS and values.dtype.kind == "f":
        limits = np.iinfo(np.int32 if kind == "integer" else np.int64)
        # float(int64 max) is one too many, so the ends are set after the cast
        values = np.nan_to_num(np.rint(values), nan=0.0)
        low, high = values <= float(limits.min), values >= float(limits.max)
        whole = np.where(low | high, 0, values).astype(target)
        return np.where(low, limits.min, np.where(high, limits.max, whole))
    if kind == "boolean" and values.dtype.kind == "f":
        return values >= 0.5
    with np.errstate(over="ignore"):
        return values.astype(target)


def frame(
    columns: Sequence[Column], values: Mapping[int, NDArray[Any]], rows: int
) -> pd.DataFrame:
    """A frame with *columns* in the signature's order and dtypes."""
    made = {
        key_of(column, i): pd.Series(values[i], dtype=values[i].dtype)
        for i, column in enumerate(columns)
    }
    return pd.DataFrame(made, index=pd.RangeIndex(rows))


def bounds(facts: ColumnFacts, kind: str) -> tuple[float, float]:
    """Where to draw a column's numbers: its known range with a margin around."""
    if facts.low is None or facts.high is None:
        return (0.0, 100.0) if kind in INTEGERS else (-3.0, 3.0)
    spread = (facts.high - facts.low) or max(abs(facts.low), 1.0)
    return facts.low - 0.15 * spread, facts.high + 0.15 * spread


def draw(
    column: Column, facts: ColumnFacts, rows: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Training-like values for one column, in its dtype, none missing."""
    if column.type in {"string", "binary"}:
        return _texts(column.type, facts, rows, rng)
    if column.type == "boolean":
        return rng.random(rows) < 0.5
    if column.type == "datetime":
        seconds = rng.integers(_YEAR_2000, _YEAR_2030, rows)
        return (seconds * 10**9).astype("datetime64[ns]")
    return fit(_numbers(column.type, facts, rows, rng), column.type)


def _texts(
    kind: str, facts: ColumnFacts, rows: int, rng: np.random.Generator
) -> NDArray[Any]:
    known = [item for item in facts.categories if isinstance(item, str)]
    pool = np.empty(len(known) or len(WORDS), dtype=object)
    pool[:] = known or WORDS
    if kind == "binary":
        pool[:] = [item.encode() for item in pool]
    return pool[rng.integers(0, len(pool), rows)]


def _numbers(
    kind: str, facts: ColumnFacts, rows: int, rng: np.random.Generator
) -> Floats:
    known = np.array(
        [c for c in facts.categories if isinstance(c, int | float | np.number)], float
    )
    if known.size:
        return rng.choice(known, rows)
    low, high = bounds(facts, kind)
    if facts.low is not None or kind in INTEGERS:
        flat = rng.uniform(low, high, rows)
        bent = rng.normal((low + high) / 2, max((high - low) / 6, 1e-300), rows)
        return np.where(rng.random(rows) < 0.5, flat, bent)
    # nothing is known: a plain bell, and one in ten of some other size
    scale = np.where(rng.random(rows) < 0.9, 1.0, 10.0 ** rng.uniform(-3, 3, rows))
    return rng.normal(0.0, 1.0, rows) * scale
