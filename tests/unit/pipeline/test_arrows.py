"""Values are kept with their files, wherever their folder ends up."""

import pickle
from pathlib import Path

import pytest

from lambda_runtime.manifest import Answer, Feed, Tensor
from mlflow_serverless.convert import OnnxGraph
from mlflow_serverless.pipeline.arrows import obtain
from mlflow_serverless.store import ContentStore


def graph(folder: Path) -> OnnxGraph:
    file = folder / "model.onnx"
    file.write_bytes(b"graph")
    return OnnxGraph(
        file=file,
        inputs=(Tensor("x", "float32", (None, 2)),),
        outputs=(),
        feeds=(Feed("x", ("a", "b")),),
        answer=Answer(),
        opset=(("", 18),),
    )


def test_a_kept_value_points_at_its_own_files(tmp_path):
    """
    The folder it was made in is gone; the paths in it are where the files are now.
    """
    value, fresh = obtain(ContentStore(tmp_path), "convert", "k", graph)

    assert fresh
    assert tmp_path / "convert" / "k" / "model.onnx" == value.file
    assert b"graph" == value.file.read_bytes()


def test_a_second_call_makes_nothing(tmp_path):
    """
    Once made, a value is read.
    """
    store = ContentStore(tmp_path)
    first, _ = obtain(store, "convert", "k", graph)
    second, fresh = obtain(store, "convert", "k", pytest.fail)

    assert (first, False) == (second, fresh)


def test_a_store_may_be_moved(tmp_path):
    """
    Paths into the store follow it; a value may point at another value's files.
    """
    store = ContentStore(tmp_path / "old")
    first, _ = obtain(store, "convert", "k", graph)
    obtain(store, "optimise", "k", lambda folder: (first, folder / "x"))
    (tmp_path / "old").rename(tmp_path / "new")
    moved, fresh = obtain(ContentStore(tmp_path / "new"), "optimise", "k", pytest.fail)

    assert not fresh
    assert tmp_path / "new" / "convert" / "k" / "model.onnx" == moved[0].file
    assert tmp_path / "new" / "optimise" / "k" / "x" == moved[1]


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", pickle.dumps(pickle.Pickler), pickle.dumps(Path)]
)
def test_a_value_that_cannot_be_read_is_made_again(tmp_path, content):
    """
    Damage costs time, not the deployment; foreign classes are not even looked at.
    """
    store = ContentStore(tmp_path)
    obtain(store, "convert", "k", graph)
    (tmp_path / "convert" / "k" / "value.pickle").write_bytes(content)

    assert obtain(store, "convert", "k", graph)[1]
