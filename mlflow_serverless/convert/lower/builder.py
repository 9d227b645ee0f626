"""A graph under construction."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from mlflow_serverless.convert.lower.given import Given
from mlflow_serverless.convert.lower.symbol import (
    TYPES,
    Array,
    Dim,
    Operand,
    Shape,
    Sym,
    broadcast,
)

if TYPE_CHECKING:
    from lambda_runtime.manifest import Check

ML = "ai.onnx.ml"
OPSETS = {"": 21, ML: 5}
"""What our own recipes are written in; every onnxruntime since 1.18 reads it."""

IR_VERSION = 10


class Builder:
    """
    Nodes, constants and inputs of one graph, each under a name of its own.

    Attributes:
        recipes: What made each part, in order, for the report.
        warnings: What a reader of the report should know.
        tree_nodes: Tree nodes so far; 0 where there are no trees.
        unrolls: Whether trees are unrolled into Gather steps (quick to load) instead
            of tree operators (quick to run).
        marks, looked, given: Rows that the model raises for; see `checks`, `unfit`.
    """

    def __init__(self, *, unrolls: bool = False) -> None:
        self.recipes: list[str] = []
        self.warnings: list[str] = []
        self.tree_nodes = 0
        self.unrolls = unrolls
        self.marks: list[tuple[Sym, tuple[Check, ...]]] = []
        self.looked: set[tuple[Any, ...]] = set()
        self.given = Given()
        self.inputs: list[Sym] = []
        self.functions: list[onnx.FunctionProto] = []
        self.opsets = dict(OPSETS)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._count = 0
        self._products: set[str] = set()
        self._scaled: set[str] = set()

    def fresh(self, stem: str) -> str:
        """A name nobody has yet."""
        self._count += 1
        return f"{stem.lower()}_{self._count}"

    def input(self, name: str, dtype: str, shape: Shape) -> Sym:
        """A graph input; *name* is ours to choose, and unlike any `fresh` one."""
        self.inputs.append(Sym(self, name, dtype, shape))
        self.given.add(name)
        return self.inputs[-1]

    def constant(self, value: ArrayLike, dtype: str | None = None) -> Sym:
        """*value* as a symbol; equal constants are stored once."""
        array = _array(value, dtype)
        kind = "string" if array.dtype == object else array.dtype.name
        key = _fingerprint(array, kind)
        if key not in self._constants:
            tensor = numpy_helper.from_array(array, self.fresh("const"))
            self._constants[key] = tensor
            self.given.constant(tensor.name, array)
        return Sym(self, self._constants[key].name, kind, array.shape)

    def symbol(self, value: Operand, dtype: str) -> Sym:
        """*value* itself, or a constant of *dtype* made from it."""
        return value if isinstance(value, Sym) else self.constant(value, dtype)

    def op(
        self,
        kind: str,
        *inputs: Sym,
        dtype: str,
        shape: Shape,
        domain: str = "",
        **attributes: Any,
    ) -> Sym:
        """Add operator *kind*; its one output."""
        results = [(dtype, shape)]
        return self.ops(kind, *inputs, results=results, domain=domain, **attributes)[0]

    def ops(
        self,
        kind: str,
        *inputs: Sym,
        results: Sequence[tuple[str, Shape]],
        domain: str = "",
        **attributes: Any,
    ) -> list[Sym]:
        """Add operator *kind* with several outputs."""
        names = [self.fresh(kind) for _ in results]
        node = helper.make_node(
            kind,
            [symbol.name for symbol in inputs],
            names,
            name=self.fresh("node"),
            domain=domain,
            **{k: v for k, v in attributes.items() if v is not None},
        )
        self._nodes.append(node)
        self.given.result(kind, inputs, names)
        return [
            Sym(self, name, dtype, shape)
            for name, (dtype, shape) in zip(names, results, strict=True)
        ]

    def add_node(self, node: onnx.NodeProto) -> None:
        """Add a node made elsewhere, its names already unlike all others."""
        self._nodes.append(node)

    def add_tensor(self, tensor: onnx.TensorProto) -> None:
        """Add a constant made elsewhere, its name already unlike all others."""
        self._constants[tensor.name] = tensor

    def binary(self, kind: str, left: Sym, right: Operand) -> Sym:
        """Elementwise arithmetic; both sides of one type."""
        scales = left.dtype == "float64" and kind in {"Mul", "Div"}
        scales = scales and not isinstance(right, Sym) and np.size(right) == 1
        if scales and left.name in self._products:
            left = self._apart(left)
        other = self.symbol(right, left.dtype)
        if other.dtype != left.dtype:
            msg = f"{kind} of {left.dtype} and {other.dtype}"
            raise TypeError(msg)
        shape = broadcast(left.shape, other.shape)
        result = self.op(kind, left, other, dtype=left.dtype, shape=shape)
        if scales:
            self._scaled.add(result.name)
        return result

    def _apart(self, value: Sym) -> Sym:
        """
        The same value, where onnxruntime cannot fuse a product with a scale.

        Its MatMulScaleFusion keeps the scale as a float32 attribute even where the
        product is float64, which costs eight digits.
        """
        return self.op(
            "Max", value, self.constant(-np.inf, value.dtype),
            dtype=value.dtype, shape=value.shape,
        )  # fmt: skip

    def compare(self, kind: str, left: Sym, right: Operand) -> Sym:
        """Elementwise comparison or logic."""
        other = self.symbol(right, left.dtype)
        if other.dtype != left.dtype:
            msg = f"{kind} of {left.dtype} and {other.dtype}"
            raise TypeError(msg)
        shape = broadcast(left.shape, other.shape)
        return self.op(kind, left, other, dtype="bool", shape=shape)

    def matmul(self, left: Sym, right: Operand) -> Sym:
        """Matrix product over the last two dimensions."""
        left = self._apart(left) if left.name in self._scaled else left
        other = self.symbol(right, left.dtype)
        rows = broadcast(left.shape[:-2], other.shape[:-2])
        shape = (*rows, left.shape[-2], other.shape[-1])
        result = self.op("MatMul", left, other, dtype=left.dtype, shape=shape)
        self._products.add(result.name)
        return result

    def affine(self, left: Sym, weights: ArrayLike, constant: ArrayLike) -> Sym:
        """`left @ weights + constant` of a matrix *left*, in one operator."""
        factors = self.constant(weights, left.dtype)
        added = self.constant(constant, left.dtype)
        shape = (left.shape[0], factors.shape[1])
        return self.op("Gemm", left, factors, added, dtype=left.dtype, shape=shape)

    def concat(self, parts: Sequence[Sym], axis: int = 1) -> Sym:
        """*parts* of one type side by side."""
        if len(parts) == 1:
            return parts[0]
        kinds = {part.dtype for part in parts}
        if len(kinds) > 1:
            msg = f"Concat of {sorted(kinds)}"
            raise TypeError(msg)
        total: Dim = 0
        for part in parts:
            size = part.shape[axis]
            total = None if total is None or size is None else total + size
        shape = (*parts[0].shape[:axis], total, *parts[0].shape[axis + 1 :])
        return self.op("Concat", *parts, dtype=parts[0].dtype, shape=shape, axis=axis)

    def lookup(self, keys: Sym, table: Sequence[str], *, missing: int) -> Sym:
        """The int64 position of each text in *table*, or *missing*."""
        if not table:
            return self.fill(keys, missing)
        return self.op(
            "LabelEncoder", keys, dtype="int64", shape=keys.shape, domain=ML,
            keys_strings=list(table), values_int64s=list(range(len(table))),
            default_int64=missing,
        )  # fmt: skip

    def fill(self, like: Sym, value: float, dtype: str = "int64") -> Sym:
        """*value* in the shape of *like*."""
        size = self.op("Shape", like, dtype="int64", shape=(len(like.shape),))
        return self.op(
            "Expand", self.constant(value, dtype), size, dtype=dtype, shape=like.shape
        )

    def gather(self, table: ArrayLike | Sym, index: Sym, axis: int = 0) -> Sym:
        """Rows of a constant *table* at *index*; outside it, the engine fails."""
        rows = table if isinstance(table, Sym) else self.constant(table)
        shape = rows.shape[:axis] + index.shape + rows.shape[axis + 1 :]
        return self.op("Gather", rows, index, dtype=rows.dtype, shape=shape, axis=axis)

    def loop(
        self,
        times: int,
        state: Sequence[Sym],
        body: Callable[[Sequence[Sym]], tuple[Sequence[Sym], Sym]],
    ) -> list[Sym]:
        """
        Carry *state* through *body*, *times* times at most.

        Args:
            times: Most rounds.
            state: Values to begin with; their types and shapes stay.
            body: From the state to the next state, and whether to go on (bool `()`).
        """
        outer, self._nodes = self._nodes, []
        carried = [Sym(self, self.fresh("carried"), s.dtype, s.shape) for s in state]
        after, goes_on = body(carried)
        inner, self._nodes = self._nodes, outer
        flag = onnx.TensorProto.BOOL
        number, before = self.fresh("round"), self.fresh("going")
        step = helper.make_graph(
            inner,
            self.fresh("body"),
            [
                helper.make_tensor_value_info(number, TensorProto.INT64, ()),
                helper.make_tensor_value_info(before, flag, ()),
                *(_info(s.name, s) for s in carried),
            ],
            [_info(s.name, s) for s in (goes_on, *after)],
        )
        start = self.constant(np.array(True))  # noqa: FBT003 - a tensor
        return self.ops(
            "Loop", self.constant(np.array(times)), start, *state, body=step,
            results=[(s.dtype, s.shape) for s in state],
        )  # fmt: skip

    def model(self, outputs: Sequence[tuple[str, Sym]]) -> onnx.ModelProto:
        """The finished graph, with *outputs* under these names."""
        for name, symbol in outputs:
            self._nodes.append(helper.make_node("Identity", [symbol.name], [name]))
        graph = helper.make_graph(
            self._nodes,
            "model",
            [_info(s.name, s) for s in self.inputs],
            [_info(name, s) for name, s in outputs],
            list(self._constants.values()),
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(k, v) for k, v in self.opsets.items()],
            functions=self.functions,
            ir_version=IR_VERSION,
            producer_name="mlflow-serverless",
        )


def _info(name: str, symbol: Sym) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TYPES[symbol.dtype], symbol.shape)


def _array(value: ArrayLike, dtype: str | None) -> Array:
    array = np.asarray(value)
    if dtype == "string" or array.dtype.kind in "USO":
        return array.astype(object)
    return np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)


def _fingerprint(array: Array, kind: str) -> str:
    if kind == "string":
        content = "\0".join(map(str, array.ravel())).encode("utf-8", "surrogatepass")
    else:
        content = array.tobytes()
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    return f"{kind}{array.shape}{digest}"
