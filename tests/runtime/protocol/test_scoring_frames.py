"""Whole requests of every shape, asked of MLflow's server and of us."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from protocol_builders import of_columns, of_tensors, post, serve
from protocol_differences import (
    CSV,
    EXTRAS,
    MEDIA,
    NESTED,
    NULS,
    PARAMS,
    RAGGED,
    SHAPE,
    UNNAMED_OBJECTS,
)
from protocol_oracle import Oracle, missing_as_none

from lambda_runtime.manifest import Column, Param, Tensor

NAMED = (("a", "double", True), ("b c", "string", True), ("o", "double", False))
GOOD = {"a": [1, 2], "b c": ["x", "y"]}

SAME: tuple[Any, ...] = (
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1], ["y", None]]}},
    {"dataframe_split": {"columns": ["b c", "a", "z"], "data": [["x", 1, {}]]}},
    {"dataframe_split": {"columns": ["b c", "a", "z", "z"], "data": [["x", 1, 2, 3]]}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1, 3]]}},
    {"dataframe_split": {"columns": ["b c"], "data": [["x"]]}},
    {"dataframe_split": {"data": [["x", 1]]}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": []}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1]], "index": [7]}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1]], "index": None}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1]], "more": 1}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [{"a": 1, "b c": "x"}]}},
    {"dataframe_split": {"columns": ["b c", "a", "a"], "data": [["x", 1, 1]]}},
    {"dataframe_split": {"columns": "ab", "data": [["x", 1]]}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": ["x", 1]}},
    {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1], 5]}},
    {"dataframe_split": [1]}, {"dataframe_split": None}, {"dataframe_split": {}},
    {"dataframe_records": [{"a": 1, "b c": "x"}, {"b c": "z"}]},
    {"dataframe_records": [{"a": 1, "b c": "x"}, {"a": 2}]},
    {"dataframe_records": [{"a": 1, "b c": "x", "o": 1}, {"a": 2, "b c": "x"}]},
    {"dataframe_records": [{"a": 1}, {"a": 2}]}, {"dataframe_records": []},
    {"dataframe_records": [{}]}, {"dataframe_records": [5]}, {"dataframe_records": {}},
    {"dataframe_records": [[1, "x"]]}, {"dataframe_records": [{"a": 1, "b c": "x"}, 5]},
    {"inputs": GOOD}, {"inputs": {"a": 1, "b c": "x"}}, {"inputs": {"a": [1],
    "b c": "x"}},
    {"inputs": {"a": [1, 2], "b c": ["x"]}}, {"inputs": {**GOOD, "o": [1]}},
    {"inputs": {"a": [], "b c": []}}, {"inputs": {}}, {"inputs": []}, {"inputs": 5},
    {"inputs": [{"a": 1, "b c": "x"}]}, {"inputs": [{"a": 1, "b c": "x"}, {"a": 1}]},
    {"inputs": [[1, "x"]]}, {"inputs": None}, {"inputs": {"a": [[1]], "b c": ["x"]}},
    {"instances": [{"a": 1, "b c": "x"}, {"a": 2, "b c": "y"}]},
    {"instances": [{"a": 1, "b c": "x"}, {"a": 2}]},
    {"instances": [{"a": 1, "b c": "x", "o": 2}, {"a": 2, "b c": "y"}]},
    {"instances": [{"a": 1, "b c": "x"}, 5]}, {"instances": GOOD}, {"instances": []},
    {"instances": {"a": [1, 2], "b c": ["x"]}}, {"instances": 5}, {"instances": [5,
    {}]},
    {"inputs": GOOD, "instances": []}, {}, {"foo": 1}, {"inputs": GOOD, "foo": 1},
    [], [1], "s", "", "{", "null", "5", "[1", "{}x", b"\xff{}", "\ufeff{}",
    {"inputs": GOOD, "params": {"t": 1}}, {"inputs": GOOD, "params": 3},
    '{"inputs":{"a":[NaN,Infinity,-Infinity],"b c":["x","\\ud83d\\ude00","y"]}}',
    '{"inputs":{"a":[5],"b c":["x"],"a":[6]}}',
)  # fmt: skip
"""Requests on which status and values must be MLflow's."""

