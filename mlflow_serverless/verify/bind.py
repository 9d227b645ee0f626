"""From a batch to graph inputs and from graph outputs to the answer, in numpy.

What `lambda_runtime.protocol` does with lists and bytes, said once more with arrays:
the two are held to each other by `runtime_check`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT, Answer, Feed, Field, Tensor
from mlflow_serverless.verify.batch import Batch
from mlflow_serverless.verify.outputs import Outputs

_WHOLE = "iub"
"""Kinds of elements, as numpy codes them, that have no NaN."""


def bind(
    batch: Batch,
    feeds: Sequence[Feed],
    inputs: Sequence[Tensor],
    left_out: Sequence[str] = (),
) -> dict[str, NDArray[Any]]:
    """
    Graph inputs for *batch*.

    Args:
        batch: Rows.
        feeds: How they fill the inputs.
        inputs: Of the graph.
        left_out: Columns that a caller may leave out, and did: all null.

    Raises:
        KeyError: A feed names a column, tensor or input that is not there.
        ValueError: A value does not fit the input's element type.
    """
    types = {tensor.name: tensor.dtype for tensor in inputs}
    return {
        feed.input: _columns(batch, feed, types[feed.input], left_out)
        if isinstance(batch, pd.DataFrame)
        else _tensor(batch, feed, types[feed.input])
        for feed in feeds
    }


def _columns(
    frame: pd.DataFrame, feed: Feed, dtype: str, left_out: Sequence[str]
) -> NDArray[Any]:
    nothing = np.full(len(frame), None, dtype=object)
    columns = [
        nothing if name in left_out else _column(frame, name) for name in feed.columns
    ]
    made = [cast(values, dtype, _null(values, feed)) for values in columns]
    return np.stack(made, axis=1) if made else np.empty((len(frame), 0))


def _null(values: NDArray[Any], feed: Feed) -> str:
    """What None is in this column: itself, where there is nothing else."""
    alone = values.dtype == object and all(item is None for item in values)
    return NULL_TEXT if alone else feed.null


def _column(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """A column by name; by position where the signature has no names."""
    key: Any = name if name in frame.columns else int(name)
    values: NDArray[Any] = frame[key].to_numpy()
    return values


def _tensor(
    tensors: Mapping[str, NDArray[Any]], feed: Feed, dtype: str
) -> NDArray[Any]:
    return cast(tensors[feed.tensor or ""], dtype, feed.null)


def cast(values: NDArray[Any], dtype: str, null: str = NULL_TEXT) -> NDArray[Any]:
    """*values* as the runtime puts them into an input of type *dtype*."""
    if dtype == "string":
        flat = [as_text(item, null) for item in values.ravel().tolist()]
        return np.array(flat, dtype=object).reshape(values.shape)
    if values.dtype == object:
        gaps = [np.nan if v is None else v for v in values.ravel()]
        values = np.array(gaps).reshape(values.shape)
        whole = np.dtype(dtype).kind in _WHOLE and values.dtype.kind == "f"
        if whole and np.isnan(values).any():
            why = f"nothing stands for null among {dtype}s"
            raise ValueError(why)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[ns]").astype(np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.dtype(dtype))


def as_text(item: object, null: str) -> str:
    """One element of a string tensor; *null* is what None is there."""
    if item is None or item is pd.NaT or item is pd.NA:
        return null
    if isinstance(item, float) and item != item:  # noqa: PLR0124 - NaN alone
        return NAN_TEXT
    return item if isinstance(item, str) else str(item)


def answer_of(found: Mapping[str, NDArray[Any]], answer: Answer) -> Outputs:
    """What the caller gets from graph outputs *found*."""
    parts = [_part(found[field.output], field) for field in answer.fields]
    if answer.form == "array":
        whole = parts[0] if len(parts) == 1 else np.stack([*map(_flat, parts)], axis=1)
        return Outputs("array", {"": whole})
    if answer.form == "table":
        parts = [_flat(part) for part in parts]
    names = [field.name or "" for field in answer.fields]
    return Outputs(answer.form, dict(zip(names, parts, strict=True)))


def _flat(part: NDArray[Any]) -> NDArray[Any]:
    """A column of ones is a column."""
    return part[:, 0] if part.ndim == 2 and part.shape[1] == 1 else part


def _part(found: NDArray[Any], field: Field) -> NDArray[Any]:
    values = found if field.column is None else found[:, field.column]
    if field.labels:
        labels = np.array(field.labels)
        if labels.dtype.kind in "US" or len({type(v) for v in field.labels}) > 1:
            labels = np.array(field.labels, dtype=object)
        places = values.astype(np.intp)
        if places.size and places.min() < 0:  # numpy would count from the end
            raise IndexError(field.output)
        values = labels[places]
    return values.astype(object) if values.dtype.kind in "US" else values
