"""Enforced requests to graph inputs, as the feeds say."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_builders import content, manifest, of_columns, of_matrix, post, serve

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import (
    NAN_TEXT,
    NULL_TEXT,
    Column,
    Feed,
    Signature,
    Tensor,
)

FLOATS = st.floats(width=64) | st.integers(-(10**6), 10**6) | st.none() | st.booleans()
WIDTHS = {"float16": 2, "float32": 4, "float64": 8}


@given(
    rows=st.lists(st.lists(FLOATS, min_size=3, max_size=3), max_size=12),
    type_=st.sampled_from(["double", "float"]),
    dtype=st.sampled_from(["float32", "float64", "float16"]),
    form=st.sampled_from(["split", "records", "inputs", "shuffled"]),
)
def test_numbers_reach_the_graph_as_numpy_would_cast_them(rows, type_, dtype, form):
    """
    Whatever format and path (packed, cell by cell, column by column) a block of
    numbers takes, it is numpy's cast to the column's type and then the graph's.
    """
    service, spy = serve(of_matrix(3, type_, dtype))
    names = ["c0", "c1", "c2"]
    bodies = {
        "split": {"dataframe_split": {"columns": names, "data": rows}},
        "shuffled": {
            "dataframe_split": {
                "columns": ["z", "c2", "c0", "c1"],
                "data": [["?", row[2], row[0], row[1]] for row in rows],
            }
        },
        "records": {
            "dataframe_records": [dict(zip(names, row, strict=True)) for row in rows]
        },
        "inputs": {
            "inputs": {name: [row[at] for row in rows] for at, name in enumerate(names)}
        },
    }
    if form == "records" and not rows:
        return  # no record, no columns: refused as MLflow refuses it

    assert 200 == post(service, bodies[form]).status
    with np.errstate(over="ignore"):
        held = np.array(rows, dtype={"double": "f8", "float": "f4"}[type_])
        expected = held.reshape(len(rows), 3).astype(dtype)
    value = spy.inputs["X"]
    assert (dtype, (len(rows), 3)) == (value.dtype, value.shape)
    actual = np.frombuffer(bytes(value.data), dtype).reshape(len(rows), 3)
    np.testing.assert_array_equal(expected, actual)


def test_many_rows_and_few_rows_are_bound_alike():
    """Row by row (few) and column by column (many) give the same bytes."""
    columns = (
        Column("a", "double"),
        Column("b", "long", required=False),
        Column("c", "boolean", required=False),
        Column("d", "integer"),
    )
    made = manifest(
        Signature(columns=columns),
        (Tensor("X", "float64", (None, 4)),),
        (Feed("X", ("a", "b", "c", "d")),),
    )
    row = [None, None, True, -5]
    seen = []
    for count in (1, 8, 9, 50):
        service, spy = serve(made)
        data = {"columns": list("abcd"), "data": [row] * count}
        assert 200 == post(service, {"dataframe_split": data}).status
        seen.append(spy.seen()["X"])
    for flat, count in zip(seen, (1, 8, 9, 50), strict=True):
        assert count * 4 == len(flat)
        assert str([math.nan, math.nan, 1.0, -5.0] * count) == str(flat)


def test_columns_of_several_types_stand_side_by_side():
    """A feed of ints, booleans and doubles is one float block, missing as NaN."""
    columns = (
        Column("n", "long"),
        Column("flag", "boolean", required=False),
        Column("x", "double"),
        Column("late", "double", required=False),
    )
    made = manifest(
        Signature(columns=columns),
        (Tensor("X", "float32", (None, 4)),),
        (Feed("X", ("n", "flag", "x", "late")),),
    )
    service, spy = serve(made)
    data = {
        "columns": ["x", "flag", "n"],
        "data": [["2.5", True, 3], [None, None, "4"]],
    }

    assert 200 == post(service, {"dataframe_split": data}).status
    assert str([3.0, 1.0, 2.5, math.nan, 4.0, math.nan, math.nan, math.nan]) == str(
        spy.seen()["X"]
    )


def test_a_float_column_is_rounded_even_for_a_float64_graph():
    """MLflow holds `float` as float32; a wider graph must see that value."""
    service, spy = serve(of_matrix(1, "float", "float64"))

    assert 200 == post(service, {"inputs": {"c0": [0.1]}}).status
    assert list(struct.unpack("f", struct.pack("f", 0.1))) == spy.seen()["X"]


@pytest.mark.parametrize("rows", [1, 30])
def test_a_number_with_a_fraction_never_becomes_a_whole_one(rows):
    """1.5 in an integer column is refused and names its row, on every path."""
    made = manifest(
        Signature(columns=(Column("i", "integer"), Column("j", "integer"))),
        (Tensor("X", "float64", (None, 2)),),
        (Feed("X", ("i", "j")),),
    )
    service, spy = serve(made)
    data = [[1, 2]] * (rows - 1) + [[1, 1.5]]

    response = post(service, {"dataframe_split": {"columns": ["i", "j"], "data": data}})

    assert 400 == response.status
    assert (
        f"column j to type 'int32'. Row {rows - 1} holds a number with a fraction"
        in (content(response)["message"])
    )
    assert {} == spy.inputs


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(("type_", "value"), [("integer", 2**31), ("long", 2**63)])
def test_whole_numbers_out_of_range_are_refused(type_, value, rows):
    """What does not fit the column's bits is refused though a float would hold it."""
    service, _ = serve(of_matrix(2, type_, "float64"))
    data = [[1, 2]] * (rows - 1) + [[value, 1]]
    body = {"dataframe_split": {"columns": ["c0", "c1"], "data": data}}

    assert 400 == post(service, body).status
    data[-1][0] = -value
    assert 200 == post(service, body).status


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_missing_has_no_place_in_integers_and_booleans(dtype):
    """A missing optional column cannot fill an input that has no NaN."""
    type_ = "boolean" if dtype == "bool" else "integer"
    made = manifest(
        Signature(columns=(Column("a", type_, required=False), Column("b", "long"))),
        (Tensor("a", dtype, (None, 1)),),
        (Feed("a", ("a",)),),
    )
    service, _ = serve(made)

    assert 400 == post(service, {"inputs": {"b": [1]}}).status
    assert 400 == post(service, {"inputs": {"a": [None], "b": [1]}}).status
    assert 200 == post(service, {"inputs": {"a": [1], "b": [1]}}).status


