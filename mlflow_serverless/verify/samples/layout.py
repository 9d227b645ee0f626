"""Columns of values, put into the form that the signature asks for.

Tensors are drawn as if each of their elements were a column, so everything known of a
model's features helps there as well.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import Column, Signature, Tensor
from mlflow_serverless.verify.batch import Batch
from mlflow_serverless.verify.samples.columns import drawable, frame, key_of

OF_TENSORS = {
    "float16": "float", "float32": "float", "float64": "double",
    "int8": "integer", "int16": "integer", "int32": "integer", "int64": "long",
    "uint8": "integer", "uint16": "integer", "uint32": "long", "uint64": "long",
    "bool": "boolean", "string": "string",
}  # fmt: skip
"""The column type whose values suit a tensor's elements."""

WIDEST = 4_096
"""Elements of a row beyond which tensors are drawn whole."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns to draw, and how they become a batch."""

    columns: tuple[Column, ...]
    tensors: tuple[Tensor, ...] = ()
    """With every dimension but the first known; empty for frames."""
    example: Batch | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What estimators call the columns."""
        return tuple(str(key_of(c, i)) for i, c in enumerate(self.columns))

    @property
    def stuck(self) -> tuple[str, ...]:
        """Columns for which no values can be made up."""
        return tuple(c.name or "?" for c in self.columns if not drawable(c))

    def batch(self, values: Mapping[int, NDArray[Any]]) -> Batch:
        """*values* by column position, as the model wants them."""
        if self.tensors:
            return self._pack(values)
        return frame(self.columns, values, len(next(iter(values.values()), [])))

    def _pack(self, values: Mapping[int, NDArray[Any]]) -> Batch:
        packed: dict[str, NDArray[Any]] = {}
        start = 0
        for tensor in self.tensors:
            size = math.prod(int(d or 1) for d in tensor.shape[1:])
            flat = np.stack([values[i] for i in range(start, start + size)], axis=1)
            shape = (len(flat), *(int(d or 1) for d in tensor.shape[1:]))
            packed[tensor.name] = _as_type(flat, tensor.dtype).reshape(shape)
            start += size
        return packed


def _as_type(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    if dtype == "string":
        return values.astype(object)
    target = np.dtype(dtype)
    if target.kind in "iu":
        limits = np.iinfo(target)
        values = np.clip(values, max(limits.min, -(2**63)), min(limits.max, 2**63 - 1))
    with np.errstate(over="ignore"):
        return values.astype(target)


def layout_of(signature: Signature, example: Batch | None) -> Layout:
    """How batches for *signature* are laid out; free dimensions as in *example*."""
    if not signature.tensors:
        return Layout(signature.columns, example=example)
    tensors = tuple(_settled(tensor, example) for tensor in signature.tensors)
    columns = tuple(
        Column(None, OF_TENSORS[tensor.dtype])
        for tensor in tensors
        for _ in range(math.prod(int(d or 1) for d in tensor.shape[1:]))
    )
    return Layout(columns, tensors, example)


def _settled(tensor: Tensor, example: Batch | None) -> Tensor:
    """*tensor* with its free dimensions, but the first, given a size."""
    given: Sequence[int] = ()
    if isinstance(example, dict) and tensor.name in example:
        given = example[tensor.name].shape
    shape = tuple(
        size if size is not None or axis == 0 else _size(given, axis)
        for axis, size in enumerate(tensor.shape)
    )
    return tensor._replace(shape=shape)


def _size(given: Sequence[int], axis: int) -> int:
    return int(given[axis]) if axis < len(given) else 4
