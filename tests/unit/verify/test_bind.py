"""Batches to graph inputs, and graph outputs to answers, as the runtime does it."""

import numpy as np
import pandas as pd
import pytest

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT, Answer, Feed, Field, Tensor
from mlflow_serverless.verify.bind import answer_of, bind

FRAME = pd.DataFrame({
    "n": [1.5, np.nan],
    "k": np.array([3, 4], np.int64),
    "b": [True, False],
    "t": pd.Series(["x", None], dtype=object),
    "u": pd.Series([np.nan, ""], dtype=object),
})  # fmt: skip


def test_columns_lie_side_by_side_in_the_inputs_type():
    """
    Numbers, integers and booleans meet in one matrix; NaN stays NaN.
    """
    found = bind(
        FRAME, (Feed("X", ("k", "n", "b")),), (Tensor("X", "float32", (None, 3)),)
    )["X"]

    assert np.float32 == found.dtype
    np.testing.assert_array_equal([[3, 1.5, 1], [4, np.nan, 0]], found)


def test_missing_texts_keep_their_kind():
    """
    None and NaN are different texts inside a string tensor, and "" is neither.
    """
    found = bind(FRAME, (Feed("T", ("t", "u")),), (Tensor("T", "string", (None, 2)),))

    assert found["T"].tolist() == [["x", NAN_TEXT], [NULL_TEXT, ""]]


def test_a_column_of_nulls_alone_stays_null():
    """
    Where null beside texts is NaN, nulls alone are None, left out or not.
    """
    frame = pd.DataFrame({"t": pd.Series([None, None], dtype=object)})
    feeds = (Feed("T", ("t", "absent"), null=NAN_TEXT),)

    found = bind(frame, feeds, (Tensor("T", "string", (None, 2)),), ["absent"])["T"]

    assert [[NULL_TEXT, NULL_TEXT]] * 2 == found.tolist()


def test_a_number_left_out_is_missing_and_a_whole_one_cannot_be():
    """
    Floats have NaN; nothing stands for a missing integer, so none is made up.
    """
    frame = pd.DataFrame({"n": [1.0]})
    feeds = (Feed("X", ("n", "absent")),)

    found = bind(frame, feeds, (Tensor("X", "float64", (None, 2)),), ["absent"])["X"]

    np.testing.assert_array_equal([[1.0, np.nan]], found)
    with pytest.raises(ValueError, match="null"):
        bind(frame, feeds, (Tensor("X", "int64", (None, 2)),), ["absent"])


def test_unnamed_columns_are_fed_by_position():
    """
    A feed names column "1" of a frame whose columns are 0, 1.
    """
    frame = pd.DataFrame({0: [1.0], 1: [2.0]})

    found = bind(frame, (Feed("X", ("1",)),), (Tensor("X", "float64", (None, 1)),))

    assert found["X"].tolist() == [[2.0]]


def test_tensors_are_fed_by_name():
    """
    Named tensors go to their inputs; an unnamed one to its only input.
    """
    one = bind(
        {"": np.ones((2, 3))}, (Feed("X"),), (Tensor("X", "float32", (None, 3)),)
    )
    named = bind(
        {"a": np.ones(2), "b": np.zeros(2)},
        (Feed("X", tensor="b"),),
        (Tensor("X", "int64", (None,)),),
    )

    assert np.float32 == one["X"].dtype
    assert named["X"].tolist() == [0, 0]


def test_a_feed_from_nowhere_is_an_error():
    """
    A column that is not there is never filled with something.
    """
    with pytest.raises((KeyError, ValueError)):
        bind(FRAME, (Feed("X", ("gone",)),), (Tensor("X", "float32", (None, 1)),))


FOUND = {
    "scores": np.array([[0.1, 0.9], [0.8, 0.2]], np.float32),
    "index": np.array([1, 0], np.int64),
    "column": np.array([[5.0], [6.0]]),
}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("array", (Field("column", column=0),)), {"": [5.0, 6.0]}),
        (Answer("array", (Field("column"),)), {"": [[5.0], [6.0]]}),
        (Answer("array", (Field("index", labels=("no", "yes")),)), {"": ["yes", "no"]}),
        (Answer("array", (Field("index", labels=(False, True)),)), {"": [True, False]}),
        (
            Answer("array", (Field("index"), Field("column"))),
            {"": [[1, 5.0], [0, 6.0]]},
        ),
        (
            Answer("table", (Field("index", "a"), Field("column", "b"))),
            {"a": [1, 0], "b": [5.0, 6.0]},
        ),
        (
            Answer("tensors", (Field("column", "b"),)),
            {"b": [[5.0], [6.0]]},
        ),
    ],
)
def test_answers_take_the_form_they_say(answer, expected):
    """
    Columns, labels of any type, tables and tensors, as callers get them.
    """
    found = answer_of(FOUND, answer)

    assert answer.form == found.form
    assert expected == {name: array.tolist() for name, array in found.arrays.items()}


def test_labels_beyond_the_list_are_an_error():
    """
    An index that no label has is a broken graph, not a guess.
    """
    answer = Answer("array", (Field("index", labels=("no", "yes")),))

    for wrong in (2, -1):
        with pytest.raises(IndexError):
            answer_of({"index": np.array([wrong])}, answer)
