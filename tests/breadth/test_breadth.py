"""The table holds: the most telling rows on every run, all by `make breadth`."""

import pytest

from tests.breadth import table
from tests.breadth.case import Case, Trained, Unbuilt
from tests.breadth.cases import everything
from tests.breadth.cases.quick import QUICK
from tests.breadth.command import chosen, keys_of
from tests.breadth.kept import Kept
from tests.breadth.rooms import rows_of

CHOSEN = {f"{case.group}/{case.name}": case for case in chosen(quick=True)}


@pytest.mark.parametrize("name", sorted(QUICK))
def test_no_row_gets_worse(name):
    """
    A model that was exact stays exact, by the gate and by the second look.
    """
    rows = rows_of(CHOSEN[name], Kept(None), engine="onnx")

    assert [] == list(table.worse(table.read(), rows))


def test_the_table_has_rows_of_cases_only():
    """
    What was removed is gone; what every run looks at is there.
    """
    asked = {
        key for case in everything() if isinstance(case, Case) for key in keys_of(case)
    }
    known = set(table.read())

    assert set() == known - asked
    assert set() == {key for case in CHOSEN.values() for key in keys_of(case)} - known


def test_nothing_in_the_table_is_silently_wrong():
    """
    What is committed has neither wrong answers nor our own exceptions in it.
    """
    bad = {"silently wrong", "bug"}

    assert [] == [r.key for r in table.read().values() if r.verdict in bad]


def test_every_estimator_of_scikit_learn_is_accounted_for():
    """
    An estimator that a later scikit-learn brings must be put somewhere.
    """
    from sklearn.utils import all_estimators

    known = " ".join(case.name for case in everything())

    assert [] == [name for name, _ in all_estimators() if name not in known]


def test_what_cannot_be_trained_is_a_row_not_an_error():
    """
    The sweep goes on, and says what the library said.
    """

    def fails() -> Trained:
        raise ValueError("too few rows")

    (row,) = rows_of(Case(name="x", group="meta", train=fails), Kept(None))

    assert ("untrainable", "ValueError: too few rows") == (row.verdict, row.why)


def test_reasons_are_given_for_what_is_not_built():
    """
    Nothing is left out without a word.
    """
    assert all(case.why for case in everything() if isinstance(case, Unbuilt))
