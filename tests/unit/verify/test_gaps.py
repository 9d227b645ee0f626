"""The gate learns what a model raises for, and holds the runtime to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lambda_runtime.manifest import Column, Refusal, Signature, Tensor
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import Batch, rows_of
from mlflow_serverless.verify.gaps import probe, refusals_of, summed, unlike
from mlflow_serverless.verify.native import Refusal as Refused
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.questions import BLOCKS, Probe
from mlflow_serverless.verify.samples import Group


class Picky:
    """A model that raises for what *minds* says, and counts how often it is asked."""

    def __init__(self, minds: Callable[[Batch], bool]) -> None:
        self._minds = minds
        self.calls = 0

    def predict(self, batch: Batch) -> Outputs | Refused:
        """Zeros, or a refusal."""
        self.calls += 1
        if self._minds(batch):
            return Refused("ValueError: no")
        return Outputs("array", {"": np.zeros(rows_of(batch))})

    def margins(self, batch: Batch, said, given) -> None:
        """It has none."""


def found(minds: Callable[[Batch], bool], batch: Batch, signature: Signature):
    """What is recorded of a model that *minds*, and the calls that it took."""
    model = Picky(minds)
    native = Outputs("array", {"": np.zeros(rows_of(batch))})
    asked = [Asked(group=Group(name="a", why="", batch=batch), batch=batch,
                   native=native)]  # fmt: skip
    probes = probe(model, asked, signature)
    return refusals_of(probes, signature), model.calls, probes


def doubles(width: int) -> tuple[pd.DataFrame, Signature]:
    """A row of *width* numbers, and its signature."""
    names = [f"c{at}" for at in range(width)]
    columns = tuple(Column(name, "double") for name in names)
    return pd.DataFrame(np.ones((1, width)), columns=names), Signature(columns)


def test_a_model_that_takes_everything_is_asked_little() -> None:
    """
    Nothing refused is nothing recorded, and costs one call for each kind of value.
    """
    frame, signature = doubles(30)

    refusals, calls, _ = found(lambda _: False, frame, signature)

    assert () == refusals
    assert calls <= 5


def test_columns_are_told_apart() -> None:
    """
    What one column refuses is recorded of it alone; what all refuse, of all.
    """
    frame, signature = doubles(5)

    refusals, _, _ = found(
        lambda b: b["c2"].isna().any() or np.isinf(b.to_numpy()).any(), frame, signature
    )

    assert (Refusal("infinite"), Refusal("missing", ("c2",))) == refusals


def test_numbers_beyond_float32_are_asked_for() -> None:
    """
    A model that casts to float32 and checks, as trees do, refuses large numbers.
    """
    frame, signature = doubles(2)

    refusals, _, _ = found(
        lambda b: (np.abs(b.to_numpy()) > 3.5e38).any(), frame, signature
    )

    assert (Refusal("infinite"), Refusal("large")) == refusals


def test_wide_tables_are_asked_in_blocks() -> None:
    """
    Calls stay bounded, and every column that refuses is among those recorded.
    """
    frame, signature = doubles(3 * BLOCKS)

    refusals, calls, _ = found(lambda b: b["c7"].isna().any(), frame, signature)

    assert calls <= BLOCKS + 8
    assert ["missing"] == [item.value for item in refusals]
    assert "c7" in refusals[0].of
    assert len(refusals[0].of) <= 3


def test_texts_integers_and_columns_left_out() -> None:
    """
    Optional integers are asked as MLflow would pass a null: as a float; optional
    columns are left out; a text is None alone and NaN beside others.
    """
    columns = (
        Column("s", "string"), Column("n", "long", required=False),
        Column("x", "double", required=False),
    )  # fmt: skip
    frame = pd.DataFrame({"s": np.array(["a"], object), "n": [1], "x": [1.0]})

    def minds(batch: Batch) -> bool:
        lacks = not {"x", "n"} <= {*batch.columns}
        return lacks or batch["s"][0] is None or batch["n"].dtype == float

    refusals, _, _ = found(minds, frame, Signature(columns))

    expected = (Refusal("absent", ("n", "x")), Refusal("missing", ("n",)),
                Refusal("null", ("s",)))  # fmt: skip
    assert expected == refusals


@pytest.mark.parametrize("place", [0, 3])
def test_one_element_speaks_for_its_tensor(place: int) -> None:
    """
    A tensor of which one element is refused is refused whole.
    """
    tensors = {"": np.ones((1, 4), np.float32)}
    signature = Signature(tensors=(Tensor("", "float32", (None, 4)),))

    refusals, _, _ = found(
        lambda b: np.isnan(b[""][:, place]).any(), tensors, signature
    )

    assert (Refusal("missing"),) == refusals


def test_a_row_that_is_refused_anyway_says_nothing() -> None:
    """
    Where even the plain row is refused when it is asked again, nothing is recorded.
    """
    frame, signature = doubles(2)

    refusals, _, probes = found(lambda _: True, frame, signature)

    assert () == refusals == probes


REFUSED = Probe(
    value="missing", of=("x",), reason="ValueError: no",
    batch=pd.DataFrame({"x": [np.nan]}),
)  # fmt: skip
ANSWERED = Probe(value="missing", of=("x",), batch=pd.DataFrame({"x": [np.nan]}))
NO = "Invalid input. The model takes no missing values in column 'x', but ..."


@pytest.mark.parametrize(
    ("item", "status", "message", "lines"),
    [
        (REFUSED, 400, NO, 0),
        (REFUSED, 200, "", 1),
        (REFUSED, 500, "Internal error", 1),
        (ANSWERED, 200, "", 0),
        (ANSWERED, 400, NO, 1),
        (ANSWERED, 400, "a rule of the protocol", 0),
    ],
)
def test_refusals_are_compared(
    item: Probe, status: int, message: str, lines: int
) -> None:
    """
    The model raises where the runtime answers 400, and nowhere else.
    """
    assert lines == len(list(unlike([item], 10, lambda _: (status, message))))


def test_what_is_refused_with_one_sign_only_is_left_to_the_graph() -> None:
    """
    A logarithm refuses one infinity and takes the other: the runtime cannot tell.
    """
    frame, signature = doubles(2)

    refusals, _, probes = found(
        lambda batch: bool((batch == -np.inf).any(axis=None)), frame, signature
    )

    assert () == refusals
    assert 2 == sum(item.refused for item in probes)


def test_strange_values_are_asked_but_never_left_to_the_runtime() -> None:
    """
    An encoder refuses what it does not know: no manifest can list what it knows.
    """
    frame = pd.DataFrame({"t": pd.Series(["a"], dtype=object)})
    signature = Signature((Column("t", "string"),))

    refusals, _, probes = found(
        lambda batch: not batch["t"].isin(["a"]).all(), frame, signature
    )

    assert {"missing", "null"} == {item.value for item in refusals}
    assert ["unseen"] == [i.value for i in summed(probes, signature)
                          if i.value not in {"missing", "null"}]  # fmt: skip
