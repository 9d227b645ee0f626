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
)
from lambda_runtime.manifest_write import to_plain

COLUMNS = ("sepal length", "sepal width")
"""What the samples in `tests/events` ask with."""

EVENTS = Path(__file__).resolve().parents[1] / "events"
EVENT = (EVENTS / "direct.json").read_bytes()
"""One row."""


def graph_bytes(scale: float = 0.1) -> bytes:
    """Scores of three classes: a matrix product, a sum and a softmax."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = [[scale * (row - column) for column in range(3)] for row in (1, 2)]
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


def write_bundle(folder: Path, *, engine: str = "ort-c", scale: float = 0.1) -> Path:
    """Write the bundle into *folder*, which may not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(graph_bytes(scale))
    variants = (Variant("portable", "model.onnx", run_us=5.0),)
    _write_manifest(folder, variants, (_file(folder / "model.onnx"),), engine)
    return folder


def _write_manifest(
    folder: Path,
    variants: tuple[Variant, ...],
    files: tuple[File, ...],
    engine: str = "ort-c",
) -> None:
    manifest = Manifest(
        model=Model("models:/small/3", "small", "3", flavor="sklearn"),
        engine=Engine(engine),
        inputs=(Tensor("x", "float32", (None, 2)),),
        outputs=(Tensor("probabilities", "float32", (None, 3)),),
        variants=variants,
        signature=Signature(tuple(Column(name, "double") for name in COLUMNS)),
        feeds=(Feed("x", COLUMNS),),
        answer=Answer("array", (Field("probabilities"),)),
        files=files,
    )
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)))


def write_several(folder: Path, *names: str, memory_bytes: int) -> Path:
    """Write a bundle for each of *names*, all answering differently, and the index."""
    for at, name in enumerate(names):
        write_bundle(folder / "of" / name, scale=0.1 + at)
    index = {
        "models": {name: f"of/{name}" for name in names},
        "memory_bytes": memory_bytes,
    }
    (folder / "manifest.json").write_text(json.dumps(index))
    return folder


def write_mapped_bundle(folder: Path) -> Path:
    """Two variants, first and steady, whose weights lie beside their graphs."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    width = 65_536
    weights = [
        numpy_helper.from_array(np.full((2, width), 0.5, np.float32), "up"),
        numpy_helper.from_array(np.full((width, 3), 0.5, np.float32), "down"),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "up"], ["wide"]),
        helper.make_node("MatMul", ["wide", "down"], ["probabilities"]),
    ]
    variants, files = [], []
    for name, use in (("quick", "first"), ("fast", "steady")):
        graph = helper.make_graph(
            nodes, name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
            [helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, [None, 3])],
            weights,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        model.producer_name = name  # the two must not be one by content
        onnx.save(
            model, folder / f"{name}.onnx",
            save_as_external_data=True, location=f"{name}.data",
        )  # fmt: skip
        parts = [f"{name}.onnx", f"{name}.data"]
        variants.append(
            Variant(name, *parts[:1], tuple(parts[1:]), use=use,
                    prepack=False, optimised=True, run_us=5.0)
        )  # fmt: skip
        files += [_file(folder / part) for part in parts]
    _write_manifest(folder, tuple(variants), tuple(files))
    return folder


def _file(path: Path) -> File:
    content = path.read_bytes()
    return File(path.name, hashlib.sha256(content).hexdigest(), len(content))


def native_library() -> Path:
    """`libonnxruntime.so` of the installed wheel, found without importing it."""
    found = importlib.util.find_spec("onnxruntime")
    assert found is not None
    assert found.origin is not None
    (library,) = (Path(found.origin).parent / "capi").glob("libonnxruntime.so.*")
    return library
