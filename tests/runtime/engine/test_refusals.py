"""What does not fit is refused in words; what cannot be opened says why."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from lambda_runtime.engine import open_session
from lambda_runtime.faults import BadRequest, BrokenBundle, Internal
from lambda_runtime.manifest import Variant
from lambda_runtime.tensor import Value
from tests.runtime.engine import graphs

WEIGHTS = np.eye(5, 3, dtype="float32")
ROW = Value("float32", (1, 5), bytes(20))
ROOT = Path(__file__).parents[3]


@pytest.fixture
def linear(opened, kind):
    return opened("refusals-linear", graphs.linear(WEIGHTS), kind)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "input 'x' is missing; it is float32 (?, 5)"),
        ({"x": ROW, "z": ROW}, "unknown inputs ['z']; the graph takes 'x'"),
        ({"z": ROW}, "input 'x' is missing"),
        ({"x": Value("int64", (1, 5), bytes(40))}, "is float32 (?, 5), not int64"),
        ({"x": Value("float32", (1, 4), bytes(16))}, "not of shape (1, 4)"),
        ({"x": Value("float32", (5,), bytes(20))}, "not of shape (5)"),
        ({"x": Value("float32", (1, 1, 5), bytes(20))}, "not of shape (1, 1, 5)"),
        ({"x": Value("float32", (-1, 5), bytes(20))}, "negative dimension: (-1, 5)"),
        ({"x": Value("float32", (2, 5), bytes(20))}, "needs 40 bytes, not 20"),
        ({"x": Value("float32", (1, 5), ["a"] * 5)}, "holds no bytes of float32"),
    ],
)
def test_inputs_that_do_not_fit_are_the_callers(linear, inputs, said):
    """
    A misfit of name, type, rank, dimension or length is a bad request that says which.
    """
    with pytest.raises(BadRequest) as refused:
        linear.run(inputs, ["score"])

    assert said in refused.value.message


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a"], "needs 2 strings, not 1"),
        (["a", "\ud800"], "not valid Unicode"),
        (["a", None], "no text"),
        (["a", 1], "no text"),
        (["a", b"b"], "no text"),
    ],
)
def test_texts_that_are_none_are_the_callers(opened, kind, texts, said):
    """
    A string tensor takes text only, as many as its shape says.
    """
    session = opened("identity-string-1", graphs.identity("string", ["d0"]), kind)

    with pytest.raises(BadRequest) as refused:
        session.run({"x": Value("string", (2,), texts)}, ["y"])

    assert said in refused.value.message


def test_a_boolean_is_zero_or_one(opened, kind):
    """
    Other bytes would be no boolean at all to C++, so they are refused.
    """
    session = opened("identity-bool-1", graphs.identity("bool", ["d0"]), kind)

    with pytest.raises(BadRequest):
        session.run({"x": Value("bool", (2,), b"\x01\x02")}, ["y"])


def test_a_run_that_fails_is_ours_and_the_next_one_works(opened, kind):
    """
    A failure inside the graph is an internal fault, and leaves the session usable.
    """
    session = opened("reshapes", graphs.reshapes(), kind)
    x = Value("float32", (6,), bytes(24))

    with pytest.raises(Internal) as failed:
        session.run({"x": x, "to": Value("int64", (1,), b"\5" + bytes(7))}, ["y"])

    assert "reshapes.onnx failed" in failed.value.message
    good = {"x": x, "to": Value("int64", (2,), b"\2" + bytes(7) + b"\3" + bytes(7))}
    assert (2, 3) == session.run(good, ["y"])["y"].shape


def test_a_graph_that_declares_no_rank_takes_any(opened, kind):
    """
    What the graph does not say is not asked for.
    """
    x = Value("float32", (1, 2, 1), bytes(8))
    session = opened("any-rank", graphs.identity("float32", None), kind)

    assert {"y": x} == session.run({"x": x}, ["y"])
    with pytest.raises(BadRequest):
        session.run({"x": Value("float32", (1,) * 65, bytes(4))}, ["y"])


def test_an_output_that_is_none_is_ours(linear):
    """
    Asking for an output the graph has not is a broken deployment, not a bad request.
    """
    with pytest.raises(Internal) as failed:
        linear.run({"x": ROW}, ["nothing"])

    assert "no tensor output 'nothing'; it has score, share" in failed.value.message


def test_what_is_asked_for_leaves_little_behind(opened):
    """
    Lists of outputs that callers make up are served, and do not pile up.
    """
    session = opened("refusals-linear", graphs.linear(WEIGHTS), "ort-c")

    for turn in range(100):
        asked = ["share"] * (turn + 1)
        assert ["share"] == list(session.run({"x": ROW}, asked))
        with pytest.raises(Internal):
            session.run({"x": ROW}, [f"no-{turn}"])

    assert len(session._idle) <= 16


def test_a_graph_without_inputs_is_run(opened, kind):
    """
    A constant is a model too.
    """
    made = graphs.model(
        [helper.make_node("Constant", [], ["y"], value_floats=[1.0, 2.0])],
        [],
        [graphs.info("y", "float32", [2])],
    )

    answer = opened("constant", made, kind).run({}, ["y"])

    assert {"y": Value("float32", (2,), b"\0\0\x80?\0\0\0@")} == answer


def test_a_closed_session_says_so(kind, folder):
    """
    Closing twice is well; running afterwards is an internal fault, not a crash.
    """
    path = graphs.saved(graphs.linear(WEIGHTS), folder / "closed.onnx")
    session = open_session(kind, path, Variant("portable", "closed.onnx"), threads=1)
    session.run({"x": ROW}, ["score"])

    session.close()
    session.close()

    with pytest.raises(Internal):
        session.run({"x": ROW}, ["score"])


def test_an_engine_that_is_none_is_named():
    """
    An unknown engine kind is refused, with the ones there are.
    """
    with pytest.raises(BrokenBundle) as refused:
        open_session("tensor-magic", "x.onnx", Variant("a", "x.onnx"), threads=1)

    assert "engine-unknown" == refused.value.code
    assert "ort-c, ort-python" in str(refused.value)


@pytest.mark.parametrize("made", [graphs.sequence_input, graphs.odd_type])
def test_a_graph_that_takes_no_tensor_is_refused(kind, folder, made):
    """
    An input that cannot be carried is found when the graph is opened, not when asked.
    """
    path = graphs.saved(made(), folder / f"{made.__name__}.onnx")

    with pytest.raises(BrokenBundle) as refused:
        open_session(kind, path, Variant("portable", "x.onnx"), threads=1)

    assert "graph-refused" == refused.value.code
    assert "input 'x'" in str(refused.value)


def garbage(path):
    path.write_bytes(bytes(range(256)) * 40)


def empty(path):
    path.write_bytes(b"")


def cut_short(path):
    whole = graphs.linear(np.ones((500, 30), dtype="float32")).SerializeToString()
    path.write_bytes(whole[: len(whole) // 2])


def missing(path):
    path.unlink(missing_ok=True)


def too_new(path):
    graph = graphs.model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [graphs.info("x", "float32", ["n"])],
        [graphs.info("y", "float32", ["n"])],
        opset=999,
    )
    path.write_bytes(graph.SerializeToString())


def unknown_operator(path):
    graph = graphs.model(
        [helper.make_node("Divine", ["x"], ["y"], domain="com.example")],
        [graphs.info("x", "float32", ["n"])],
        [graphs.info("y", "float32", ["n"])],
        domains=[("com.example", 1)],
    )
    path.write_bytes(graph.SerializeToString())


def without_weights(path):
    graphs.external(WEIGHTS, path.parent)
    (path.parent / "external.onnx").rename(path)
    (path.parent / "weights.bin").unlink()


def with_cut_weights(path):
    graphs.external(np.ones((500, 30), dtype="float32"), path.parent)
    (path.parent / "external.onnx").rename(path)
    weights = path.parent / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:100])


def cyclic(path):
    graph = graphs.model(
        [
            helper.make_node("Add", ["x", "b"], ["a"]),
            helper.make_node("Add", ["x", "a"], ["b"]),
        ],
        [graphs.info("x", "float32", ["n"])],
        [graphs.info("b", "float32", ["n"])],
    )
    path.write_bytes(graph.SerializeToString())


OPEN = """
import sys
sys.path.insert(0, sys.argv[1])
from lambda_runtime.engine import open_session
from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import Variant
try:
    open_session("ort-c", sys.argv[2], Variant("a", "a"), threads=1)
