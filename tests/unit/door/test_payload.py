"""Whatever predict is given arrives as the request that was meant."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.door.payload import UnsendableInputError, payload_of

cells = st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab é", min_size=1)
PAYLOADS = [
    {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}},
    {"dataframe_split": {"columns": ["a"], "data": [[1], [2], [3]]}},
    {"dataframe_records": [{"a": 1, "b": "x"}, {"a": 2, "b": None}]},
    {"instances": [[1, 2], [3, 4]]},
    {"instances": [{"a": 1}, {"a": 2}]},
    {"inputs": {"a": [1, 2], "b": ["x", "y"]}},
    {"inputs": [[1.5, 2.5]]},
    {
        "dataframe_split": {"columns": ["a"], "data": [[1]]},
        "params": {"alpha": 2, "beta": "x"},
    },
]


@pytest.mark.parametrize("payload", PAYLOADS, ids="+".join)
def test_pandas_is_undone(payload, tmp_path):
    """
    `mlflow deployments predict -I` reads serving payloads as frames; they come back.
    """
    file = tmp_path / "input.json"
    file.write_text(json.dumps(payload))

    assert payload == json.loads(payload_of(pd.read_json(file)))


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=4))
def test_a_frame_keeps_every_cell(rows):
    """
    Columns and values arrive as they were, None included.
    """
    frame = pd.DataFrame(rows, columns=["a b", "c"], dtype=object)
    sent = json.loads(payload_of(frame))["dataframe_split"]

    assert ["a b", "c"] == sent["columns"]
    assert [list(row) for row in rows] == sent["data"]


def test_missing_text_keeps_its_kind():
    """
    In columns of text NaN and None may mean different things to a model.
    """
    mixed = payload_of(pd.DataFrame({"a": pd.Series([np.nan, None], dtype=object)}))
    text = payload_of(pd.DataFrame({"a": pd.Series([np.nan, "x"], dtype="str")}))

    assert b'"data": [[NaN], [null]]' in mixed
    assert b'"data": [[NaN], ["x"]]' in text


def test_missing_numbers_are_null():
    """
    Strict JSON has no NaN; for numbers null means the same.
    """
    assert b'"data": [[1.5], [null]]' in payload_of(pd.DataFrame({"a": [1.5, np.nan]}))


def test_numpy_dates_and_bytes_are_written_as_mlflow_reads_them():
    """
    Dates are ISO texts, bytes are base64.
    """
    frame = pd.DataFrame({
        "i": np.array([7], "int32"),
        "b": [True],
        "t": [pd.Timestamp("2026-01-02T03:04:05")],
        "d": [datetime(2026, 1, 2, tzinfo=UTC)],
        "x": [b"hi"],
    })  # fmt: skip
    row = json.loads(payload_of(frame))["dataframe_split"]["data"][0]

    assert [
        7, True, "2026-01-02T03:04:05", "2026-01-02T00:00:00+00:00", "aGk=",
    ] == row  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        (np.ones((1, 2)), {"instances": [[1.0, 1.0]]}),
        ([[1, 2]], {"instances": [[1, 2]]}),
        ([{"a": 1}], {"instances": [{"a": 1}]}),
        ({"a": [1]}, {"inputs": {"a": [1]}}),
        ({"a": np.zeros(2)}, {"inputs": {"a": [0.0, 0.0]}}),
        ({"inputs": [1]}, {"inputs": [1]}),
        (pd.Series([1, 2], name="a"), {
            "dataframe_split": {"columns": ["a"], "data": [[1], [2]]},
        }),
        (5, {"inputs": 5}),
    ],
)  # fmt: skip
def test_other_inputs_have_one_obvious_form(inputs, body):
    """
    Arrays and lists are instances, dicts are named inputs.
    """
    assert body == json.loads(payload_of(inputs))


@pytest.mark.parametrize("inputs", ['{"x"', b"\x00raw", bytearray(b"raw")])
def test_text_and_bytes_are_sent_as_they_are(inputs):
    """
    Whoever writes the request writes all of it.
    """
    expected = inputs.encode() if isinstance(inputs, str) else bytes(inputs)

    assert expected == payload_of(inputs)


def test_parameters_go_beside_the_inputs():
    """
    Inference parameters are part of the request.
    """
    assert {"inputs": [1], "params": {"k": 2}} == json.loads(
        payload_of({"inputs": [1]}, {"k": 2})
    )


def test_what_json_cannot_say_is_refused():
    """
    An object nobody can read at the other end is named.
    """
    with pytest.raises(UnsendableInputError, match="object"):
        payload_of([object()])


def test_a_model_s_own_columns_are_left_alone():
    """
    A frame whose column only happens to be called like a payload's key and does not
    hold one is a frame.
    """
    frame = pd.DataFrame({"inputs": [1.0, 2.0], "b": [1, 2]})

    assert "dataframe_split" in json.loads(payload_of(frame))
