"""The quick way of reading a request gives what the rules give, or nothing."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_runtime.faults import Fault
from lambda_runtime.manifest import (
    Answer,
    Column,
    Engine,
    Feed,
    Field,
    Manifest,
    Model,
    Signature,
    Tensor,
    Variant,
)
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.answer import Answerer
from lambda_runtime.protocol.bind import Binder
from lambda_runtime.protocol.quick import Quick, rows
from lambda_runtime.protocol.scoring import read_json
from lambda_runtime.tensor import SIZES, Value

COLUMNS = ("a", "b", "c")

CELLS = (
    st.floats(width=32) | st.floats() | st.integers() | st.booleans() | st.none()
    | st.sampled_from([1e39, -1e39, 10**400, -(2**70), "2.5", "x", [], {}, -0.0])
)  # fmt: skip
PLAIN = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.integers(-9, 9)


def tensor(dtype: str, held: str, *shape: int | None, name: str = "") -> Manifest:
    """A model of one tensor, which its graph holds as *held*."""
    return _manifest(
        Signature(tensors=(Tensor(name, dtype, shape),)),
        Tensor("x", held, shape),
        Feed("x", tensor=name),
    )


def table(type_: str, held: str, *, required: bool = True) -> Manifest:
    """A model of three columns side by side."""
    columns = tuple(Column(name, type_, required=required) for name in COLUMNS)
    return _manifest(
        Signature(columns), Tensor("x", held, (None, 3)), Feed("x", COLUMNS)
    )


def _manifest(signature: Signature, taken: Tensor, feed: Feed) -> Manifest:
    return Manifest(
        model=Model("models:/m/1"),
        engine=Engine(),
        inputs=(taken,),
        outputs=(Tensor("y", "float32", (None,)),),
        variants=(Variant("portable", "m.onnx"),),
        signature=signature,
        feeds=(feed,),
        answer=Answer("array", (Field("y"),)),
        files=(),
    )


MODELS = {
    "float tensor": tensor("float32", "float32", None, 3),
    "double tensor": tensor("float64", "float64", None, 3),
    "double tensor, float graph": tensor("float64", "float32", None, 3),
    "named tensor": tensor("float32", "float32", None, 3, name="x"),
    "images": tensor("float32", "float32", None, 2, 3),
    "doubles": table("double", "float64"),
    "doubles, float graph": table("double", "float32"),
    "floats": table("float", "float32", required=False),
}


def bodies(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Requests of three columns: right ones, and some that are slightly wrong."""
    row = st.lists(cells, min_size=3, max_size=3)
    rows = st.lists(row | st.lists(cells, max_size=4), min_size=1, max_size=4)
    even = st.lists(row, min_size=1, max_size=4)
    images = st.lists(st.lists(row, min_size=2, max_size=2), min_size=1, max_size=3)
    names = st.permutations(COLUMNS) | st.just(COLUMNS)
    record = st.fixed_dictionaries(dict.fromkeys(COLUMNS, cells), optional={"d": cells})
    lists = st.integers(0, 3).flatmap(
        lambda n: st.fixed_dictionaries(
            dict.fromkeys(COLUMNS, st.lists(cells, min_size=n, max_size=n))
        )
    )
    split = st.fixed_dictionaries({"columns": names.map(list), "data": even | rows})
    data = even | rows | images | lists | lists.map(lambda it: {"x": [*it.values()]})
    return st.one_of(
        st.fixed_dictionaries({"inputs": data | cells}),
        st.fixed_dictionaries({"instances": data | cells}),
        st.fixed_dictionaries({"inputs": even.map(lambda it: {"x": it})}),
        st.fixed_dictionaries({"dataframe_split": split | cells}),
        st.fixed_dictionaries({"dataframe_records": st.lists(record | row)}),
        st.fixed_dictionaries({"inputs": even, "params": cells}),
        cells,
    )


def outcome(read: Any) -> Any:
    """What reading came to, comparable bit by bit."""
    try:
        bound = read()
    except Fault as fault:
        return type(fault), fault.message
    return {name: (v.dtype, v.shape, bytes(v.data)) for name, v in bound.items()}


@pytest.fixture(params=["plain", "fast"], autouse=True)
def _codec(request):
    if request.param == "fast":
        assert json_text.prefer_fast()
    yield
    json_text.prefer_plain()


