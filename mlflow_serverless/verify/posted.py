"""Batches as callers post them, and predictions as they come back: JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlflow_serverless.verify.batch import Batch, columns_of, null_is_nan
from mlflow_serverless.verify.outputs import Outputs, kind_of


def payload(batch: Batch) -> bytes:
    """*batch* as a caller would post it: null for what is missing in a table."""
    if isinstance(batch, pd.DataFrame):
        columns = [_cells(cells.to_numpy()) for cells in columns_of(batch)]
        split = {
            "columns": [str(name) for name in batch.columns],
            "data": [list(row) for row in zip(*columns, strict=True)],
        }
        return json.dumps({"dataframe_split": split}).encode()
    nested = {name: array.tolist() for name, array in batch.items()}
    return json.dumps({"inputs": nested.get("", nested)}).encode()


def _cells(values: NDArray[Any]) -> Sequence[Any]:
    if values.dtype.kind == "M":
        return [str(item) for item in values.astype("datetime64[us]")]
    plain: list[Any] = values.tolist()
    if values.dtype.kind == "f":
        return [None if math.isnan(item) else item for item in plain]
    return [_cell(item) for item in plain] if values.dtype == object else plain


def _cell(item: Any) -> Any:
    if isinstance(item, float) and math.isnan(item) and null_is_nan():
        return None  # a gap among texts
    if isinstance(item, bytes):
        import base64  # noqa: PLC0415 - binary columns are rare

        return base64.b64encode(item).decode()
    return item.tolist() if isinstance(item, np.ndarray | np.generic) else item


def parse(predictions: Any, like: Outputs) -> Outputs:
    """
    Predictions read back from JSON, in the shape of *like*.

    Raises:
        TypeError: They are of another form, or hold what is no number.
        KeyError: A column is missing.
    """
    if like.form == "table":
        if not isinstance(predictions, list):
            why = "records are expected"
            raise TypeError(why)
        columns = {name: [row[name] for row in predictions] for name in like.arrays}
        return Outputs(
            "table", {n: _typed(v, like.arrays[n]) for n, v in columns.items()}
        )
    if like.form == "tensors":
        if not isinstance(predictions, Mapping):
            why = "an object of tensors is expected"
            raise TypeError(why)
        return Outputs(
            "tensors", {n: _typed(v, like.arrays[n]) for n, v in predictions.items()}
        )
    return Outputs("array", {"": _typed(predictions, like.arrays[""])})


def _typed(values: Any, like: NDArray[Any]) -> NDArray[Any]:
    if kind_of(like) == "score":
        return np.array(values, dtype=np.float64)
    if kind_of(like) in {"text", "other"}:
        return np.array(values, dtype=object)
    return np.array(values)
