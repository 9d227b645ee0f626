"""Hostile requests: ten thousand and more a run, over every route and format.

Seeded, so a failure repeats; the seed moves with `MLFLOW_SERVERLESS_FUZZ_SEED`. A body
that once did harm belongs in `corpus/`, one file each, and is tried on every route.
"""

from __future__ import annotations

import json
import os
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from protocol_builders import Spy, content, manifest, of_columns, of_tensors

from lambda_runtime.exchange import Request
from lambda_runtime.faults import BadRequest
from lambda_runtime.manifest import (
    Answer,
    Column,
    Feed,
    Field,
    Manifest,
    Param,
    Signature,
    Tensor,
)
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.service import Service
from lambda_runtime.tensor import SIZES, Value

CORPUS = Path(__file__).parent / "corpus"
SEED = int(os.environ.get("MLFLOW_SERVERLESS_FUZZ_SEED", "20260101"))
ROUNDS = 16_000
SLOWEST = 3.0
"""Longest any one small request may take, on a busy machine [s]."""

PATHS = (
    "/invocations", "/invocations", "/invocations", "/v2/models/m/infer",
    "/v2/models/m/infer",
    "/v2/models/m", "/v2", "/ping", "/health", "/version", "/openapi.json", "/", "",
    "/v2/%ff",
    "/v2/models/%00/infer", "/../invocations", "/v2/models/m/versions/3/infer",
    "/v2/models//",
)  # fmt: skip
MEDIA = (
    "application/json", "application/json", "text/csv", "application/octet-stream", "",
    "application/json; charset=utf-8", "APPLICATION/JSON;;", "text/csv;charset=\x00",
    ";=;",
    "application/vnd.apache.parquet", "multipart/form-data; boundary=x", "é/é",
)  # fmt: skip
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 2**31, -(2**63), 2**63, 2**64, 10**40, 1e308,
    -0.0, 5e-324,
    float("nan"), float("inf"), float("-inf"), "", "x", "1", "-1e5", "nan", "inf",
    "1_0", "٣",
    "2021-01-01", "2021-01-01T25:00", "aGk=", "a===", "\x00", "\ud800", "\U0001f600",
    "é" * 50,
    "\ue000null", "Infinity", [], {}, [1], {"a": 1}, "9" * 5000, "a,b\n1", "%s", "{}",
    "\\",
)  # fmt: skip
NAMES = ("a", "b", "s", "t", "f", "c", "x", "", "data", "columns", "inputs", "%s", "é")
KEYS = (
    "dataframe_split", "dataframe_records", "instances", "inputs", "params", "columns",
    "data",
    "index", "messages", "signature_name", "outputs", "parameters", "id", "name",
    "shape",
    "datatype", "binary_data_size", "binary_data",
)  # fmt: skip
DATATYPES = (
    "FP32",
    "FP64",
    "INT64",
    "INT8",
    "UINT64",
    "BOOL",
    "BYTES",
    "FP16",
    "BF16",
    "",
    5,
)


def models() -> dict[str, Manifest]:
    """One of every kind of signature, answer and element type."""
    mixed = manifest(
        Signature(
            columns=(
                Column("a", "double"), Column("b", "long"), Column("s", "string"),
                Column("t", "datetime"), Column("f", "boolean", required=False),
                Column("c", "binary", required=False),
            ),
            params=(Param("k", "double", 0.5), Param("l", "long", [1], (-1,))),
        ),
        (
            Tensor("n", "float64", (None, 3)), Tensor("s", "string", (None, 2)),
            Tensor("t", "int64", (None, 1)),
        ),
        (Feed("n", ("a", "b", "f")), Feed("s", ("s", "c")), Feed("t", ("t",))),
        Answer("table", (Field("y", "é%s", labels=("no", None)), Field("p", "p", 1))),
        (Tensor("y", "int64", (None,)), Tensor("p", "float32", (None, 2))),
    )  # fmt: skip
    plain = (Column("a", "double"), Column("b", "double"))
    packed = manifest(
        Signature(columns=plain),
        (Tensor("X", "float32", (None, 2)),),
        (Feed("X", ("a", "b")),),
    )
    return {
        "mixed": mixed,
        "packed": packed,
        "unnamed": of_columns(Column(None, "double"), Column(None, "integer")),
        "text": of_columns(Column("x", "string")),
        "tensor": of_tensors(Tensor("", "float16", (None, 2))),
        "tensors": of_tensors(
            Tensor("a", "int8", (None, None)), Tensor("b", "string", (2,))
        ),
        "bools": of_tensors(Tensor("x", "bool", (None,))),
    }