OTHERWISE = (
    (RAGGED, {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1], ["y"]]}},
    400),
    (SHAPE, {"dataframe_split": {"columns": ["b c", "a"], "data": {"a": [1],
    "b c": ["x"]}}}, 400),
    (SHAPE, {"dataframe_split": {"columns": ["b c", "a"], "data": None}}, 400),
    (SHAPE, {"dataframe_split": {"columns": ["b c", "a"], "data": [["x", 1]],
    "index": [1, 2]}}, 400),
    (SHAPE, {"dataframe_split": {"columns": [["b c"], "a"], "data": [["x", 1]]}}, 400),
    (EXTRAS, {"inputs": {**GOOD, "z": [1]}}, 200),
)  # fmt: skip
"""Requests on which we differ on purpose, and our status."""


def columns_pair(*columns: tuple[str | None, str, bool]):
    """Both servers for one signature of columns."""
    specs = [
        ColSpec(type_, name, required=required) if name else ColSpec(type_)
        for name, type_, required in columns
    ]
    service, spy = serve(of_columns(*(Column(*column) for column in columns)))
    return Oracle(Schema(specs)), service, spy


def tensors_pair(*tensors: tuple[str, str, tuple[int, ...]]):
    """Both servers for one signature of tensors."""
    specs = [
        TensorSpec(np.dtype(dtype), shape, name or None)
        for name, dtype, shape in tensors
    ]
    ours = [
        Tensor(
            name,
            "string" if dtype == "str" else dtype,
            tuple(None if size < 0 else size for size in shape),
        )
        for name, dtype, shape in tensors
    ]
    service, spy = serve(of_tensors(*ours))
    return Oracle(Schema(specs)), service, spy


def both(pair, body: Any, content_type: str = "application/json"):
    """What MLflow's model was given and what our graph was: status and values."""
    oracle, service, spy = pair
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    raw = text.encode() if isinstance(text, str) else text
    theirs, ours = oracle.ask(raw, content_type), post(service, raw, content_type)
    given: Any = None
    if theirs.status == 200 and hasattr(theirs.given, "columns"):
        names = list(service._binder.columns)
        if names[0] == "0":
            theirs.given.columns = [str(at) for at in range(theirs.given.shape[1])]
        given = [theirs.column(name) for name in names]
    elif theirs.status == 200:
        given = theirs.tensors()
    seen: Any = None
    if ours.status == 200:
        values = [missing_as_none(item) for item in spy.seen().values()]
        shapes = [value.shape for value in spy.inputs.values()]
        table = hasattr(theirs.given, "columns")
        seen = values if table else list(zip(shapes, values, strict=True))
    return (theirs.status, given), (ours.status, seen)


@pytest.fixture(scope="module")
def named():
    """Both servers for named columns, one of them optional."""
    return columns_pair(*NAMED)


@pytest.mark.parametrize("body", SAME, ids=lambda body: str(body)[:60])
def test_requests_are_taken_as_the_scoring_server_does(named, body):
    """Same status, and the model is given the same values."""
    theirs, ours = both(named, body)

    assert theirs == ours


@pytest.mark.parametrize(("name", "body", "status"), OTHERWISE)
def test_documented_differences_are_all_there_is(named, name, body, status):
    """On these we differ, on purpose."""
    theirs, ours = both(named, body)

    assert status == ours[0]
    assert theirs != ours


CSV_SAME = (
    "a,b c\n1,x\n2,y\n", "b c,a,zz\nx,1,2\n", "a,b c\n", "", "a\n1\n", "a,b c\n1,x,3\n",
    'a,b c\n1,"x,y"\n', 'a,b c\n1,"x""y"\n', 'a,b c\n1,"x\ny"\n', "a,b c\nNA,x\n",
    "a,b c\n1,NA\n", "a,b c\n1,\n", "a,b c\n1,5\n", "a,b c\nabc,x\n", " a,b c\n1,x\n",
    "a,b c\n\n1,x\n\n", "a,b c\r\n1,x\r\n", ",a,b c\n0,1,x\n", "1,x\n", 'a,b c\n1,"x',
    "a,b c\n1e3,x\n", b"\xff", "\ufeffa,b c\n1,x\n",
)  # fmt: skip


@pytest.mark.parametrize("body", CSV_SAME)
def test_csv_is_read_as_pandas_reads_it(named, body):
    """Headers, quotes, missing marks and blank lines mean what they mean to pandas."""
    theirs, ours = both(named, body, "text/csv")

    assert theirs == ours


@pytest.mark.parametrize(
    ("body", "status"),
    [("a,b c\n1\n", 400), ("a,b c,a\n1,x,2\n", 400), ("a,b c\ntrue,x\n", 400)],
)
def test_csv_that_pandas_patches_up_is_refused(named, body, status):
    """Short rows, doubled columns and booleans for numbers: see the table, CSV."""
    assert CSV
    theirs, ours = both(named, body, "text/csv")

    assert status == ours[0]
    assert theirs != ours