def test_missing_texts_keep_their_kind():
    """Null and NaN in a text column travel as the two texts the contract names."""
    service, spy = serve(of_columns(Column("s", "string")))
    body = b'{"dataframe_split":{"columns":["s"],"data":[[null],[NaN],["x"],[""]]}}'

    assert 200 == post(service, body).status
    assert [NULL_TEXT, NAN_TEXT, "x", ""] == spy.seen()["s"]


def test_null_is_what_the_feed_says_it_is():
    """Where the model's pandas reads null as NaN, so does every way in."""
    made = manifest(
        Signature(columns=(Column("s", "string", required=False), Column("n", "long"))),
        (Tensor("texts", "string", (None, 1)), Tensor("n", "int64", (None, 1))),
        (Feed("texts", ("s",), null=NAN_TEXT), Feed("n", ("n",))),
    )
    service, spy = serve(made)
    bodies = (
        {"dataframe_split": {"columns": ["s", "n"], "data": [[None, 1], ["x", 2]]}},
        {"dataframe_records": [{"n": 1}, {"s": "x", "n": 2}]},
    )

    for body in bodies:
        assert 200 == post(service, body).status
        assert [NAN_TEXT, "x"] == spy.seen()["texts"]


def test_nulls_alone_are_none_whatever_the_pandas():
    """Pandas finds no text in such a column, so it makes no texts, and no NaN."""
    two = Signature(columns=tuple(Column(n, "string", required=False) for n in "st"))
    made = manifest(
        two,
        (Tensor("texts", "string", (None, 2)),),
        (Feed("texts", ("s", "t"), null=NAN_TEXT),),
    )
    service, spy = serve(made)
    rows = [[None, "x"], [None, None]]
    body = {"dataframe_split": {"columns": ["s", "t"], "data": rows}}

    assert 200 == post(service, body).status
    assert [NULL_TEXT, "x", NULL_TEXT, NAN_TEXT] == spy.seen()["texts"]


