"""A logistic regression as a bundle: graph, manifest, and the row that is asked."""

import marshal
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper

from lambda_runtime.manifest import (
    Answer,
    Engine,
    Feed,
    Field,
    File,
    Manifest,
    Model,
    Signature,
    Tensor,
    Variant,
)
from lambda_runtime.manifest_write import to_plain

FEATURES, CLASSES = 32, 2

ROW = struct.pack(f"{FEATURES}f", *(0.25 * i for i in range(FEATURES)))


def write_bundle(folder):
    """Write `model.onnx` and the manifest, in marshal's form, into *folder*."""
    onnx.save(_logistic_regression(), str(folder / "model.onnx"))
    size = (folder / "model.onnx").stat().st_size
    manifest = Manifest(
        model=Model("models:/lr/1"),
        engine=Engine("ort-c", why="tensors only"),
        inputs=(Tensor("x", "float32", (None, FEATURES)),),
        outputs=(
            Tensor("label", "int64", (None,)),
            Tensor("share", "float32", (None, CLASSES)),
        ),
        variants=(Variant("portable", "model.onnx", optimised=True, run_us=5.0),),
        signature=Signature(),
        feeds=(Feed("x", tensor="x"),),
        answer=Answer("array", (Field("label"),)),
        files=(File("model.onnx", "0" * 64, size),),
    )
    (folder / "manifest.marshal").write_bytes(marshal.dumps(to_plain(manifest)))


def _logistic_regression() -> onnx.ModelProto:
    random = np.random.default_rng(7)
    weights = random.normal(size=(FEATURES, CLASSES)).astype("float32")
    bias = random.normal(size=CLASSES).astype("float32")
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w", "b"], ["score"]),
            helper.make_node("Softmax", ["score"], ["share"], axis=-1),
            helper.make_node("ArgMax", ["score"], ["label"], axis=-1, keepdims=0),
        ],
        "lr",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", FEATURES])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["n"]),
            helper.make_tensor_value_info("share", TensorProto.FLOAT, ["n", CLASSES]),
        ],
        initializer=[
            onnx.numpy_helper.from_array(weights, "w"),
            onnx.numpy_helper.from_array(bias, "b"),
        ],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