MIXED = {"a": 1.5, "b": 2, "s": "x", "t": "2021-01-01", "f": True, "c": "aGk="}
GOOD: dict[str, tuple[Any, ...]] = {
    "mixed": (
        {"dataframe_split": {"columns": list(MIXED),
        "data": [list(MIXED.values())] * 9}},
        {"dataframe_records": [MIXED, MIXED]}, {"instances": [MIXED]},
        {"inputs": MIXED},
        {"inputs": {name: [cell] * 3 for name, cell in MIXED.items()},
        "params": {"k": 0.5}},
    ),
    "packed": (
        {"dataframe_split": {"columns": ["b", "z", "a"], "data": [[1, 2, 3]] * 3}},
        {"dataframe_records": [{"a": 1, "b": None}] * 20}, {"inputs": {"a": [1],
        "b": 2}},
    ),
    "unnamed": ({"inputs": [[1, 2], [3, 4]]}, {"dataframe_records": [[1, 2]]}),
    "text": ({"inputs": ["a", "b"]}, {"instances": [{"x": "a"}]},
    {"inputs": {"x": "a"}}),
    "tensor": ({"inputs": [[1, 2], [3, 4]]}, {"dataframe_records": [{"p": 1, "q": 2}]}),
    "tensors": ({"inputs": {"a": [[1, 2], [3, 4]], "b": ["x", "y"]}},),
    "bools": ({"inputs": [True, False]}, {"instances": {"x": [1]}}),
}  # fmt: skip
"""Requests each model answers; the fuzzer changes a part of them."""


class Checker:
    """An engine that checks what reaches it, and answers by the manifest."""

    def __init__(self, made: Manifest) -> None:
        self._inputs = {tensor.name: tensor for tensor in made.inputs}
        self._outputs = {tensor.name: tensor for tensor in made.outputs}

    def __call__(self, inputs: Any, outputs: Any) -> dict[str, Value]:
        """Every input is whole, of the graph's type, with the bytes of its shape."""
        assert self._inputs.keys() == inputs.keys()
        for name, value in inputs.items():
            count = 1
            for size in value.shape:
                count *= size
            assert self._inputs[name].dtype == value.dtype
            assert len(value.data) == count * SIZES.get(value.dtype, 1)
            if value.dtype == "string":
                assert {str} >= set(map(type, value.data))
        first = next(iter(inputs.values()))
        rows = first.shape[0] if first.shape else 1
        if rows > 10_000:
            raise BadRequest("too many rows for this test")
        return {name: self._answer(self._outputs[name], rows) for name in outputs}

    @staticmethod
    def _answer(tensor: Tensor, rows: int) -> Value:
        shape = (rows, *(size or 1 for size in tensor.shape[1:]))
        count = rows * (shape[1] if len(shape) > 1 else 1)
        return Value(tensor.dtype, shape, bytes(count * SIZES[tensor.dtype]))


