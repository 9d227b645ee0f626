"""The symbols that recipes calculate with.

A recipe reads like the numpy code it mirrors: `(x - mean) / scale`. Each operation adds
a node to the graph and returns a new symbol that knows its element type and shape, so
constants take the type of what they meet and a mistake shows while converting, not
while loading.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto

if TYPE_CHECKING:
    from mlflow_serverless.convert.lower.builder import Builder

Dim = int | None
Shape = tuple[Dim, ...]
Array = NDArray[Any]

TYPES = {
    "float16": TensorProto.FLOAT16, "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE, "int8": TensorProto.INT8,
    "int16": TensorProto.INT16, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16, "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64, "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}  # fmt: skip
"""Our element types, as ONNX numbers them."""


@dataclass(frozen=True, slots=True, eq=False)
class Sym:
    """A value of the graph: what it is called, holds, and how large it is."""

    graph: "Builder"
    name: str
    dtype: str
    shape: Shape
    """None marks the batch, and whatever else varies."""

    @property
    def width(self) -> int:
        """Columns of a `(rows, columns)` value."""
        last = self.shape[-1]
        if len(self.shape) < 2 or last is None:
            msg = f"{self.name} {self.shape} has no fixed number of columns"
            raise ValueError(msg)
        return last

    def __add__(self, other: "Operand") -> "Sym":
        return self.graph.binary("Add", self, other)

    def __sub__(self, other: "Operand") -> "Sym":
        return self.graph.binary("Sub", self, other)

    def __mul__(self, other: "Operand") -> "Sym":
        return self.graph.binary("Mul", self, other)

    def __truediv__(self, other: "Operand") -> "Sym":
        return self.graph.binary("Div", self, other)

    def __pow__(self, other: "Operand") -> "Sym":
        return self.graph.binary("Pow", self, other)

    def __matmul__(self, other: "Operand") -> "Sym":
        return self.graph.matmul(self, other)

    def __neg__(self) -> "Sym":
        return self.map("Neg")

    def __invert__(self) -> "Sym":
        return self.map("Not")

    def __and__(self, other: "Operand") -> "Sym":
        return self.graph.compare("And", self, other)

    def __or__(self, other: "Operand") -> "Sym":
        return self.graph.compare("Or", self, other)

    def __lt__(self, other: "Operand") -> "Sym":
        return self.graph.compare("Less", self, other)

    def __le__(self, other: "Operand") -> "Sym":
        return self.graph.compare("LessOrEqual", self, other)

    def __gt__(self, other: "Operand") -> "Sym":
        return self.graph.compare("Greater", self, other)

    def __ge__(self, other: "Operand") -> "Sym":
        return self.graph.compare("GreaterOrEqual", self, other)

    def equals(self, other: "Operand") -> "Sym":
        """Where both are the same; NaN is never the same."""
        return self.graph.compare("Equal", self, other)

    def map(self, kind: str, *, dtype: str | None = None, **attributes: Any) -> "Sym":
        """One-input, shape-keeping operator *kind*."""
        return self.graph.op(
            kind, self, dtype=dtype or self.dtype, shape=self.shape, **attributes
        )

    def cast(self, dtype: str) -> "Sym":
        """The same values as *dtype*; itself if it is that already."""
        if dtype == self.dtype:
            return self
        return self.map("Cast", dtype=dtype, to=TYPES[dtype])

    def is_nan(self) -> "Sym":
        """Where values are NaN."""
        return self.map("IsNaN", dtype="bool")

    def where(self, then: "Operand", otherwise: "Operand") -> "Sym":
        """*then* where this condition holds, else *otherwise*."""
        like = next(s for s in (then, otherwise) if isinstance(s, Sym))
        a, b = (self.graph.symbol(s, like.dtype) for s in (then, otherwise))
        shape = broadcast(self.shape, a.shape, b.shape)
        return self.graph.op("Where", self, a, b, dtype=like.dtype, shape=shape)

    def take(self, columns: ArrayLike) -> "Sym":
        """These columns, in this order; itself if those are all."""
        index = np.atleast_1d(np.asarray(columns, dtype=np.int64))
        if np.array_equal(index, np.arange(self.width)):
            return self
        picked = self.graph.constant(index)
        shape = (*self.shape[:-1], len(index))
        return self.graph.op(
            "Gather", self, picked, dtype=self.dtype, shape=shape, axis=-1
        )

    def column(self, index: int) -> "Sym":
        """Column *index*, still as `(rows, 1)`."""
        return self.take([index])

    def reduce(
        self, kind: str, *, axis: int = -1, keepdims: bool = False, like: str = ""
    ) -> "Sym":
        """Reduce along *axis* with operator *kind* (`ReduceSum`, `ArgMax`, ...)."""
        axis %= len(self.shape)
        shape = list(self.shape)
        if keepdims:
            shape[axis] = 1
        else:
            del shape[axis]
        inputs: list[Sym] = [self]
        attributes: dict[str, Any] = {"keepdims": int(keepdims)}
        if kind.startswith("Arg"):
            attributes["axis"] = axis
        else:
            inputs.append(self.graph.constant(np.array([axis])))
        return self.graph.op(
            kind, *inputs, dtype=like or self.dtype, shape=tuple(shape), **attributes
        )

    def sum(self, *, axis: int = -1, keepdims: bool = False) -> "Sym":
        """Sum along *axis*."""
        return self.reduce("ReduceSum", axis=axis, keepdims=keepdims)

    def argmax(self) -> "Sym":
        """Index of the first largest value of each row (int64)."""
        return self.reduce("ArgMax", like="int64")

    def squeeze(self, axis: int = -1) -> "Sym":
        """Without the dimension *axis*, which is 1."""
        axis %= len(self.shape)
        shape = self.shape[:axis] + self.shape[axis + 1 :]
        axes = self.graph.constant(np.array([axis]))
        return self.graph.op("Squeeze", self, axes, dtype=self.dtype, shape=shape)

    def unsqueeze(self, axis: int) -> "Sym":
        """With a new dimension of one at *axis* (>= 0)."""
        shape = (*self.shape[:axis], 1, *self.shape[axis:])
        axes = self.graph.constant(np.array([axis]))
        return self.graph.op("Unsqueeze", self, axes, dtype=self.dtype, shape=shape)

    def reshape(self, *shape: int) -> "Sym":
        """In another shape; 0 keeps a dimension, -1 is worked out."""
        known: Shape = tuple(
            None if d == -1 else self.shape[i] if d == 0 else d
            for i, d in enumerate(shape)
        )
        wanted = self.graph.constant(np.array(shape, dtype=np.int64))
        return self.graph.op("Reshape", self, wanted, dtype=self.dtype, shape=known)

    def clip(self, low: float | None, high: float | None) -> "Sym":
        """Between *low* and *high*; NaN stays NaN."""
        value = self
        if low is not None:
            value = self.graph.binary("Max", value, low)
        if high is not None:
            value = self.graph.binary("Min", value, high)
        return value


Operand = Sym | ArrayLike


def broadcast(*shapes: Shape) -> Shape:
    """The shape that numpy's broadcasting gives; None is the batch."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_common(dims) for dims in zip(*padded, strict=True))


def _common(dims: tuple[Dim, ...]) -> Dim:
    wide = {dim for dim in dims if dim != 1}
    if None in wide:
        return None
    if len(wide) > 1:
        msg = f"dimensions {dims} do not broadcast"
        raise ValueError(msg)
    return wide.pop() if wide else 1
