"""A small bundle, made here: a logistic regression over two named columns."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from lambda_runtime.manifest import (
    Answer,
    Column,
    Engine,
    Feed,
    Field,
    File,
    Manifest,
    Model,
    Signature,
    Tensor,
    Variant,
    to_plain,
)

COLUMNS = ("sepal length", "sepal width")
"""What the samples in `tests/events` ask with."""

EVENTS = Path(__file__).resolve().parents[1] / "events"
EVENT = (EVENTS / "direct.json").read_bytes()
"""One row."""


def graph_bytes() -> bytes:
    """Scores of three classes: a matrix product, a sum and a softmax."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = [[0.1 * (row - column) for column in range(3)] for row in (1, 2)]
    initializers = [
        numpy_helper.from_array(np.array(weights, np.float32), "w"),
        numpy_helper.from_array(np.array([0.1, 0.0, -0.1], np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def write_bundle(folder: Path, *, engine: str = "ort-c") -> Path:
    """Write the bundle into *folder*, which may not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    content = graph_bytes()
    (folder / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    manifest = Manifest(
        model=Model("models:/small/3", "small", "3", flavor="sklearn"),
        engine=Engine(engine),
        inputs=(Tensor("x", "float32", (None, 2)),),
        outputs=(Tensor("probabilities", "float32", (None, 3)),),
        variants=(Variant("portable", "model.onnx", run_us=5.0),),
        signature=Signature(tuple(Column(name, "double") for name in COLUMNS)),
        feeds=(Feed("x", COLUMNS),),
        answer=Answer("array", (Field("probabilities"),)),
        files=(File("model.onnx", digest, len(content)),),
    )
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)))
    return folder


def native_library() -> Path:
    """`libonnxruntime.so` of the installed wheel, found without importing it."""
    found = importlib.util.find_spec("onnxruntime")
    assert found is not None
    assert found.origin is not None
    (library,) = (Path(found.origin).parent / "capi").glob("libonnxruntime.so.*")
    return library
