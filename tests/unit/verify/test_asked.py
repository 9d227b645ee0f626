"""Rows that the model refuses are found, counted and explained."""

import numpy as np
import pandas as pd

from mlflow_serverless.verify.asked import CALLS, ENOUGH, HOPELESS, ask
from mlflow_serverless.verify.batch import Batch, rows_of
from mlflow_serverless.verify.native import Refusal
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.samples import Group


class Picky:
    """Refuses a batch that holds a negative number; counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, batch: Batch) -> Outputs | Refusal:
        """Twice the input."""
        assert isinstance(batch, pd.DataFrame)
        self.calls += 1
        values = batch["x"].to_numpy()
        if (values < 0).any():
            return Refusal("ValueError: negative")
        return Outputs("array", {"": 2 * values})

    def margins(self, batch: Batch, said, given) -> None:
        """It has no scores."""


def group(values, chunk=None) -> Group:
    """A group of one column."""
    batch = pd.DataFrame({"x": np.asarray(values, float)})
    return Group(name="g", why="", batch=batch, chunk=chunk)


def test_refused_rows_are_left_out_in_order():
    """
    What is answered stays in order; what is refused is counted with its reason.
    """
    found = ask(Picky(), group([1, -1, 2, 3, -2, 4]))

    assert found.native.arrays[""].tolist() == [2, 4, 6, 8]
    assert found.batch["x"].tolist() == [1, 2, 3, 4]
    assert (
        found.refused, found.unasked, found.reasons,
    ) == (2, 0, ("ValueError: negative",))  # fmt: skip


def test_a_group_without_refusals_costs_one_call():
    """
    Ordinary rows are asked together.
    """
    picky = Picky()

    assert ask(picky, group(range(1_000))).rows == 1_000
    assert picky.calls == 1


def test_a_hopeless_group_is_given_up():
    """
    Where row after row is refused and none answered, the rest is not asked, and said.
    """
    picky = Picky()
    found = ask(picky, group([-1] * 1_000))

    assert found.native is None
    assert picky.calls < 4 * HOPELESS
    assert found.refused + found.unasked == 1_000


def test_the_search_is_bounded():
    """
    However refusals are strewn, the calls for one group are limited.
    """
    picky = Picky()
    found = ask(picky, group([1, -1] * 2_000))

    assert picky.calls <= CALLS
    assert found.rows + found.refused + found.unasked == 4_000


def test_chunks_are_asked_apart():
    """
    A group that asks one row at a time is asked so.
    """
    picky = Picky()

    assert ask(picky, group(range(5), chunk=1)).rows == 5
    assert picky.calls == 5


def test_no_rows_are_one_question():
    """
    An empty request is asked, too.
    """
    found = ask(Picky(), group([]))

    assert found.native is not None
    assert rows_of(found.batch) == 0


def test_few_suspects_are_asked_if_all_are_refused():
    """
    A dozen alone; the others are taken for refused, and counted as not asked.
    """
    values = np.array([-1.0] * 200 + [1.0] * 50)
    model = Picky()

    found = ask(model, group(values), values < 0)

    assert (50, ENOUGH, 200 - ENOUGH) == (found.rows, found.refused, found.unasked)
    assert model.calls == ENOUGH + 1
    assert [row for row, _ in found.spurned] == sorted(row for row, _ in found.spurned)


def test_a_suspect_that_is_answered_clears_the_others():
    """
    A suspicion may be wrong: then every row is asked, and none is lost.
    """
    values = np.arange(100.0)
    values[40] = -1.0

    found = ask(Picky(), group(values), np.ones(100, bool))

    assert (99, 1, 0) == (found.rows, found.refused, found.unasked)
    assert sorted(found.batch["x"]) == sorted(found.native.arrays[""] / 2)
