"""What comes back through the runtime, as JSON, is held to the model's answers."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.verify import ParityOptions
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import Batch
from mlflow_serverless.verify.judge import Bench
from mlflow_serverless.verify.native import Refusal
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.posted import parse, payload
from mlflow_serverless.verify.precision import EPS64, Precision
from mlflow_serverless.verify.runtime_check import through
from mlflow_serverless.verify.samples import Group

FINE = Precision(EPS64, 1)


class Silent:
    """A model without scores."""

    def predict(self, batch: Batch) -> Outputs | Refusal:
        """Nobody asks it again here."""
        return Refusal("not asked")

    def margins(self, batch: Batch, said, given) -> None:
        """It has none."""


def bench(native: Outputs, rows: int = 6) -> Bench:
    """One group of *rows* numbers and what the model said to them."""
    batch = pd.DataFrame({"x": np.arange(float(rows))})
    group = Group(name="drawn", why="", batch=batch)
    return Bench(
        reference=Silent(),
        asked=[Asked(group=group, batch=batch, native=native)],
        options=ParityOptions(runtime_rows=rows),
        labels=frozenset(),
    )


def server(predict: Callable[[list[float]], Any], status: int = 200):
    """A runtime that answers with *predict* of the posted column."""

    def post(body: bytes) -> tuple[int, bytes]:
        rows = [row[0] for row in json.loads(body)["dataframe_split"]["data"]]
        found = predict(rows)
        reply = {"predictions": found} if status == 200 else {"message": "no"}
        return status, json.dumps(reply).encode()

    return post


DOUBLED = Outputs("array", {"": 2.0 * np.arange(6)})


def test_right_answers_pass():
    """
    Every row comes back as the model said it.
    """
    found = through(server(lambda rows: [2 * x for x in rows]), FINE, bench(DOUBLED))

    assert (found.rows, found.wrong, found.refused) == (6, 0, 0)


def test_a_wrong_answer_is_found_and_shown():
    """
    One number off is wrong, with its input.
    """
    found = through(
        server(lambda rows: [2 * x + (x == 3) for x in rows]), FINE, bench(DOUBLED)
    )

    assert found.wrong == 1
    assert "the model says 6.0, the runtime 7.0, for {x=3.0}" in found.first_wrong


def test_refused_rows_are_counted_not_passed():
    """
    A row the runtime does not take is no proof of anything, and is reported.
    """
    found = through(server(lambda _: None, 400), FINE, bench(DOUBLED))

    assert (found.refused, found.wrong) == (6, 0)
    assert "drawn: no" in found.note


def test_an_internal_error_is_wrong():
    """
    The model answers, so a 500 is a wrong answer.
    """
    assert through(server(lambda _: None, 500), FINE, bench(DOUBLED)).wrong


@pytest.mark.parametrize("answer", [[[1.0]] * 6, {"x": 1}, ["a"] * 6, [0.0] * 5])
def test_another_form_is_wrong(answer):
    """
    An answer of another shape or type is wrong even where numbers agree.
    """
    assert through(server(lambda _: answer), FINE, bench(DOUBLED)).wrong


def test_null_stands_for_nan_and_infinities():
    """
    JSON has one word for what is no finite number; the protocol writes it.
    """
    native = Outputs("array", {"": np.array([np.nan, np.inf, -np.inf, 1.0])})
    found = through(
        server(lambda rows: [None, None, None, 1.0][: len(rows)]),
        FINE,
        bench(native, rows=4),
    )

    assert found.wrong == 0


def test_text_labels_come_back_as_they_are():
    """
    A wrong label is wrong; the right ones are not.
    """
    native = Outputs("array", {"": np.array(["é", "no"], object)})

    assert through(server(lambda _: ["é", "no"]), FINE, bench(native, 2)).wrong == 0
    assert through(server(lambda _: ["é", "yes"]), FINE, bench(native, 2)).wrong == 1


def test_tables_and_tensors_are_read_back():
    """
    Records become columns, objects become tensors.
    """
    table = Outputs("table", {"a": np.array([1]), "b": np.array(["x"], object)})
    tensors = Outputs("tensors", {"p": np.array([[0.5, 0.5]])})

    records = parse([{"a": 2, "b": "y"}], table)
    objects = parse({"p": [[0.1, 0.9]]}, tensors)

    assert (records.arrays["a"].tolist(), records.arrays["b"].tolist()) == ([2], ["y"])
    assert objects.arrays["p"].tolist() == [[0.1, 0.9]]


def test_payloads_keep_every_value():
    """
    Integers stay integers, text stays text, gaps and bytes go by MLflow's rules.
    """
    frame = pd.DataFrame({
        "k": np.array([2**53 + 1], np.int64),
        "t": pd.Series([None], dtype=object),
        "b": pd.Series([b"\xff"], dtype=object),
        "d": pd.to_datetime(["2026-11-21T10:00:00"]),
        "f": np.array([0.1], np.float32),
    })  # fmt: skip

    split = json.loads(payload(frame))["dataframe_split"]

    number, text, binary, moment, single = split["data"][0]
    assert (number, text) == (2**53 + 1, None)
    assert base64.b64decode(binary) == b"\xff"
    assert moment.startswith("2026-11-21T10:00:00")
    assert np.float32(0.1) == np.float32(single)


def test_an_unnamed_tensor_is_posted_bare():
    """
    Tensors go as `inputs`: one alone as a list, several by name.
    """
    one = json.loads(payload({"": np.ones((1, 2))}))
    two = json.loads(payload({"a": np.ones(1), "b": np.zeros(1)}))

    assert one == {"inputs": [[1.0, 1.0]]}
    assert two == {"inputs": {"a": [1.0], "b": [0.0]}}
