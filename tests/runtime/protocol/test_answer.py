"""Graph outputs to the JSON the model's own `predict` would make."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.faults import Internal
from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT, Answer, Field
from lambda_runtime.protocol.answer import Answerer
from lambda_runtime.tensor import Value

DTYPES = (
    "float16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool",
)  # fmt: skip


def of_array(array: np.ndarray) -> Value:
    """A tensor value holding *array*."""
    return Value(str(array.dtype), array.shape, array.tobytes())


def predictions(answer: Answer, **outputs: Value) -> object:
    """What a caller reads."""
    return json.loads(Answerer(answer).write(outputs))["predictions"]


ARRAY = Answer("array", (Field("y"),))


@given(data=st.data())
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_element_type_and_shape_is_as_numpy_lists_it(dtype, data):
    """An array answers `tolist()`: any type, any rank, empty dimensions too."""
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=4)))
    raw = data.draw(st.binary(min_size=8 * 81, max_size=8 * 81))
    count = math.prod(shape)
    array = np.frombuffer(raw, "uint8" if dtype == "bool" else dtype)[:count]
    array = (array % 2 == 1 if dtype == "bool" else array).reshape(shape)

    listed = _null_if_not_finite(array.tolist())
    assert listed == predictions(ARRAY, y=of_array(array))


def _null_if_not_finite(value):
    if isinstance(value, list):
        return [_null_if_not_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def test_float32_is_widened_not_rounded():
    """A float32 is written as the double it equals, as `item()` gives it."""
    assert [0.10000000149011612] == predictions(
        ARRAY, y=Value("float32", (1,), struct.pack("f", 0.1))
    )


def test_missing_texts_are_null():
    """The two texts that stand for missing never reach a caller."""
    value = Value("string", (3,), [NULL_TEXT, "é\u2028", NAN_TEXT])

    assert [None, "é\u2028", None] == predictions(ARRAY, y=value)


@pytest.mark.parametrize(
    "labels", [("no", "yes"), (True, False), (7, -3), (0.5, 1.5), (None, "x"), (1, "x")]
)
@pytest.mark.parametrize("dtype", ["int64", "int32", "float32", "bool"])
def test_indices_become_labels_of_any_type(labels, dtype):
    """A labelled output answers the labels, whatever type holds the indices."""
    value = of_array(np.array([1, 0, 1]).astype(dtype))
    answer = Answer("array", (Field("y", labels=labels),))

    assert [labels[1], labels[0], labels[1]] == predictions(answer, y=value)


@pytest.mark.parametrize("index", [2, -1])
def test_an_index_beyond_the_labels_is_our_failure(index):
    """A graph that points past its labels is a broken deployment, not an answer."""
    answer = Answer("array", (Field("y", labels=("a", "b")),))

    with pytest.raises(Internal):
        predictions(answer, y=of_array(np.array([index])))


def test_one_column_of_a_matrix():
    """`column` picks one score of each row."""
    matrix = of_array(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))

    assert [2.0, 5.0] == predictions(Answer("array", (Field("p", column=1),)), p=matrix)
    assert [3.0, 6.0] == predictions(
        Answer("array", (Field("p", column=-1),)), p=matrix
    )


@pytest.mark.parametrize("column", [3, -4])
def test_a_column_that_is_not_there_is_our_failure(column):
    """A manifest that names a column the graph does not give cannot be served."""
    matrix = of_array(np.zeros((2, 3)))

    with pytest.raises(Internal):
        predictions(Answer("array", (Field("p", column=column),)), p=matrix)


def test_a_table_is_records():
    """Named fields become one object a row, as a DataFrame does; `%` is no format."""
    answer = Answer(
        "table",
        (
            Field("label", name='100% "sure"', labels=("no", "yes")),
            Field("p", name="p", column=1),
            Field("e", name="embedding"),
            Field("c", name="one"),
        ),
    )
    outputs = {
        "label": of_array(np.array([1, 0])),
        "p": of_array(np.array([[0.25, 0.75], [1.0, np.nan]])),
        "e": of_array(np.array([[1, 2], [3, 4]])),
        "c": of_array(np.array([[5], [6]])),
    }

    assert [
        {'100% "sure"': "yes", "p": 0.75, "embedding": [1, 2], "one": 5},
        {'100% "sure"': "no", "p": None, "embedding": [3, 4], "one": 6},
    ] == predictions(answer, **outputs)


def test_tensors_are_an_object_of_lists():
    """Named tensors keep their shapes, whatever each one's first dimension is."""
    answer = Answer("tensors", (Field("a", name="a"), Field("b", name="b")))
    outputs = {"a": of_array(np.zeros((1, 2))), "b": of_array(np.array([1, 2, 3]))}

    assert {"a": [[0.0, 0.0]], "b": [1, 2, 3]} == predictions(answer, **outputs)


def test_several_unnamed_fields_stand_side_by_side():
    """A multi-output array is one row of fields a row."""
    answer = Answer("array", (Field("a", labels=("x", "y")), Field("b")))
    outputs = {"a": of_array(np.array([0, 1])), "b": of_array(np.array([[5], [6]]))}

    assert [["x", 5], ["y", 6]] == predictions(answer, **outputs)


def test_zero_rows_answer_an_empty_list():
    """No rows in, no rows out, in every form."""
    empty = of_array(np.zeros((0, 3)))

    assert [] == predictions(ARRAY, y=empty)
    assert [] == predictions(Answer("table", (Field("y", name="y"),)), y=empty)


def test_only_what_is_answered_is_asked_for():
    """Each output is asked for once, though several fields read it."""
    answer = Answer("table", (Field("p", "a", 0), Field("p", "b", 1), Field("q", "c")))

    assert ("p", "q") == Answerer(answer).outputs