@pytest.mark.parametrize(
    "row",
    ["1,2,true", "1,2,True", "1,2,1", "1,2,0", "1,2,yes", "1,2,", "1.0,2,true",
    ",2,true",
     "1.5,2,true", "3000000000,2,true", "x,2,FALSE"],
)  # fmt: skip
def test_csv_integers_and_booleans(row):
    """Typed columns of a CSV are enforced as MLflow enforces them."""
    pair = columns_pair(
        ("i", "integer", True), ("l", "long", True), ("t", "boolean", True)
    )

    theirs, ours = both(pair, f"i,l,t\n{row}\n", "text/csv")

    assert theirs == ours


UNNAMED = (
    {"inputs": [[1, 2], [3, 4]]}, {"inputs": [[1, 2, 3]]}, {"inputs": [[1]]},
    {"inputs": [1, 2]}, {"inputs": 5}, {"inputs": [[1, None]]}, {"inputs": {"a": [1]}},
    {"instances": [[1, 2]]}, {"instances": [{"a": 1, "b": 2}]}, {"inputs": [[1, "2"]]},
    {"dataframe_split": {"data": [[1, 2]]}}, {"dataframe_records": [{"p": 1, "q": 2}]},
    {"dataframe_split": {"columns": ["p", "q", "r"], "data": [[1, 2, "x"]]}},
    {"dataframe_records": [{"p": 1, "q": 2}, {"q": 1, "p": 0}]}, {"inputs": [[]]},
    {"dataframe_records": [[1, 2]]}, {"dataframe_records": []}, {"inputs": []},
    {"inputs": [[1, "x"]]}, {"inputs": [[[1], [2]]]},
)  # fmt: skip


@pytest.fixture(scope="module")
def unnamed():
    """Both servers for two columns known by their order."""
    return columns_pair((None, "double", True), (None, "double", True))


@pytest.mark.parametrize("body", UNNAMED, ids=str)
def test_unnamed_columns_are_taken_by_position(unnamed, body):
    """A signature without names takes the first columns in order."""
    theirs, ours = both(unnamed, body)

    assert theirs == ours


TENSORS = (
    [[1, 2], [3, 4]], [[1, 2], [3]], [1, 2], [[1, None]], [[1, "2"]], [[True, False]],
    [[2**40, 1]], [[2**70, 1]], [], [[]], [[1, 2, 3]], 5, None, "x", {"a": 1},
    [{"a": 1}],
    [[[1], [2]]], [[300, -1]], [[1.0, 2.0]], [["a", "b"]], [[1.5, 2.5]],
)  # fmt: skip


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int64", "uint8", "str"]
)
def test_tensors_are_enforced_as_the_scoring_server_does(dtype):
    """Shapes, types and coercions of an unnamed tensor, in both its formats."""
    pair = tensors_pair(("", dtype, (-1, 2)))
    wrong = []
    for data in TENSORS:
        if data == [[1.5, 2.5]] and "int" in dtype:
            continue  # lossy: refused on purpose
        if dtype == "str" and data == [[1, None]]:
            continue  # MLflow spells null as "None"
        for format_ in ("inputs", "instances"):
            theirs, ours = both(pair, {format_: data})
            if theirs != ours:
                wrong.append((format_, data, theirs, ours))
    assert [] == wrong


