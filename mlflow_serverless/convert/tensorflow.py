"""The TensorFlow flavour: Keras 3 models, through tf2onnx.

Keras' own call, traced with an explicit signature whose batch varies; that is the one
way through tf2onnx which Keras 3 does not break. Other forms (a bare `tf.Module`, a
Keras model on another backend) have no exporter that is kept, and go to the native
engine.
"""

import importlib
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.exported import brief, draft_of_export, quiet
from mlflow_serverless.convert.load import load_native
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.model import ServableModel

OPSET = 18
"""The newest that tf2onnx writes."""

_LAYERS = {"Conv2D", "MatMul"}
"""What TensorFlow runs in one kernel with its bias and a ReLU after it."""

_ZERO, _LOWEST = "mlflow_serverless_zero", "mlflow_serverless_lowest"
_CONSTANTS = {_ZERO: 0.0, _LOWEST: np.finfo(np.float32).min}


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
        with quiet("tf2onnx"):
            made, _ = exporter.convert.from_function(
                call, input_signature=[spec], opset=OPSET
            )
    except Exception as cause:  # whatever the exporter runs into, it is named
        raise NoConversionError(brief("tf2onnx", cause), of=kind) from cause
    proto: onnx.ModelProto = made
    _open_batch(proto)
    _drop_nan(proto, _fused(call, spec))
    return proto


def _open_batch(proto: onnx.ModelProto) -> None:
    """tf2onnx numbers the dimensions it does not know; nobody needs the numbers."""
    for value in (*proto.graph.input, *proto.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.Clear()


def _fused(call: Any, spec: Any) -> set[str]:
    """Names of the ReLUs that TensorFlow runs inside the layer before them."""
    nodes = call.get_concrete_function(spec).graph.get_operations()
    return {
        node.name
        for node in nodes
        if node.type == "Relu" and _is_layer(node.inputs[0].op)
    }


def _is_layer(node: Any) -> bool:
    makers = {value.op.type for value in node.inputs}
    return node.type == "BiasAdd" and bool(makers & _LAYERS)


def _drop_nan(proto: onnx.ModelProto, fused: set[str]) -> None:
    """
    Lose NaN where TensorFlow's kernels do.

    A ReLU inside the kernel of its layer answers 0 for NaN, where one of its own keeps
    it; a maximum over a window passes over NaN. ONNX keeps NaN in both.
    """
    nodes: list[onnx.NodeProto] = []
    known = set[str]()
    for node in proto.graph.node:
        if node.op_type == "Relu" and node.name in fused:
            nodes += _positive(node)
            known.update(node.output)
        elif node.op_type == "MaxPool" and node.input[0] not in known:
            nodes += _without_nan(node)
        else:
            nodes.append(node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    for name, value in _CONSTANTS.items():
        if any(name in node.input for node in nodes):
            tensor = onnx.numpy_helper.from_array(np.array(value, np.float32), name)
            proto.graph.initializer.append(tensor)


def _positive(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """`x if x > 0 else 0`, which is 0 for NaN."""
    (value,), (result,) = node.input, node.output
    where = f"{result}_positive"
    return [
        onnx.helper.make_node("Greater", [value, _ZERO], [where], where),
        onnx.helper.make_node("Where", [where, value, _ZERO], [result], node.name),
    ]


def _without_nan(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The same window over the lowest number in place of NaN, as where it starts."""
    value, result = node.input[0], node.output[0]
    missing, kept = f"{result}_missing", f"{result}_kept"
    node.input[0] = kept
    return [
        onnx.helper.make_node("IsNaN", [value], [missing], missing),
        onnx.helper.make_node("Where", [missing, _LOWEST, value], [kept], kept),
        node,
    ]
