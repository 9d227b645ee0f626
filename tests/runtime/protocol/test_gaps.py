"""What the model itself refuses is refused, whatever the request is written in."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from lambda_runtime.manifest import (
    NAN_TEXT,
    Column,
    Feed,
    Manifest,
    Refusal,
    Signature,
    Tensor,
)
from lambda_runtime.protocol import json_text
from tests.runtime.protocol.protocol_builders import (
    content,
    manifest,
    of_columns,
    of_matrix,
    of_tensors,
    post,
    serve,
)

BOTH = (Refusal("missing"), Refusal("infinite"))
NAN, INF = float("nan"), float("inf")
PLAIN = [[1.0, 2.0], [3.0, 4.0]]
TENSOR = of_tensors(Tensor("", "float32", (None, 2)))


def strict(made: Manifest, *refusals: Refusal) -> Manifest:
    """The same model, which refuses *refusals*, or NaN and infinities everywhere."""
    return made._replace(refusals=refusals or BOTH)


def with_cell(cell: Any) -> list[list[Any]]:
    """Two rows of which the second ends in *cell*."""
    return [PLAIN[0], [PLAIN[1][0], cell]]


def csv(rows: list[list[Any]]) -> bytes:
    """*rows* as a caller writes them."""
    lines = [",".join("" if c is None else str(c) for c in row) for row in rows]
    return "\n".join(["c0,c1", *lines]).encode()


def packed(rows: list[list[Any]]) -> bytes:
    """*rows* as bytes; what is missing is NaN."""
    cells = [NAN if cell is None else cell for row in rows for cell in row]
    return struct.pack(f"<{len(cells)}d", *cells)


def infer(name: str, rows: list[list[Any]]) -> dict[str, Any]:
    """*rows* as Open Inference has them."""
    flat = [cell for row in rows for cell in row]
    return {"inputs": [{"name": name, "datatype": "FP64", "shape": [2, 2],
                        "data": flat}]}  # fmt: skip


FORMS = {
    "split": lambda rows: {"body": {"dataframe_split":
                                    {"columns": ["c0", "c1"], "data": rows}}},
    "records": lambda rows: {"body": {"dataframe_records":
                                      [dict(zip(["c0", "c1"], r, strict=True))
                                       for r in rows]}},
    "instances": lambda rows: {"body": {"instances":
                                        [dict(zip(["c0", "c1"], r, strict=True))
                                         for r in rows]}},
    "inputs": lambda rows: {"body": {"inputs": {"c0": [r[0] for r in rows],
                                                "c1": [r[1] for r in rows]}}},
    "csv": lambda rows: {"body": csv(rows), "content_type": "text/csv"},
    "bytes": lambda rows: {"body": packed(rows), "x_tensor_dtype": "float64",
                           "content_type": "application/octet-stream"},
    "open inference": lambda rows: {"body": infer("all", rows),
                                    "path": "/v2/models/m/infer"},
}  # fmt: skip
"""Everything a table of two numbers may be written in."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", [None, NAN, INF, -INF])
def test_a_refused_cell_is_400_in_every_form(form: str, cell: Any, dtype: str) -> None:
    """
    The answer is MLflow's BAD_REQUEST, and names the column and the row.
    """
    service, _ = serve(strict(of_matrix(2, dtype=dtype)))

    found = post(service, **FORMS[form](with_cell(cell)))

    said = content(found)
    assert (400, "BAD_REQUEST") == (found.status, said["error_code"])
    assert "'c1'" in said["message"]
    assert "row 1" in said["message"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", [None, 4.0])
def test_all_else_is_answered(form: str, cell: Any) -> None:
    """
    Plain rows pass where gaps are refused; gaps pass in the columns that take them.
    """
    refusals = (Refusal("missing", ("c0",)), Refusal("infinite"))
    service, spy = serve(strict(of_matrix(2), *refusals))

    found = post(service, **FORMS[form](with_cell(cell)))

    assert 200 == found.status
    assert [1.0, 2.0, 3.0] == spy.seen()["X"][:3]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("cell", ["NaN", "null", "Infinity", "1e39"])
@pytest.mark.parametrize("key", ["inputs", "instances"])
def test_the_quick_way_refuses_as_the_rules_do(key: str, cell: str, *, fast: bool):
    """
    From the second request on, with either JSON reader, the same values are refused.
    """
    service, _ = serve(strict(TENSOR))
    answered = [post(service, {key: PLAIN}).status for _ in range(2)]
    if fast and not json_text.prefer_fast():
        pytest.skip("orjson is not installed")
    try:
        found = post(service, f'{{"{key}": [[1.0, {cell}]]}}'.encode())
    finally:
        json_text.prefer_plain()

    assert [200, 200] == answered
    assert (400, "BAD_REQUEST") == (found.status, content(found)["error_code"])


def test_a_large_number_is_refused_where_the_model_refuses_it() -> None:
    """
    Trees refuse what overflows float32, though the graph's input holds it; the largest
    float32 and its neighbours in float64 pass.
    """
    service, _ = serve(strict(of_matrix(2, dtype="float64"), Refusal("large")))
    largest = 3.4028234663852886e38

    statuses = [
        post(service, **FORMS[form](with_cell(cell))).status
        for form in ("split", "bytes", "inputs")
        for cell in (largest, -largest, 3.5e38, -1e300)
    ]

    assert [200, 200, 400, 400] * 3 == statuses


def test_texts_know_two_gaps() -> None:
    """
    None alone and NaN beside texts are refused apart.
    """
    made = manifest(
        Signature((Column("s", "string"),)),
        (Tensor("t", "string", (None, 1)),),
        (Feed("t", ("s",), null=NAN_TEXT),),
    )
    alone, beside = {"inputs": {"s": [None]}}, {"inputs": {"s": ["a", None]}}

    none, _ = serve(strict(made, Refusal("null")))
    nan, _ = serve(strict(made, Refusal("missing")))

    assert (400, 200) == (post(none, alone).status, post(none, beside).status)
    assert (200, 400) == (post(nan, alone).status, post(nan, beside).status)


def test_a_row_of_a_wide_tensor_is_named() -> None:
    """
    Rows are counted along the first dimension, whatever the others are.
    """
    made = strict(of_tensors(Tensor("image", "float32", (None, 2, 3))))
    service, _ = serve(made)
    images = [[[0.0] * 3, [0.0] * 3], [[0.0] * 3, [0.0, 0.0, NAN]]]

    said = content(post(service, json.dumps({"inputs": {"image": images}}).encode()))

    assert "input 'image'" in said["message"]
    assert "row 1" in said["message"]


def test_optional_columns_that_the_model_needs_are_asked_for() -> None:
    """
    A column that may be left out by the signature, but not by the model, is 400.
    """
    made = of_columns(Column("a", "double"), Column("b", "double", required=False))
    service, _ = serve(strict(made, Refusal("absent", ("b",))))

    without = post(service, {"dataframe_records": [{"a": 1.0}]})
    with_null = post(service, {"dataframe_records": [{"a": 1.0, "b": None}]})

    assert (400, 200) == (without.status, with_null.status)
    assert "'b'" in content(without)["message"]
