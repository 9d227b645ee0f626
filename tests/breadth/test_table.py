"""The table is compared row by row, and written so that it reads back."""

from dataclasses import replace

import pytest

from tests.breadth import table
from tests.breadth.case import Unbuilt
from tests.breadth.page import page, share
from tests.breadth.row import Row

EXACT = Row(
    group="classifier", name="Tree, 2 texts", method="predict", verdict="exact",
    recipes=("Tree.predict",), rows=10, other_rows=5,
)  # fmt: skip


def test_what_is_written_reads_back(tmp_path):
    """
    No field is lost, and texts stay as they are.
    """
    rows = [EXACT, replace(EXACT, name="größe | x", verdict="refused", why="ä")]
    file = tmp_path / "breadth.json"

    table.write(rows, file)

    assert {row.key: row for row in rows} == table.read(file)


@pytest.mark.parametrize("verdict", ["refused", "bug", "silently wrong", "native"])
def test_a_row_that_loses_ground_is_told(verdict):
    """
    From exact, every other verdict of ours is worse.
    """
    after = replace(EXACT, verdict=verdict, why="because")

    (line,) = table.worse({EXACT.key: EXACT}, [after])

    assert f"classifier/Tree, 2 texts.predict: exact -> {verdict}: because" == line


def test_a_row_that_gains_ground_is_no_matter():
    """
    From refused to native, and to exact.
    """
    before = {EXACT.key: replace(EXACT, verdict="refused")}

    assert [] == list(table.worse(before, [EXACT, replace(EXACT, verdict="native")]))


def test_a_new_row_may_be_refused_but_not_wrong():
    """
    Nothing unsound comes in by being new.
    """
    refused = replace(EXACT, verdict="refused")
    wrong = replace(EXACT, verdict="silently wrong")

    assert [] == list(table.worse({}, [refused]))
    assert 1 == len(list(table.worse({}, [wrong])))


def test_a_predictor_is_exact_if_all_its_rows_are():
    """
    One refused row of several takes it out of the share; what cannot train is left out.
    """
    rows = [
        EXACT,
        replace(EXACT, method="predict_proba", verdict="refused"),
        replace(EXACT, name="Forest, 2 texts"),
        replace(EXACT, name="Lost", verdict="untrainable"),
        replace(EXACT, name="Scaler", group="transformer", verdict="refused"),
    ]

    assert (1, 2) == share(rows)


def test_the_page_shows_every_row():
    """
    Totals, then each row with its recipes or its reason.
    """
    refused = replace(EXACT, name="SVC", verdict="refused", why="a | b < c")
    made = page([EXACT, refused], [Unbuilt(name="TSNE", group="x", why="no transform")])

    assert "| Classifiers | 1 | 0 | 1 | 0 | 0 | 0 |" in made
    assert "`Tree.predict`" in made
    assert "a \\| b &lt; c" in made
    assert "| `TSNE` | no transform |" in made