def quick(manifest: Manifest) -> Quick:
    """What later requests of a model are read with."""
    return Quick(Binder(manifest).plans, manifest.answer, named=True)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_read_quickly_is_what_the_rules_read(model):
    """
    What is read quickly is what the rules read, bit by bit; the rest is left to them.
    """
    later = quick(MODELS[model])

    @settings(deadline=None)
    @given(body=bodies(PLAIN) | bodies(CELLS))
    def law(body):
        text = json.dumps(body).encode()
        expected = outcome(lambda: read_json(text, Binder(MODELS[model])))
        found = later.read(text)
        assert found is None or expected == outcome(lambda: found)

    law()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("float tensor", {"inputs": [[1, 2.5, True]]}),
        ("float tensor", {"instances": [[1, 2, 3], [4, 5, 6]]}),
        ("named tensor", {"inputs": {"x": [[1, 2, 3]]}}),
        ("images", {"inputs": [[[1, 2, 3], [4, 5, 6]]]}),
        ("doubles", {"dataframe_split": {"columns": [*COLUMNS], "data": [[1, 2, 3]]}}),
        ("doubles", {"dataframe_records": [{"c": 3, "b": 2, "a": 1, "d": None}]}),
        ("doubles, float graph", {"inputs": {"a": [1], "b": [2], "c": [3]}}),
    ],
)
def test_plain_requests_are_read_quickly(model, body):
    """Every usual form of a request of numbers takes the quick way."""
    assert quick(MODELS[model]).read(json.dumps(body).encode()) is not None


@pytest.mark.parametrize(
    "text", [b'{"inputs": [[1e400, 0, 0]]}', b'{"inputs": [[NaN, 0, 0]]}', b"{", b""]
)
def test_what_json_readers_differ_on_is_left_to_the_rules(text):
    """Infinities, and what is no JSON, are never packed at once."""
    found = quick(MODELS["double tensor"]).read(text)

    assert found is None or b"NaN" in text


@settings(deadline=None)
@given(
    width=st.integers(1, 4),
    code=st.sampled_from("fdiqBe"),
    raw=st.binary(min_size=32, max_size=96),
)
def test_rows_are_written_as_their_numbers_are(width, code, raw):
    """Packed rows come back exactly; what JSON lacks is null."""
    size = struct.calcsize(f"<{width}{code}")
    data = raw[: len(raw) // size * size]
    expected = [list(row) for row in struct.iter_unpack(f"<{width}{code}", data)]
    expected = json.loads(
        json.dumps(expected).replace("NaN", "null").replace("-Infinity", "null")
        .replace("Infinity", "null")
    )  # fmt: skip

    assert expected == json.loads(rows(data, width, code))


LABELS = st.lists(
    st.text(max_size=3) | st.integers(-9, 9) | st.booleans() | st.none()
    | st.floats(allow_nan=False, allow_infinity=False),
    max_size=4,
)  # fmt: skip


@given(
    dtype=st.sampled_from(["float32", "float64", "int64", "int32", "uint8", "float16"]),
    shape=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    labels=LABELS,
    seed=st.binary(min_size=216, max_size=216),
    small=st.booleans(),
)
def test_what_is_written_quickly_is_what_the_rules_write(
    dtype, shape, labels, seed, small
):
    """
    Numbers and labels, of any shape: the same bytes, or it is left to the rules.
    """
    answer = Answer("array", (Field("y", labels=tuple(labels)),))
    size = SIZES[dtype] * math.prod(shape)
    data = bytes(2 * (i % SIZES[dtype] == 0) for i in range(size)) if small else seed
    outputs = {"y": Value(dtype, shape, data[:size])}

    found = Quick([], answer, named=True).write(outputs)

    assert found is None or found == Answerer(answer).write(outputs)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Field("y"), Value("int64", (2,), struct.pack("<2q", 1, 0)), b"[1,0]"),
        (Field("y"), Value("float64", (1,), struct.pack("<d", 0.5)), b"[0.5]"),
        (
            Field("y", labels=("no", True, None)),
            Value("int64", (3,), struct.pack("<3q", 2, 0, 1)),
            b'[null,"no",true]',
        ),
    ],
)
def test_usual_answers_are_written_quickly(field, value, expected):
    """Classes and regressions take the quick way, too."""
    later = Quick([], Answer("array", (field,)), named=True)

    assert b'{"predictions":' + expected + b"}" == later.write({"y": value})
