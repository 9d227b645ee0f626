"""Fewer bits a weight, for those who ask for it: the one step that moves answers.

- `float16` keeps weights in half the bytes and computes in float32 as before: each
  weight is rounded once, activations never. Conversion back costs time in each run.
- `int8` keeps the weights of matrix products, convolutions and recurrent layers in a
  byte, and multiplies bytes; ranges of what flows in are found batch by batch while
  running (dynamic: a row's answer then depends a little on the rows beside it), or from
  calibration rows beforehand (static: values beyond them are cut off).

Nothing here judges how far answers move: parity does, on what comes out.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mlflow_serverless.optimise.errors import (
    NothingToQuantiseError,
    QuantisationError,
)

HALF, BYTE = "float16", "int8"
"""The precisions, as they are asked for."""

SMALLEST = 256
"""Weights with fewer elements stay as they are: a node more would cost more."""

_LARGEST_HALF = float(np.finfo(np.float16).max)

_BYTES = {
    "ConvInteger", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulInteger",
    "MatMulIntegerToFloat", "QAttention", "QuantizeLinear",
}  # fmt: skip
"""Operators that only a quantised graph has."""

Rows = Sequence[Mapping[str, np.ndarray[Any, Any]]]


def halved(proto: onnx.ModelProto) -> onnx.ModelProto:
    """
    *proto* with large float32 weights in float16, each widened where it is used.

    Weights beyond the range of float16 stay as they are.

    Raises:
        NothingToQuantiseError: There are no such weights.
    """
    made = onnx.ModelProto()
    made.CopyFrom(proto)
    graph = made.graph
    chosen = [i for i, tensor in enumerate(graph.initializer) if _can_halve(tensor)]
    if not chosen:
        raise NothingToQuantiseError(HALF, _what(proto))
    casts = []
    for place in chosen:
        tensor = graph.initializer[place]
        name, half = tensor.name, f"{tensor.name}_half"
        values = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(values, half))
        casts.append(
            helper.make_node("Cast", [half], [name], name=half, to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return made


def _can_halve(tensor: onnx.TensorProto) -> bool:
    if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST:
        return False
    values = numpy_helper.to_array(tensor)
    return bool(np.isfinite(values).all() and np.abs(values).max() <= _LARGEST_HALF)


def in_bytes(proto: onnx.ModelProto) -> onnx.ModelProto:
    """
    *proto* with int8 weights, one scale a column; ranges of inputs found while running.

    Raises:
        NothingToQuantiseError: It has no layer with float32 weights.
        QuantisationError: onnxruntime's quantiser fails on it.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    def quantise(before: Path, after: Path) -> None:
        quantize_dynamic(
            before, after, per_channel=True, weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip

    return _quantised(proto, quantise)


def calibrated(proto: onnx.ModelProto, rows: Rows) -> onnx.ModelProto:
    """
    *proto* with int8 weights and activations, ranges taken from *rows*.

    Args:
        proto: The graph.
        rows: Graph inputs, a batch each, like those to come.

    Raises:
        NothingToQuantiseError: It has no layer with float32 weights.
        QuantisationError: onnxruntime's quantiser fails on it.
    """
    from onnxruntime import quantization as room  # noqa: PLC0415 - only when asked for

    reader = _reader(room.CalibrationDataReader, rows)

    def quantise(before: Path, after: Path) -> None:
        room.quantize_static(
            before, after, reader, per_channel=True,
            quant_format=room.QuantFormat.QDQ,
            activation_type=room.QuantType.QUInt8, weight_type=room.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Conv"],
        )  # fmt: skip

    return _quantised(proto, quantise)


def _reader(base: Any, rows: Rows) -> Any:
    """One batch after the other, as the quantiser asks for them."""
    waiting = iter(rows)

    class Reader(base):  # type: ignore[misc]
        @staticmethod
        def get_next() -> Mapping[str, np.ndarray[Any, Any]] | None:
            return next(waiting, None)

    return Reader()


def _quantised(
    proto: onnx.ModelProto, quantise: Callable[[Path, Path], None]
) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder, _quiet():
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(_inferred(proto), before)
        try:
            quantise(before, after)
        except Exception as cause:  # the quantiser raises whatever it runs into
            raise QuantisationError(BYTE, cause) from cause
        made: onnx.ModelProto = onnx.load(after)
    if not any(node.op_type in _BYTES for node in made.graph.node):
        raise NothingToQuantiseError(BYTE, _what(proto))
    return made


def _inferred(proto: onnx.ModelProto) -> onnx.ModelProto:
    """With the shapes that the quantiser looks up."""
    inferred: onnx.ModelProto = onnx.shape_inference.infer_shapes(proto)
    return inferred


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser logs advice through the root logger."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)


def _what(proto: onnx.ModelProto) -> str:
    """What the graph is made of, instead of float32 layers."""
    kinds = {node.op_type for node in proto.graph.node}
    if any(kind.startswith("TreeEnsemble") for kind in kinds):
        return "it is made of decision trees, whose thresholds must stay exact"
    doubles = sum(t.data_type == TensorProto.DOUBLE for t in proto.graph.initializer)
    if doubles:
        return f"its {doubles} weights are float64, as the model computes"
    return "it has no float32 weights worth the change"