@pytest.mark.parametrize(
    "data",
    [
        {"columns": ["p", "q"], "data": [[1, 2], [3, 4]]}, {"data": [[1, 2]]},
        {"columns": ["p"], "data": [[[1, 2]], [[3, 4]]]}, {"columns": ["p"],
        "data": [[1]]},
        {"columns": ["p"], "data": [[[1, 2, 3]]]}, {"columns": ["p", "q"], "data": []},
        {"columns": ["p", "q", "r"], "data": [[1, 2, 3]]},
        {"columns": ["p", "q"], "data": [["a", 1]]},
        {"columns": ["p", "q"], "data": [[1, None]]},
        {"columns": ["p"], "data": [[[[1, 2]]]]},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_a_table_becomes_a_tensor(data, dtype):
    """Columns side by side, or one column of lists, fill an unnamed tensor."""
    pair = tensors_pair(("", dtype, (-1, 2)))

    theirs, ours = both(pair, {"dataframe_split": data})

    assert theirs == ours


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": {"a": [[1, 2]], "b": [1]}}, {"inputs": {"a": [[1, 2]], "b": [1, 2]}},
        {"inputs": {"a": [[1, 2]]}}, {"inputs": {"a": [[1, 2]], "b": [1], "z": [1]}},
        {"inputs": [[1, 2]]}, {"inputs": [{"a": [1, 2], "b": 1}]}, {"inputs": 5},
        {"instances": [{"a": [1, 2], "b": 1}, {"a": [3, 4], "b": 2}]},
        {"instances": [{"a": [1, 2], "b": 1}, {"a": [3, 4]}]},
        {"instances": [{"a": [1, 2], "b": 1, "z": 1}, {"a": [3, 4], "b": 2}]},
        {"instances": [{"a": [1, 2]}]}, {"inputs": []},
        {"instances": [{"a": [1, 2], "b": 1}, {"a": [3], "b": 2}]},
        {"instances": {"a": [[1, 2]], "b": [1]}}, {"inputs": {"a": 1, "b": 2}},
        {"instances": {"a": [[1, 2]], "b": [1, 2]}},
        {"dataframe_records": [{"a": [1, 2], "b": 1}]},
        {"dataframe_split": {"columns": ["b", "a"], "data": [[1, [1, 2]], [2, [3,
        4]]]}},
        {"dataframe_split": {"columns": ["b", "a"], "data": [[1, [1, 2]], [2, [3]]]}},
        {"dataframe_split": {"columns": ["b"], "data": [[1]]}},
        {"dataframe_split": {"columns": ["b", "a"], "data": []}},
    ],
    ids=str,
)  # fmt: skip
def test_named_tensors_are_enforced_as_the_scoring_server_does(body):
    """Names, shapes and rows of several tensors."""
    pair = tensors_pair(("a", "float32", (-1, 2)), ("b", "int64", (-1,)))

    theirs, ours = both(pair, body)

    assert theirs == ours


def test_lists_in_a_text_column_are_refused():
    """MLflow hands the model arrays of texts as cells; no graph has such a column."""
    assert NESTED
    theirs, ours = both(columns_pair(("x", "string", True)), {"inputs": [["a"], ["b"]]})

    assert (200, 400) == (theirs[0], ours[0])


PARAM_CASES = (
    (None, 200), ({}, 200), ({"t": 0.5}, 200), ({"n": 3}, 200), ({"s": "x"}, 200),
    ({"b": True}, 200), ({"l": [1.0, 2.0]}, 200), ({"l": [1, 2]}, 200), ({"zz": 1},
    200),
    ({"d": "2021-01-01"}, 200), ({"t": True}, 400), ({"t": "0.5"}, 400), ({"n": 3.0},
    400),
    ({"n": "3"}, 400), ({"s": 5}, 400), ({"b": 1}, 400), ({"l": 1.0}, 400),
    ({"l": [[1]]}, 400), ({"l": ["a"]}, 400), ({"d": "x"}, 400), ({"d": 5}, 400),
    (3, 400), ([], 400), ("x", 400), ({"t": [0.5]}, 400), ({"t": {}}, 400),
)  # fmt: skip


@pytest.fixture(scope="module")
def with_params():
    """Both servers for a model with a parameter of every type."""
    schema = ParamSchema(
        [
            ParamSpec("t", "double", 0.5),
            ParamSpec("n", "long", 3),
            ParamSpec("s", "string", "x"),
            ParamSpec("b", "boolean", True),  # noqa: FBT003 - its default
            ParamSpec("l", "double", [1.0, 2.0], (-1,)),
            ParamSpec("d", "datetime", np.datetime64("2021-01-01T00:00:00")),
        ]
    )
    params = (
        Param("t", "double", 0.5),
        Param("n", "long", 3),
        Param("s", "string", "x"),
        Param("b", "boolean", default=True),
        Param("l", "double", [1.0, 2.0], (-1,)),
        Param("d", "datetime", "2021-01-01T00:00:00"),
    )
    service, spy = serve(of_columns(Column("a", "double"), params=params))
    return Oracle(Schema([ColSpec("double", "a")]), schema), service, spy


@pytest.mark.parametrize(("given", "status"), PARAM_CASES, ids=str)
def test_params_are_checked_as_the_scoring_server_does(with_params, given, status):
    """Types and shapes of parameters; those unknown are ignored."""
    theirs, ours = both(with_params, {"inputs": {"a": [1]}, "params": given})

    assert theirs == ours
    assert status == ours[0]


@pytest.mark.parametrize(
    "given", [{"t": 1}, {"n": 4}, {"t": None}, {"l": [1.0]}], ids=str
)
def test_params_other_than_built_in_are_refused(with_params, given):
    """A graph has its parameters built in: another value would be silently ignored."""
    assert PARAMS
    theirs, ours = both(with_params, {"inputs": {"a": [1]}, "params": given})

    assert (200, 400) == (theirs[0], ours[0])