def test_an_absent_optional_column_is_all_missing():
    """MLflow leaves it out; a graph has no way to, so every row is missing."""
    optional = Column("s", "string", required=False)
    service, spy = serve(of_columns(Column("a", "double"), optional))

    assert 200 == post(service, {"inputs": {"a": [1, 2]}}).status
    assert [NULL_TEXT, NULL_TEXT] == spy.seen()["s"]


def test_columns_no_feed_reads_are_enforced_all_the_same():
    """A column the graph does not use must still be there, and fit."""
    made = manifest(
        Signature(columns=(Column("a", "double"), Column("unused", "integer"))),
        (Tensor("a", "float32", (None, 1)),),
        (Feed("a", ("a",)),),
    )
    service, _ = serve(made)

    assert 400 == post(service, {"inputs": {"a": [1]}}).status
    assert 400 == post(service, {"inputs": {"a": [1], "unused": [1.5]}}).status
    assert 200 == post(service, {"inputs": {"a": [1], "unused": [1]}}).status


def test_one_column_may_feed_two_inputs():
    """Each input gets the column in its own type."""
    made = manifest(
        Signature(columns=(Column("a", "long"),)),
        (Tensor("f", "float32", (None, 1)), Tensor("t", "string", (None, 1))),
        (Feed("f", ("a",)), Feed("t", ("a",))),
    )
    service, spy = serve(made)

    assert 200 == post(service, {"inputs": {"a": [7]}}).status
    assert {"f": [7.0], "t": ["7"]} == spy.seen()


def test_base64_becomes_one_character_a_byte():
    """Binary columns reach a graph as text: characters U+0000 to U+00FF."""
    service, spy = serve(of_columns(Column("b", "binary")))

    assert 200 == post(service, {"dataframe_records": [{"b": "/wBo"}]}).status
    assert ["\xff\x00h"] == spy.seen()["b"]


def test_without_a_signature_the_graphs_inputs_are_it():
    """A manifest without a signature serves its tensors by name."""
    made = manifest(
        Signature(), (Tensor("X", "float32", (None, 2)),), (Feed("X", tensor="X"),)
    )
    service, spy = serve(made)

    assert 200 == post(service, {"inputs": {"X": [[1, 2]]}}).status
    assert [1.0, 2.0] == spy.seen()["X"]


@pytest.mark.parametrize(
    "feed",
    [Feed("nope", ("a",)), Feed("X", ("nope",)), Feed("X", tensor="nope"), Feed("X")],
)
def test_feeds_that_fit_nothing_end_initialisation(feed):
    """Feeds that name what is not there are a broken bundle, found at start."""
    made = manifest(
        Signature(columns=(Column("a", "double"),)),
        (Tensor("X", "float32", (None, 1)),),
        (feed,),
    )

    with pytest.raises(BrokenBundle):
        serve(made)


def test_columns_no_graph_can_hold_end_initialisation():
    """Arrays, objects and maps as columns are refused when the bundle is opened."""
    made = manifest(
        Signature(columns=(Column("a", '{"type": "array"}'),)),
        (Tensor("X", "float32", (None, 1)),),
        (Feed("X", ("a",)),),
    )

    with pytest.raises(BrokenBundle, match="cannot be fed"):
        serve(made)