class Fuzz:
    """Makes requests, from nearly right to nonsense."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)

    def scalar(self) -> Any:
        return self.pick.choice(SCALARS)

    def value(self, depth: int = 0) -> Any:
        """Anything JSON can hold."""
        roll = self.pick.random()
        if depth > 3 or roll < 0.5:
            return self.scalar()
        if roll < 0.8:
            return [self.value(depth + 1) for _ in range(self.pick.randrange(4))]
        keys = self.pick.choices(KEYS + NAMES, k=self.pick.randrange(4))
        return {key: self.value(depth + 1) for key in keys}

    def cell(self) -> Any:
        """A cell, mostly of a likely kind."""
        likely = (1, 2.5, "x", True, None, "2021-01-01", 7)
        return self.pick.choice(likely) if self.pick.random() < 0.9 else self.value(2)

    def record(self) -> Any:
        names = ("a", "b", "s", "t") if self.pick.random() < 0.7 else NAMES
        good = {"a": 1.5, "b": 2, "s": "x", "t": "2021-01-01", "f": True, "x": "y"}
        return {
            name: good.get(name, 1) if self.pick.random() < 0.9 else self.cell()
            for name in names
        }

    def rows(self) -> Any:
        width = self.pick.choice((0, 1, 2, 2, 2, 4))
        kind = self.pick.choice((self.cell, lambda: 1, lambda: 2.5, lambda: True))
        return [
            [kind() for _ in range(width + (self.pick.random() < 0.05))]
            for _ in range(self.pick.choice((0, 1, 1, 2, 9, 20)))
        ]

    def invocation(self) -> Any:
        """A scoring request that is nearly one."""
        records = [self.record() for _ in range(self.pick.choice((0, 1, 2, 9)))]
        columns = {name: [record.get(name) for record in records] for name in NAMES[:5]}
        body: Any = self.pick.choice(
            (
                {"dataframe_split": {"columns": self.pick.sample(NAMES, 4),
                "data": self.rows()}},
                {"dataframe_split": {"columns": ["a", "b"], "data": self.rows()}},
                {"dataframe_split": self.value()}, {"dataframe_records": records},
                {"dataframe_records": self.rows()}, {"instances": records},
                {"instances": self.rows()}, {"inputs": columns},
                {"inputs": self.rows()},
                {"inputs": self.value()}, {"inputs": self.record()},
                {"instances": self.value()},
                {"inputs": {"a": self.rows(), "b": ["x", "y"]}}, self.value(),
            )
        )  # fmt: skip
        if isinstance(body, dict) and self.pick.random() < 0.15:
            body[self.pick.choice(KEYS)] = self.value()
        return body

    def inference(self) -> Any:
        """An infer request that is nearly one."""
        tensors = []
        for name in self.pick.sample(NAMES, self.pick.randrange(1, 4)):
            data = [self.cell() for _ in range(self.pick.choice((0, 1, 2, 4)))]
            item = {
                "name": name,
                "shape": self.pick.choice(
                    ([len(data)], [len(data), 1], [1, 2], self.value())
                ),
                "datatype": self.pick.choice(DATATYPES),
                "data": data,
            }
            if self.pick.random() < 0.3:
                size = self.pick.choice((0, 4, 8, 16, -1, 10**9, "8", None))
                item["parameters"] = {"binary_data_size": size}
            tensors.append(item)
        body: dict[str, Any] = {"inputs": tensors}
        if self.pick.random() < 0.2:
            body[self.pick.choice(KEYS)] = self.value()
        return body

    def csv(self) -> bytes:
        """A CSV body that is nearly one."""
        lines = [",".join(self.pick.sample(NAMES, self.pick.randrange(1, 5)))]
        lines += [
            ",".join(str(self.scalar()) for _ in range(self.pick.randrange(5)))
            for _ in range(self.pick.randrange(4))
        ]
        return (
            self.pick.choice(("\n", "\r\n", "\r", '"\n'))
            .join(lines)
            .encode("utf-8", "replace")
        )

    def raw(self) -> bytes:
        return self.pick.randbytes(self.pick.choice((0, 1, 4, 8, 16, 33, 64)))

    def nearly(self, value: Any, chance: float) -> Any:
        """*value* with some of its parts replaced."""
        if self.pick.random() < chance:
            return self.value(1)
        if isinstance(value, dict):
            return {key: self.nearly(item, chance) for key, item in value.items()}
        if isinstance(value, list):
            return [self.nearly(item, chance) for item in value]
        return value

    def broken(self, body: bytes) -> bytes:
        """*body* with some of its bytes lost, doubled or turned."""
        data = bytearray(body)
        for _ in range(self.pick.randrange(1, 4)):
            at = self.pick.randrange(len(data) + 1)
            data[at : at + self.pick.randrange(3)] = self.pick.randbytes(
                self.pick.randrange(3)
            )
        return bytes(data)

    def near_miss(self, model: str) -> Request:
        """A request that *model* answers, or would if a part were not changed."""
        good = self.nearly(
            self.pick.choice(GOOD[model]), self.pick.choice((0.0, 0.02, 0.1))
        )
        body = json.dumps(good).encode()
        return Request("POST", "/invocations", {}, body)

    def request(self) -> Request:
        """One request, of any kind."""
        paths = (("/invocations",), ("/v2/models/m/infer",), PATHS)
        path = self.pick.choice(self.pick.choices(paths, (6, 3, 2))[0])
        media = "application/json"
        if self.pick.random() < 0.2:
            media = self.pick.choice(MEDIA)
        makers: tuple[Callable[[], Any], ...] = (
            self.invocation,
            self.inference,
            self.csv,
            self.raw,
        )
        weights = (8, 2, 1, 1) if "infer" not in path else (1, 8, 1, 1)
        if "csv" in media or "octet" in media:
            weights = (1, 1, 6, 6)
        made = self.pick.choices(makers, weights)[0]()
        body = made if isinstance(made, bytes) else json.dumps(made).encode()
        if self.pick.random() < 0.1:
            body = self.broken(body)
        headers = {"content-type": media}
        if self.pick.random() < 0.2:
            length = self.pick.choice((0, len(body) // 2, len(body), -1, "x", 10**12))
            headers["inference-header-content-length"] = str(length)
        if self.pick.random() < 0.2:
            headers["accept"] = self.pick.choice(
                ("application/octet-stream", "*/*", "\x00")
            )
            headers["x-tensor-dtype"] = self.pick.choice(
                ("float32", "int64", "bool", "é", "")
            )
            headers["x-tensor-shape"] = self.pick.choice(
                ("1,2", "2", "", "0", "1,1,1,1", "x")
            )
        method = (
            "POST"
            if self.pick.random() < 0.95
            else self.pick.choice(("GET", "PUT", "\x00", ""))
        )
        return Request(method, path, headers, body)


def judge(service: Service, request: Request, reports: list[str]) -> int:
    """Every law an answer keeps, whatever the question; its status."""
    started = process_time()
    response = service.respond(request)
    seconds = process_time() - started

    assert response.status in {200, 400, 404, 405, 413, 415}, (
        request,
        response,
        reports,
    )
    assert [] == reports, request
    assert b"Traceback" not in response.body
    assert seconds < SLOWEST, request
    if response.status != 200:
        said = content(response)
        assert said["error_code"]
        assert said["message"]
        assert len(response.body) < 8_000, request
    elif (
        response.headers["content-type"] == "application/json"
        and request.path != "/version"
        and response.body != b"\n"
    ):
        content(response)
    return response.status


def services() -> Iterator[tuple[str, Service, list[str]]]:
    """One service for every model."""
    for name, made in models().items():
        reports: list[str] = []
        yield name, Service(made, Checker(made), report=reports.append), reports


@pytest.mark.parametrize("codec", ["plain", "fast"])
def test_hostile_requests_are_the_callers_fault(codec):
    """
    Sixteen thousand requests over every route and format, by either JSON codec: no
    crash, no 5xx, no stack trace, bounded time, strict JSON; what reaches the engine
    is whole. Enough of them are good that the laws are tried on answers too.
    """
    if codec == "fast":
        json_text.prefer_fast()
    try:
        fuzz, seen = Fuzz(SEED + len(codec)), Counter[int]()
        every = list(services())
        for round_ in range(ROUNDS // 2):
            name, service, reports = every[round_ % len(every)]
            request = fuzz.near_miss(name) if round_ % 3 == 0 else fuzz.request()
            seen[judge(service, request, reports)] += 1
    finally:
        json_text.prefer_plain()
    assert seen[200] > ROUNDS // 20
    assert seen[400] > ROUNDS // 10
    assert {200, 400, 404, 405, 415} == set(seen)


def corpus() -> list[bytes]:
    """Bodies that have done harm, here or elsewhere; large ones are made, not kept."""
    kept = [
        path.read_bytes() for path in sorted(CORPUS.iterdir()) if path.suffix != ".md"
    ]
    deep = 100_000
    return [
        *kept,
        b"[" * deep,
        b'{"inputs":' + b"[" * deep + b"]" * deep + b"}",
        b'{"inputs":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"a":' * deep,
        b'{"inputs":[' + b"9" * 100_000 + b"]}",
        b'{"inputs":{"a":[' + b"1," * 50_000 + b"1]}}",
        b'{"dataframe_split":{"columns":[' + b'"a",' * 20_000 + b'"b"],"data":[]}}',
        b'{"dataframe_records":[{'
        + b",".join(b'"k%d":1' % at for at in range(10_000))
        + b"}]}",
        b'"' + b"\\ud800" * 20_000 + b'"',
        b"a,b\n" * 10_000,
        b'"' * 99_999,
        b"," * 50_000,
        struct.pack("<I", 0xFFFFFFFF) + b"x" * 100,
    ]


@pytest.mark.parametrize("codec", ["plain", "fast"])
@pytest.mark.parametrize(
    "media", ["application/json", "text/csv", "application/octet-stream"]
)
def test_the_corpus_does_no_harm(codec, media):
    """Every body known to hurt parsers is refused or answered, in time."""
    if codec == "fast":
        json_text.prefer_fast()
    try:
        for _, service, reports in services():
            for body in corpus():
                for path in ("/invocations", "/v2/models/m/infer"):
                    judge(
                        service,
                        Request("POST", path, {"content-type": media}, body),
                        reports,
                    )
    finally:
        json_text.prefer_plain()


def test_no_word_of_a_request_is_in_an_internal_error():
    """When the engine itself breaks, neither answer nor log holds the caller's data."""

    class Broken(Spy):
        def __call__(self, inputs: Any, outputs: Any) -> Any:
            raise ValueError(list(next(iter(inputs.values())).data))

    lines: list[str] = []
    service = Service(models()["text"], Broken(), report=lines.append)
    body = json.dumps({"inputs": {"x": ["planted-secret"]}}).encode()

    response = service.respond(Request("POST", "/invocations", {}, body))

    assert 500 == response.status
    assert "secret" not in response.body.decode() + "".join(lines)
