"""Feeds for a DataFrame: columns of one kind side by side, nothing lost in a cast."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import (
    DTYPES,
    NAN_TEXT,
    NULL_TEXT,
    Answer,
    Feed,
    Field,
    Signature,
    Tensor,
)
from lambda_runtime.native.outcome import WHOLE
from mlflow_serverless.native.errors import NativeAnswerError, NativeSignatureError
from mlflow_serverless.verify.batch import null_is_nan

_INPUTS = {
    "boolean": ("booleans", "bool"), "integer": ("integers", "int32"),
    "long": ("longs", "int64"), "float": ("floats", "float32"),
    "double": ("doubles", "float64"), "string": ("texts", "string"),
    "datetime": ("times", "string"), "binary": ("bytes", "string"),
}  # fmt: skip
"""Input and element type of each column type; times go as texts, which can be null."""


def inputs_for(signature: Signature) -> tuple[tuple[Tensor, ...], tuple[Feed, ...]]:
    """
    What the engine takes, and how a request fills it.

    Raises:
        NativeSignatureError: A column is no scalar.
    """
    if signature.tensors:
        return _from_tensors(signature)
    odd = [
        str(at) if column.name is None else column.name
        for at, column in enumerate(signature.columns)
        if column.type not in _INPUTS
    ]
    if odd:
        raise NativeSignatureError(odd)
    groups: dict[tuple[str, str], list[str]] = {}
    for at, column in enumerate(signature.columns):
        key = str(at) if column.name is None else column.name
        groups.setdefault(_INPUTS[column.type], []).append(key)
    inputs = tuple(
        Tensor(name, dtype, (None, len(keys))) for (name, dtype), keys in groups.items()
    )
    null = NAN_TEXT if null_is_nan() else NULL_TEXT
    feeds = tuple(
        Feed(name, tuple(keys), null=null if dtype == "string" else NULL_TEXT)
        for (name, dtype), keys in groups.items()
    )
    return inputs, feeds


def _from_tensors(
    signature: Signature,
) -> tuple[tuple[Tensor, ...], tuple[Feed, ...]]:
    named = [(tensor.name or "X", tensor) for tensor in signature.tensors]
    inputs = tuple(Tensor(name, item.dtype, item.shape) for name, item in named)
    feeds = tuple(Feed(name, (), item.name) for name, item in named)
    return inputs, feeds


def answer_for(
    form: str, arrays: Mapping[str, NDArray[Any]]
) -> tuple[tuple[Tensor, ...], Answer]:
    """
    Outputs and answer as the model itself gave them to many rows.

    Args:
        form: `array`, `table` or `tensors`.
        arrays: What it answered, by name; one array named "" if the form is `array`.

    Raises:
        NativeAnswerError: An output has no one type that we carry.
    """
    outputs, fields = [], []
    for name, array in arrays.items():
        output = WHOLE if form == "array" else name
        if array.ndim == 0:
            raise NativeAnswerError(name, "it has no rows")
        shape = (None, *array.shape[1:])
        outputs.append(Tensor(output, _dtype(name, array), shape))
        fields.append(Field(output, None if form == "array" else name))
    return tuple(outputs), Answer(form, tuple(fields))


def _dtype(name: str, array: NDArray[Any]) -> str:
    if array.dtype == object:
        kinds = {type(item) for item in array.ravel() if not _missing(item)}
        if all(issubclass(kind, str) for kind in kinds):
            return "string"
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise NativeAnswerError(name, f"it mixes {found}")
    if array.dtype.kind in "US":
        return "string"
    if array.dtype.name not in DTYPES:
        raise NativeAnswerError(name, f"it is {array.dtype}")
    return array.dtype.name


def _missing(item: object) -> bool:
    return item is None or (isinstance(item, float) and np.isnan(item))
