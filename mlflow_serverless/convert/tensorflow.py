"""The TensorFlow flavour: Keras 3 models, through tf2onnx.

Keras' own call, traced with an explicit signature whose batch varies; that is the one
way through tf2onnx which Keras 3 does not break. Other forms (a bare `tf.Module`, a
Keras model on another backend) have no exporter that is kept, and go to the native
engine.
"""

import importlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.exported import draft_of_export
from mlflow_serverless.convert.load import load_native
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.model import ServableModel

OPSET = 18
"""The newest that tf2onnx writes."""

_BESIDE = {"Add", "Squeeze"}
"""What may stand between a layer and its ReLU while TensorFlow still fuses them."""

_ZERO = "mlflow_serverless_zero"


def source(model: ServableModel, flavor: str = "tensorflow") -> Source:
    """The Keras model in *model*'s folder, ready to be drafted."""
    network = load_native(model.folder, flavor)
    kind = type(network).__name__
    _refuse_unlike(network, kind)

    def draft(_: Builder) -> Draft:
        return draft_of_export(
            _graph(network, kind), model.signature, recipe="tf2onnx", of=kind
        )

    return Source(estimator=kind, draft=draft)


def _refuse_unlike(network: Any, kind: str) -> None:
    if not hasattr(network, "inputs") or not hasattr(network, "predict"):
        why = "it is no Keras model but a bare TensorFlow module"
        raise NoConversionError(why, of=kind)
    backend = importlib.import_module("keras").backend.backend()
    if backend != "tensorflow":
        why = f"Keras runs on {backend} here, and it is exported from TensorFlow only"
        raise NoConversionError(why, of=kind)
    inputs = network.inputs or []
    if len(inputs) != 1:
        why = f"it has {len(inputs)} inputs, not one"
        raise NoConversionError(why, of=kind)


def _graph(network: Any, kind: str) -> onnx.ModelProto:
    (lone,) = network.inputs
    spec = tf.TensorSpec((None, *lone.shape[1:]), lone.dtype, name="X")
    call = tf.function(lambda rows: network(rows, training=False))
    exporter = importlib.import_module("tf2onnx")
    try:
        with _quiet():
            made, _ = exporter.convert.from_function(
                call, input_signature=[spec], opset=OPSET
            )
    except Exception as cause:  # whatever the exporter runs into, it is named
        why = f"tf2onnx says {type(cause).__name__}: {_first(cause)}"
        raise NoConversionError(why, of=kind) from cause
    proto: onnx.ModelProto = made
    _open_batch(proto)
    _drop_nan(proto)
    return proto


def _open_batch(proto: onnx.ModelProto) -> None:
    """tf2onnx numbers the dimensions it does not know; nobody needs the numbers."""
    for value in (*proto.graph.input, *proto.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.Clear()


def _drop_nan(proto: onnx.ModelProto) -> None:
    """
    Make ReLU of a dense layer answer 0 for NaN, as `predict` does.

    TensorFlow fuses the two into one kernel whose maximum drops NaN; ONNX keeps it.
    `x if x > 0 else 0` says the same as the kernel for every x.
    """
    graph = proto.graph
    maker = {name: node for node in graph.node for name in node.output}
    nodes = []
    for node in graph.node:
        if node.op_type == "Relu" and _is_dense(maker.get(node.input[0]), maker):
            nodes += _positive(node)
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    zero = onnx.numpy_helper.from_array(np.zeros((), np.float32), _ZERO)
    if any(_ZERO in node.input for node in nodes):
        graph.initializer.append(zero)


def _is_dense(node: onnx.NodeProto | None, maker: Mapping[str, onnx.NodeProto]) -> bool:
    """Whether *node* is a matrix product, perhaps with a bias added."""
    if node is None:
        return False
    if node.op_type in _BESIDE:
        return any(_is_dense(maker.get(name), maker) for name in node.input)
    return node.op_type in {"MatMul", "Gemm"}


def _positive(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    (value,), (result,) = node.input, node.output
    where = f"{result}_positive"
    return [
        onnx.helper.make_node("Greater", [value, _ZERO], [where], name=where),
        onnx.helper.make_node("Where", [where, value, _ZERO], [result], node.name),
    ]


def _first(cause: Exception) -> str:
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0][:200] if lines else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporters tell of every pass they make."""
    log = logging.getLogger("tf2onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
