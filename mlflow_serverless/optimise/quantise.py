"""Smaller numbers, where the user asked for them: answers move, and it is said so.

Never part of `optimise` by itself. What comes out is put to the same proof as any
other graph, with the budget that the user gave; here only sizes are known.
"""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import onnx
from onnx import TensorProto

from mlflow_serverless.convert import OnnxGraph
from mlflow_serverless.optimise.errors import NothingToQuantiseError


class Precision(Enum):
    """What weights may become."""

    INT8 = "int8"
    """Weights of products as int8, data quantised row by row while running."""
    FLOAT16 = "float16"
    """All float32 as float16; inputs and outputs stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantised:
    """The smaller graph, and what it saved."""

    graph: OnnxGraph
    precision: Precision
    before_bytes: int
    after_bytes: int
    operators: int
    """Operators that work on the smaller numbers."""


def quantise(graph: OnnxGraph, folder: Path, precision: Precision) -> Quantised:
    """
    Write *graph* with smaller numbers into *folder*.

    Raises:
        NothingToQuantiseError: It has no float32 weights in products (our recipes for
            tables compute in float64, and trees have none).
    """
    proto = onnx.load(graph.file)
    if not _weights(proto):
        raise NothingToQuantiseError(graph.file, precision.value)
    file = folder / f"{precision.value}.onnx"
    make = _int8 if precision is Precision.INT8 else _float16
    make(graph.file, file)
    made = onnx.load(file)
    return Quantised(
        graph=replace(graph, file=file, opset=_opsets(made)),
        precision=precision,
        before_bytes=proto.ByteSize(),
        after_bytes=made.ByteSize(),
        operators=_small(made),
    )


def _weights(proto: onnx.ModelProto) -> set[str]:
    """Names of float32 constants that products and convolutions use."""
    floats = {
        t.name for t in proto.graph.initializer if t.data_type == TensorProto.FLOAT
    }
    products = {"MatMul", "Gemm", "Conv"}
    used = {
        name
        for node in proto.graph.node
        if node.op_type in products
        for name in node.input
    }
    return floats & used


def _int8(before: Path, after: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    quantize_dynamic(before, after, weight_type=QuantType.QInt8, per_channel=True)


def _float16(before: Path, after: Path) -> None:
    from onnxruntime.transformers.float16 import (  # noqa: PLC0415 - seldom needed
        convert_float_to_float16,
    )

    onnx.save(convert_float_to_float16(onnx.load(before), keep_io_types=True), after)


def _opsets(proto: onnx.ModelProto) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((o.domain, o.version) for o in proto.opset_import))


def _small(proto: onnx.ModelProto) -> int:
    kinds = {TensorProto.INT8, TensorProto.UINT8, TensorProto.FLOAT16}
    small = {t.name for t in proto.graph.initializer if t.data_type in kinds}
    return sum(bool(small & set(node.input)) for node in proto.graph.node)
