"""Both engines answer alike, and as numpy says, for every type and shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lambda_runtime.manifest import DTYPES, NULL_TEXT
from lambda_runtime.tensor import Value
from tests.runtime.engine import graphs

NUMBERS = [dtype for dtype in DTYPES if dtype != "string"]

SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "\0", "a\0b", NULL_TEXT, "日本語", "🜁", "e\u0301", "\uffff"]),
).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text))


def value_of(array):
    return Value(array.dtype.name, array.shape, array.tobytes())


def array_of(value):
    return np.frombuffer(value.data, dtype=value.dtype).reshape(value.shape)


@pytest.mark.parametrize("dtype", NUMBERS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_tensor_passes_through_unchanged(opened, kind, dtype, data):
    """
    Whatever bits a tensor of any type, rank and size holds come back as they went.
    """
    array = data.draw(hnp.arrays(dtype, SHAPES))
    name = f"identity-{dtype}-{array.ndim}"
    made = graphs.identity(dtype, [f"d{i}" for i in range(array.ndim)])

    answer = opened(name, made, kind).run({"x": value_of(array)}, ["y"])

    assert {"y": value_of(array)} == answer


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_text_passes_through_unchanged(opened, kind, data):
    """
    Text of any script, empty text and text with null signs come back as they went.
    """
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    count = int(np.prod(shape))
    texts = data.draw(st.lists(TEXTS, min_size=count, max_size=count))
    made = graphs.identity("string", [f"d{i}" for i in range(len(shape))])
    session = opened(f"identity-string-{len(shape)}", made, kind)
    value = Value("string", shape, texts)

    assert {"y": value} == session.run({"x": value}, ["y"])


@settings(deadline=None, max_examples=60)
@given(rows=st.integers(0, 40), data=st.data())
def test_both_engines_compute_the_same_bits(opened, rows, data):
    """
    A linear model answers alike in both engines, NaN and infinities included.
    """
    weights = np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)
    array = data.draw(hnp.arrays("float32", (rows, 5)))
    made = graphs.linear(weights)
    asked = ["share", "score"]

    ours, theirs = (
        opened("linear", made, kind).run({"x": value_of(array)}, asked)
        for kind in ("ort-c", "ort-python")
    )

    assert asked == list(ours)
    for name in asked:
        assert theirs[name].shape == ours[name].shape
        np.testing.assert_array_equal(array_of(theirs[name]), array_of(ours[name]))


@settings(deadline=None, max_examples=40)
@given(shape=hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), data=st.data())
def test_several_inputs_and_outputs_of_unlike_types(opened, kind, shape, data):
    """
    Inputs go to their names, outputs have the rank they turn out to have.
    """
    floats = data.draw(
        hnp.arrays("float32", shape, elements=st.floats(-9, 9, width=32))
    )
    whole = data.draw(hnp.arrays("int64", shape, elements=st.integers(-2, 2)))

    answer = opened("mixed", graphs.mixed(), kind).run(
        {"i": value_of(whole), "x": value_of(floats)}, ["where", "top", "sum"]
    )

    total = floats + whole.astype("float32")
    np.testing.assert_array_equal(total, array_of(answer["sum"]))
    np.testing.assert_array_equal(total.max(), array_of(answer["top"]))
    np.testing.assert_array_equal(
        np.array(np.nonzero(whole)), array_of(answer["where"])
    )


@pytest.mark.parametrize(
    "lend",
    [
        bytes,
        bytearray,
        memoryview,
        lambda raw: memoryview(bytearray(raw)),
        lambda raw: memoryview(b"?" + raw)[1:],
        lambda raw: memoryview(bytearray(b"?" + raw))[1:],
        lambda raw: memoryview(raw[::-1])[::-1],
        lambda raw: memoryview(bytearray(raw)).cast("f", (2, 5)),
    ],
    ids=["bytes", "bytearray", "view", "writable", "odd", "odd-writable", "gaps", "2d"],
)
def test_any_buffer_serves_as_data(opened, kind, lend):
    """
    A tensor's data may be any buffer: read-only, unaligned, reversed, or shaped.
    """
    array = np.arange(10, dtype="float32").reshape(2, 5)
    weights = np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)
    session = opened("linear", graphs.linear(weights), kind)

    answer = session.run(
        {"x": Value("float32", (2, 5), lend(array.tobytes()))}, ["score"]
    )

    np.testing.assert_allclose(array @ weights, array_of(answer["score"]), rtol=1e-6)


def test_arrays_of_the_standard_library_serve_as_data(opened, kind):
    """
    What a codec builds without numpy, `array.array`, is a tensor's data as it is.
    """
    from array import array

    session = opened("identity-float64-1", graphs.identity("float64", ["d0"]), kind)

    answer = session.run({"x": Value("float64", (3,), array("d", [1, 2, 3]))}, ["y"])

    assert [1.0, 2.0, 3.0] == array_of(answer["y"]).tolist()


def test_a_session_says_what_it_takes_and_answers(opened, kind):
    """
    Names, types and shapes are the graph's, None where a dimension varies.
    """
    session = opened("mixed", graphs.mixed(), kind)

    assert [
        ("x", "float32", (None, None)),
        ("i", "int64", (None, None)),
    ] == [tuple(tensor) for tensor in session.inputs]
    assert [
        ("sum", "float32", (None, None)),
        ("top", "float32", ()),
        ("where", "int64", (2, None)),
    ] == [tuple(tensor) for tensor in session.outputs]


def test_an_output_that_is_no_tensor_is_not_offered(opened, kind):
    """
    A sequence among the outputs does not keep the others from being served.
    """
    session = opened("sequence-output", graphs.sequence_output(), kind)
    one = Value("float32", (1,), b"\0\0\x80?")

    assert ["y"] == [tensor.name for tensor in session.outputs]
    assert {"y": one} == session.run({"x": one}, ["y"])
