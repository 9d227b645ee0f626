"""ONNX Runtime opens what the cache gives it, external data included."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.cache_world import CacheWorld, file_of
from tests.fakes.faulty_disk import Fault, FaultyDisk

if TYPE_CHECKING:
    from lambda_runtime.manifest import File


@pytest.fixture(scope="module")
def graph(tmp_path_factory) -> tuple[bytes, bytes]:
    """A product with weights of 40 kB, and those weights, as two files."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.arange(10_000, dtype="float32").reshape(100, 100)
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 100])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 100])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    folder = tmp_path_factory.mktemp("graph")
    onnx.save(
        model,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="model.data",
        size_threshold=0,
    )
    return (folder / "model.onnx").read_bytes(), (folder / "model.data").read_bytes()


def place(world: CacheWorld, kind: str, file: File, content: bytes) -> None:
    """Put a file in a tier."""
    (world.bundled if kind == "bundle" else world.mounted)(file, content)


@pytest.mark.parametrize("where", ["bundle bundle", "mount mount", "bundle mount"])
@pytest.mark.parametrize("trouble", ["none", "no hard links", "small tmp"])
def test_a_graph_finds_its_weights(world: CacheWorld, graph, where, trouble):
    """In every arrangement the engine accepts: it refuses links out of the folder."""
    import numpy as np
    import onnxruntime

    files = (file_of(graph[0]), file_of(graph[1], "model.data"))
    for kind, file, content in zip(where.split(), files, graph, strict=True):
        place(world, kind, file, content)
    if trouble == "small tmp":
        world.mounted(files[0], graph[0])
    disk = FaultyDisk([Fault("link", errno=errno.EPERM)] * (trouble == "no hard links"))
    budget = 10_000 if trouble == "small tmp" else None
    manifest = world.manifest(*files, needs=("model.data",), budget=budget)
    path = world.open(manifest, disk).path_of(files[0])
    session = onnxruntime.InferenceSession(path)
    (answer,) = session.run(None, {"x": np.ones((1, 100), "float32")})

    assert 495_000.0 == answer[0, 0]
    assert "model.onnx" == Path(path).name
