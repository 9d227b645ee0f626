"""What is known to be refused is put aside, and what it hid is asked again."""

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.questions import Probe
from mlflow_serverless.verify.samples import Group
from mlflow_serverless.verify.spared import spared
from mlflow_serverless.verify.suspects import suspects

PLAIN = pd.DataFrame({
    "x": [0.0, 1.0], "n": [3, 4], "t": pd.Series(["a", "b"], dtype=object),
})  # fmt: skip
ODD = pd.DataFrame({
    "x": [0.5, np.nan, np.inf, 1e39, 7.0, 0.0],
    "n": [3, 3, 4, 4, 9, 3],
    "t": pd.Series(["a", "b", None, "z", "a", np.nan], dtype=object),
})  # fmt: skip


def probe(value: str, of: str, reason: str = "ValueError: no") -> Probe:
    """A question about one column, refused unless *reason* is empty."""
    return Probe(value=value, of=(of,), batch=PLAIN, reason=reason)


@pytest.mark.parametrize(
    ("value", "of", "rows"),
    [
        ("missing", "x", [1]), ("infinite", "x", [2]), ("large", "x", [2, 3]),
        ("outside", "x", [1, 2, 3, 4]), ("outside", "n", [4]),
        ("unseen", "t", [2, 3, 5]), ("null", "t", [2, 5]), ("missing", "t", [2, 5]),
        ("absent", "t", []), ("missing", "not there", []),
    ],
)  # fmt: skip
def test_rows_are_suspected_for_what_was_refused(value, of, rows):
    """
    Cells of the kind that a probe was refused for, and of that column alone.
    """
    found = suspects(ODD, [probe(value, of), probe("missing", "x", "")], PLAIN)

    assert rows == np.flatnonzero(found).tolist()


def test_tensors_are_looked_at_row_by_row():
    """
    One odd element makes its row suspect.
    """
    batch = {"": np.array([[1.0, 2.0], [np.nan, 0.0]])}
    refused = Probe(value="missing", of=("",), batch=batch, reason="no")

    assert [False, True] == suspects(batch, [refused], None).tolist()


def asked(name: str, batch: pd.DataFrame, refused: int) -> Asked:
    """A group of which rows were refused."""
    native = Outputs("array", {"": np.zeros(len(batch))})
    group = Group(name=name, why="", batch=batch)
    return Asked(group=group, batch=batch, native=native, refused=refused)


def test_rows_are_asked_again_without_what_refuses_them():
    """
    Known values where strange ones are refused; all else as it was.
    """
    items = [asked("drawn", PLAIN, 0), asked("unseen", ODD, 3)]

    (again,) = spared(items, [probe("unseen", "t")])

    assert "unseen, else known" == again.name
    assert ["a", "b", "a", "b", "a", "b"] == again.batch["t"].tolist()
    pd.testing.assert_frame_equal(ODD[["x", "n"]], again.batch[["x", "n"]])


def test_nothing_is_asked_again_where_nothing_strange_is_refused():
    """
    Gaps that are refused are refused whatever stands beside them.
    """
    items = [asked("drawn", PLAIN, 0), asked("missing", ODD, 3)]

    assert [] == list(spared(items, [probe("missing", "x")]))
