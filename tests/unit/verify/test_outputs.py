"""Whatever a pyfunc returns becomes named arrays."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlflow_serverless.verify.outputs import join_outputs, kind_of, normalise


@pytest.mark.parametrize(
    ("answer", "form", "arrays"),
    [
        (np.array([1, 2]), "array", {"": [1, 2]}),
        ([0.5, 0.25], "array", {"": [0.5, 0.25]}),
        ([["a"], ["b"]], "array", {"": [["a"], ["b"]]}),
        (3.5, "array", {"": 3.5}),
        (np.array(["x", "y"]), "array", {"": ["x", "y"]}),
        (pd.DataFrame({"a": [1], "b": ["t"]}), "table", {"a": [1], "b": ["t"]}),
        (pd.Series([1.5], name="score"), "table", {"score": [1.5]}),
        ([{"a": 1}, {"a": 2}], "table", {"a": [1, 2]}),
        ({"p": np.array([0.5]), "q": [1]}, "tensors", {"p": [0.5], "q": [1]}),
        (sparse.csr_matrix([[0, 2]]), "array", {"": [[0, 2]]}),
    ],
)
def test_every_form_is_normalised(answer, form, arrays):
    """
    Arrays, frames, series, lists, records, mappings, scalars, sparse matrices.
    """
    found = normalise(answer)

    assert form == found.form
    assert arrays == {name: array.tolist() for name, array in found.arrays.items()}


def test_what_is_no_answer_is_refused():
    """
    A generator cannot be compared, and says so.
    """
    with pytest.raises(TypeError, match="generator"):
        normalise(n for n in range(3))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1.0], np.float32), "score"),
        (np.array([1], np.uint8), "integer"),
        (np.array([True]), "boolean"),
        (np.array(["a"], object), "text"),
        (np.array(["a", None], object), "other"),
    ],
)
def test_kinds_are_what_json_tells_apart(values, kind):
    """
    Widths do not matter to a caller; the kind of value does.
    """
    assert kind == kind_of(values)


def test_numbers_in_object_columns_are_numbers():
    """
    A frame's object column of floats is a column of floats.
    """
    frame = pd.DataFrame({"a": pd.Series([1.5, 2.5], dtype=object)})

    assert kind_of(normalise(frame).arrays["a"]) == "score"


def test_joining_keeps_order():
    """
    Batches are laid end to end.
    """
    parts = [normalise(np.array([1, 2])), normalise(np.array([3]))]

    assert join_outputs(parts).arrays[""].tolist() == [1, 2, 3]