@pytest.mark.parametrize(
    ("content_type", "theirs", "ours"),
    [
        ("application/json", 200, 200),
        ("application/json; charset=UTF-8", 200, 200),
        ("application/json;charset=latin-1", 415, 415),
        ("application/json; foo=bar", 415, 415),
        ("text/plain", 415, 415),
        ("Application/JSON", 415, 200),
        (None, 500, 200),
        ("application/vnd.apache.parquet", 400, 415),
    ],
)
def test_media_types(content_type, theirs, ours):
    """None is JSON and case does not matter, unlike MLflow; Parquet is not served."""
    assert MEDIA
    oracle, service, _ = columns_pair(("a", "double", True))
    body = b'{"inputs":{"a":[1]}}'

    assert theirs == oracle.ask(body, content_type).status
    assert ours == post(service, body, content_type).status


@pytest.mark.parametrize(
    "body",
    [
        "{",
        {"inputs": {"b c": ["x"]}},
        {"inputs": {"a": ["abc"], "b c": ["x"]}},
        {"dataframe_split": {"columns": ["z", "a"], "data": [["x", 1]]}},
        {"foo": 1},
        [1],
        {"dataframe_records": {}},
    ],
    ids=str,
)
def test_refusals_are_in_the_scoring_servers_words(named, body):
    """Code, class and state are MLflow's; ours is never longer, and has no trace."""
    oracle, service, _ = named
    text = body if isinstance(body, str) else json.dumps(body)

    theirs = json.loads(oracle.ask(text).body)
    ours = json.loads(post(service, text.encode()).body)

    for key in ("error_code", "error_class", "sqlstate"):
        assert theirs[key] == ours[key]
    assert {"error_code", "message", "sqlstate", "error_class"} == set(ours)


def test_missing_columns_are_named_as_the_scoring_server_names_them(named):
    """The sentence clients may match on is the same."""
    oracle, service, _ = named
    body = json.dumps({"dataframe_split": {"columns": ["z", "a"], "data": [[1, 1]]}})
    sentence = (
        "Model is missing inputs ['b c']. Note that there were extra inputs: ['z']."
    )

    assert sentence in json.loads(oracle.ask(body).body)["message"]
    assert sentence == json.loads(post(service, body.encode()).body)["message"]


def test_predictions_are_written_as_the_scoring_server_writes_them():
    """A table, an array and a null come back in the same JSON, NaN apart."""
    import pandas as pd

    oracle, _, _ = columns_pair(("a", "double", True))
    body = '{"inputs":{"a":[1]}}'
    table = pd.DataFrame({"x": np.array([0.1], "float32"), "y": ["é"]})

    assert {"predictions": [{"x": 0.10000000149011612, "y": "é"}]} == json.loads(
        oracle.answering(table).ask(body).body
    )
    assert "NaN" in oracle.answering(np.array([np.nan])).ask(body).body


@pytest.mark.parametrize(
    ("records", "status"),
    [([{"p": 1, "q": 2}], 400), ([{"p": 1.5, "q": 2.5}], 200),
     ([{"q": 2.5, "p": 1.5}], 200)],
)  # fmt: skip
def test_objects_are_no_rows_of_unnamed_columns(records, status):
    """MLflow takes their keys' order for the columns', if no cell is whole."""
    pair = columns_pair((None, "double", True), (None, "double", True))
    theirs, ours = both(pair, {"instances": records})

    assert UNNAMED_OBJECTS
    assert (status, 400) == (theirs[0], ours[0])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize(
    "records",
    [[{"p": 1, "q": 2}, {"p": 3}], [{"q": 2}, {"p": 3, "q": 4}], [{"p": 1}, {"q": 2}]],
    ids=str,
)  # fmt: skip
def test_what_records_lack_is_missing_in_a_tensor_too(dtype, records):
    """A key absent from some records is NaN where that can be."""
    pair = tensors_pair(("", dtype, (-1, 2)))
    theirs, ours = both(pair, {"dataframe_records": records})

    assert theirs == ours


def test_texts_that_end_in_nul_keep_it():
    """Numpy's texts of fixed width lose it on MLflow's way; see the table."""
    pair = columns_pair(("s", "string", True))
    theirs, ours = both(pair, {"inputs": {"s": ["x\x00"]}})

    assert ((200, [["x"]]), (200, [["x\x00"]])) == (theirs, ours)
    assert NULS
