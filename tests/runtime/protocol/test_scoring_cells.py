"""Cells of every column type in every format, asked of MLflow's server and of us."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
from mlflow.types import ColSpec, Schema
from protocol_builders import DTYPES, of_columns, post, serve
from protocol_differences import of_cell
from protocol_oracle import Oracle, missing_as_none

from lambda_runtime.manifest import Column

CELLS: tuple[Any, ...] = (
    None, True, 0, -7, 1.0, 1.5, 1e300, 2**31, 2**63, 10**400,
    math.nan, math.inf, "1", " 2 ", "1.5", "", "abc", "é", "false", "NaN", "aGk=",
    "2021-01-02", "2021-01-02T03:04:05.123456789", "2021-01-02 03:04", "2021-01",
    "2021-01-02T03:04:05Z", "2021-02-30", "1500-01-01",
    "Jan 5 2021", [1], {},
)  # fmt: skip

FORMATS = {
    "dataframe_split": lambda cell: {"columns": ["c"], "data": [[cell]]},
    "dataframe_records": lambda cell: [{"c": cell}],
    "inputs": lambda cell: {"c": [cell]},
    "instances": lambda cell: [{"c": cell}],
}


@pytest.mark.parametrize("type_", DTYPES)
@pytest.mark.parametrize(
    ("format_", "required"),
    [*((format_, True) for format_ in FORMATS), ("dataframe_split", False)],
)
def test_cells_are_enforced_as_the_scoring_server_does(type_, required, format_):
    """
    Same status and same value for every cell; where a documented difference allows
    otherwise, we refuse what MLflow changes, or keep missing what it spells out.
    """
    oracle = Oracle(Schema([ColSpec(type_, "c", required=required)]))
    service, spy = serve(of_columns(Column("c", type_, required)))
    wrong = []
    for cell in CELLS:
        body = json.dumps({format_: FORMATS[format_](cell)})
        theirs, ours = oracle.ask(body), post(service, body.encode())
        given = theirs.column("c") if theirs.status == 200 else None
        seen = missing_as_none(spy.seen()["c"]) if ours.status == 200 else None
        if (theirs.status, given) == (ours.status, seen):
            continue
        allowed = of_cell(type_, cell, loose=not format_.startswith("dataframe"))
        careful = ours.status == 400 or theirs.status == 400 or seen == [None]
        if not (allowed and careful):
            wrong.append((cell, theirs.status, given, ours.status, seen))
    assert [] == wrong


@pytest.mark.parametrize(
    ("type_", "cell", "format_"),
    [
        ("integer", 1.5, "dataframe_split"),
        ("boolean", "false", "inputs"),
        ("string", 5, "dataframe_records"),
        ("string", None, "inputs"),
        ("binary", 5, "inputs"),
        ("datetime", "2021-01-02T03:04:05Z", "inputs"),
        ("datetime", None, "dataframe_split"),
    ],
)
def test_each_difference_is_one(type_, cell, format_):
    """A difference that MLflow no longer has must leave the table."""
    oracle = Oracle(Schema([ColSpec(type_, "c")]))
    service, spy = serve(of_columns(Column("c", type_)))
    body = json.dumps({format_: FORMATS[format_](cell)})

    theirs, ours = oracle.ask(body), post(service, body.encode())

    seen = missing_as_none(spy.seen()["c"]) if ours.status == 200 else None
    assert (theirs.status, theirs.column("c")) != (ours.status, seen)


@pytest.mark.parametrize("type_", DTYPES)
@pytest.mark.parametrize("format_", ["dataframe_split", "inputs"])
def test_cells_side_by_side_are_enforced_as_the_scoring_server_does(type_, format_):
    """
    Several cells in one column, where pandas chooses a type for all of them: still the
    same, but for documented differences of a cell, and times of mixed spelling.
    """
    pick = random.Random(f"{type_} {format_}")
    oracle = Oracle(Schema([ColSpec(type_, "c")]))
    service, spy = serve(of_columns(Column("c", type_)))
    wrong = []
    for _ in range(25):
        cells = pick.choices(CELLS, k=pick.choice((2, 2, 3)))
        rows = {"columns": ["c"], "data": [[cell] for cell in cells]}
        column = rows if format_ == "dataframe_split" else {"c": cells}
        body = json.dumps({format_: column})
        theirs, ours = oracle.ask(body), post(service, body.encode())
        allowed = [of_cell(type_, cell, loose=format_ == "inputs") for cell in cells]
        if theirs.status == ours.status == 200:
            given, seen = theirs.column("c"), missing_as_none(spy.seen()["c"])
            pairs = zip(given, seen, allowed, strict=True)
            fine = all(one == two or (two is None and free) for one, two, free in pairs)
        elif theirs.status == ours.status:
            fine = True
        else:
            fine = any(allowed) or (type_ == "datetime" and ours.status == 200)
        if not fine:
            wrong.append((cells, theirs.status, ours.status))
    assert [] == wrong