except BrokenBundle as broken:
    print(broken.code, broken)
"""


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (garbage, "is not a graph, is cut short, or is of another format"),
        (empty, ""),
        (cut_short, "is not a graph, is cut short, or is of another format"),
        (missing, "is missing"),
        (too_new, "newer engine"),
        (unknown_operator, "operator that this engine does not have"),
        (without_weights, "is missing"),
        (with_cut_weights, "weights are in a file beside it"),
        (cyclic, ""),
    ],
)
def test_a_spoilt_graph_is_refused_and_crashes_nothing(tmp_path, spoil, said):
    """
    Whatever is wrong with the file, the process lives and says what it most likely is.
    """
    path = tmp_path / "model.onnx"
    spoil(path)

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", OPEN, str(ROOT), str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("graph-refused")
    assert str(path) in done.stdout
    assert said in done.stdout


def test_the_python_engine_refuses_alike(tmp_path):
    """
    The same code and the same reading of the library's words.
    """
    path = tmp_path / "model.onnx"
    garbage(path)

    with pytest.raises(BrokenBundle) as refused:
        open_session("ort-python", str(path), Variant("a", "a"), threads=1)

    assert "graph-refused" == refused.value.code
    assert "cut short" in str(refused.value)


def test_models_written_here_are_valid():
    """
    The graphs of these tests are what onnx itself calls well-formed.
    """
    for made in (graphs.linear(WEIGHTS), graphs.mixed()):
        onnx.checker.check_model(made)
