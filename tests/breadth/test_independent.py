"""The second look sees what it is there to see."""

import numpy as np
import pandas as pd

from tests.breadth.independent import batches, compare

ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.0]})


def test_equal_answers_are_not_wrong():
    """
    NaN is equal to NaN, and 0 to -0.
    """
    said = np.array([0.0, np.nan, np.inf])

    assert 0 == compare(said, np.array([-0.0, np.nan, np.inf]), ROWS).wrong


def test_one_wrong_label_is_found_and_shown():
    """
    The evidence has the row and both answers.
    """
    found = compare(np.array(["x", "y", "x"]), np.array(["x", "x", "x"]), ROWS)

    assert 1 == found.wrong
    assert "'y' became 'x' for {'a': 2.0}" in found.evidence.replace(
        "np.str_", ""
    ).replace("('y')", "'y'").replace("('x')", "'x'")


def test_doubles_are_held_to_more_than_singles():
    """
    An error of 1e-6 is wrong in float64, and right in float32.
    """
    said = np.array([1.0, 2.0, 3.0])

    assert 3 == compare(said, said * (1 + 1e-6), ROWS).wrong
    single = said.astype(np.float32)
    assert 0 == compare(single, single * np.float32(1 + 1e-6), ROWS).wrong


def test_a_score_that_is_missing_on_one_side_is_wrong():
    """
    NaN for a number, or a number for NaN.
    """
    assert 1 == compare(np.array([1.0, 2, 3]), np.array([1.0, np.nan, 3]), ROWS).wrong


def test_other_shapes_are_wrong_in_every_row():
    """
    Two columns are not one.
    """
    assert 3 == compare(np.ones((3, 2)), np.ones(3), ROWS).wrong


def test_a_tie_needs_the_model_to_say_so():
    """
    Labels that differ are excused only where the model's own scores are level.
    """

    class Model:
        def get_raw_model(self):
            return self

        def decision_function(self, part):
            return part["a"].to_numpy() - 2.0

    said, answer = np.array([0, 0, 1]), np.array([1, 1, 1])
    found = compare(said, answer, ROWS, native=Model())

    assert (1, 1) == (found.wrong, found.ties)


def test_rows_are_new_and_keep_their_types():
    """
    Every batch has the training rows' columns and dtypes, and none repeats them.
    """
    data = pd.DataFrame({
        "x": [0.5, np.nan, 2.5], "n": [1, 2, 3], "t": ["a", "b", "c"], "f": [True] * 3,
    })  # fmt: skip
    for name, batch in batches(data):
        assert dict(data.dtypes) == dict(batch.dtypes), name
        assert len(batch) > len(data)


def test_trees_are_asked_where_they_split():
    """
    Half way between neighbouring values, in both precisions.
    """
    asked = dict(batches(pd.DataFrame({"x": [0.1, 0.2, 0.4]})))
    middle = 0.1 / 2 + 0.2 / 2

    found = set(asked["midpoints"]["x"])

    assert {middle, float(np.float32(middle))} <= found
