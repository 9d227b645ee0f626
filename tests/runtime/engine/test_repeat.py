"""Runs on shapes that came before answer as first runs do, and keep nothing."""

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lambda_runtime.engine import open_session
from lambda_runtime.engine.repeat import MOST_BYTES, Repeat
from lambda_runtime.faults import BadRequest
from lambda_runtime.manifest import Variant
from lambda_runtime.tensor import Value
from tests.runtime.engine import graphs

WEIGHTS = np.linspace(-1, 1, 12, dtype="f4").reshape(4, 3)

SEEDS, BITS = st.integers(0, 9), st.integers(0, 1)


def value_of(array):
    return Value(array.dtype.name, array.shape, array.tobytes())


def session_of(made, folder):
    path = graphs.saved(made, folder / "m.onnx")
    return open_session("ort-c", path, Variant("portable", "m.onnx"), threads=1)


@pytest.fixture
def linear(tmp_path):
    session = session_of(graphs.linear(WEIGHTS), tmp_path)
    yield session
    session.close()


def repeats():
    """All layouts that are kept, of any session."""
    gc.collect()
    return [found for found in gc.get_objects() if type(found) is Repeat]


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.integers(0, 4), min_size=1, max_size=12), seed=st.integers(0, 9)
)
def test_any_order_of_shapes_answers_as_fresh_sessions_do(tmp_path_factory, rows, seed):
    """
    Whatever shapes came before, the product is that of the rows that were asked.
    """
    session = session_of(graphs.linear(WEIGHTS), tmp_path_factory.mktemp("m"))
    random = np.random.default_rng(seed)
    for count in rows:
        x = random.normal(size=(count, 4)).astype("f4")
        answer = session.run({"x": value_of(x)}, ["score"])

        assert (count, 3) == answer["score"].shape
        scores = np.frombuffer(answer["score"].data, "f4").reshape(count, 3)
        np.testing.assert_allclose(x @ WEIGHTS, scores, rtol=1e-5, atol=1e-6)
    session.close()


@settings(deadline=None, max_examples=40)
@given(
    arrays=st.lists(hnp.arrays("i8", (2, 2), elements=st.integers(0, 1)), max_size=9)
)
def test_outputs_whose_shape_depends_on_content_stay_right(opened, arrays):
    """
    A graph that answers as many places as there are is never held to earlier ones.
    """
    session = opened("mixed", graphs.mixed())
    for array in arrays:
        inputs = {"x": value_of(array.astype("f4")), "i": value_of(array)}
        answer = session.run(inputs, ["where", "top"])

        assert value_of(np.stack(np.nonzero(array)).astype("i8")) == answer["where"]
        assert value_of((array * 2).max().astype("f4")) == answer["top"]


def test_the_third_run_of_a_shape_is_on_kept_tensors(linear):
    """What is tested here is in use, and answers the same bits."""
    before = len(repeats())
    x = value_of(np.full((1, 4), 0.1, "f4"))
    answers = [linear.run({"x": x}, ["share"]) for _ in range(4)]

    assert before + 1 == len(repeats())
    assert [answers[0]] * 4 == answers


def test_nothing_of_a_request_stays(linear):
    """Kept tensors are blank between runs, also after one that was refused."""
    x = value_of(np.full((1, 4), 0.1, "f4"))
    for _ in range(4):
        linear.run({"x": x}, ["share"])
    with pytest.raises(BadRequest):
        linear.run({"x": x._replace(data=x.data[:8])}, ["share"])

    places = [place for each in repeats() for place in (*each._takes, *each._gives)]
    assert places
    assert not any(any(place.view) for place in places)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"x": Value("float32", (1, 4), bytes(12))},
        {"x": Value("float64", (1, 4), bytes(32))},
        {"x": Value("float32", (1, 3), bytes(12))},
        {"x": Value("float32", (1, 4), bytes(16)), "y": Value("bool", (), b"\0")},
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words(linear, wrong):
    """A refusal does not depend on what came before."""
    with pytest.raises(BadRequest) as first:
        linear.run(wrong, ["share"])
    for _ in range(4):
        linear.run({"x": Value("float32", (1, 4), bytes(16))}, ["share"])
    with pytest.raises(BadRequest) as later:
        linear.run(wrong, ["share"])

    assert str(first.value) == str(later.value)


def test_large_tensors_are_not_kept(linear):
    """Memory is not held for batches that are large."""
    before = len(repeats())
    rows = MOST_BYTES // 16 + 1
    for _ in range(4):
        linear.run({"x": Value("float32", (rows, 4), bytes(rows * 16))}, ["share"])

    assert before == len(repeats())
