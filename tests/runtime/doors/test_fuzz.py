"""Hostile requests through every door: never a crash, a hang, or our fault."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest

from lambda_runtime.app import App, build
from lambda_runtime.settings import read
from tests.fakes.bundle import EVENTS, native_library, write_bundle

REQUESTS = 10_000
DOORS = ("direct", "rest-api", "http-api", "function-url", "alb", "alb-multi-value")
PATHS = (
    "/invocations", "/invocations", "/invocations", "/ping", "/", "", "//", "/v2",
    "/v2/models/small/infer", "/v2/models/small/versions/3/infer", "/v2/models/%00",
    "/openapi.json", "/invocations/..", "/\u4e16", "/%ff%fe",
)  # fmt: skip
TYPES = (
    "application/json", "application/json", "application/json; charset=utf-8",
    "text/csv", "application/octet-stream", "application/json; charset=utf-16",
    "", "x", "application/vnd.apache.parquet", "\u4e16", "a/b;" * 50,
)  # fmt: skip
BODIES = (
    b'{"dataframe_split":{"columns":["sepal length","sepal width"],"data":[[5,3]]}}',
    b'{"dataframe_records": [{"sepal length": 1.5, "sepal width": null}]}',
    b'{"inputs": {"sepal length": [1, 2], "sepal width": [3, 4]}, "params": {"a": 1}}',
    b'{"instances": [[1, 2]]}',
    b'{"inputs":[{"name":"sepal width","shape":[1],"datatype":"FP64","data":[1]}]}',
    b"sepal length,sepal width\n1,2\n3,4\n",
    b"\x00" * 64,
    b"[" * 3000,
    b'{"a":' * 2000,
    b"1e999",
    b'{"inputs": {"sepal length": [1e400, -1e400, NaN], "sepal width": [0,0,0]}}',
    b'{"inputs": {"sepal length": [999999999999999999999999999], "sepal width": [1]}}',
    b'{"inputs": {"sepal length": ["\\ud800"], "sepal width": ["1"]}}',
    b'{"inputs": {"__proto__": 1, "sepal length": {}, "sepal width": [[[]]]}}',
    b"\xef\xbb\xbf{}", b"\xff\xfe{}", b"", b"null", b'"', b"{}", b"[]", b"-", b"0x1",
)  # fmt: skip
ATOMS = [
    b"null", b"true", b"[]", b"{}", b"-0", b"1e308", b"NaN", b'""', b"\\u0000", b"\xff",
    b",", b":", b"]", b"}", b'"', b"9" * 400, b"data", b"columns", b"inputs", b"\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = write_bundle(tmp_path_factory.mktemp("bundle"))
    environ = {"MLFLOW_SERVERLESS_BUNDLE": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_SERVERLESS_ORT", str(native_library()))
        patch.setenv("ORT_DISABLE_TELEMETRY", "1")
        built = build(read(environ, root="/"), born_ns=0)
        yield built
        built.close()


def mangled(chance: random.Random, body: bytes) -> bytes:
    """*body* with a few bytes cut, doubled, changed or put in."""
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.randrange(12))
        put = chance.choice(
            (b"", body[at:end] * 2, chance.choice(ATOMS), chance.randbytes(2))
        )
        body = body[:at] + put + body[end:]
    return body


def wrapped(chance: random.Random, door: str, body: bytes) -> bytes:
    """An event of *door* with that body, its path, type and more by chance."""
    if door == "direct":
        return body
    event = json.loads((EVENTS / f"{door}.json").read_text())
    coded = chance.random() < 0.5
    event["body"] = base64.b64encode(body).decode() if coded else body.decode("latin-1")
    event["isBase64Encoded"] = chance.choice((coded, coded, coded, not coded))
    path = chance.choice(PATHS)
    for key in ("path", "rawPath"):
        if key in event:
            event[key] = path
    headers = {"Content-Type": chance.choice(TYPES), "Accept": chance.choice(TYPES)}
    event["headers"] = headers
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    if chance.random() < 0.1:
        event[chance.choice(list(event))] = chance.choice((None, 7, [], {}, "x"))
    return mangled(chance, json.dumps(event).encode()) if chance.random() < 0.2 else (
        json.dumps(event).encode()
    )  # fmt: skip


def check(app: App, event: bytes) -> None:
    """One event: answered soon, by a status that blames the right side, traceless."""
    began = time.monotonic()
    outcome = app.handle(event)

    assert time.monotonic() - began < 5, event[:500]
    assert outcome.status < 500, (outcome, event[:2000])
    assert outcome.failure is None
    assert b"Traceback" not in outcome.body
    assert b'.py"' not in outcome.body
    if outcome.door != "direct":
        assert json.loads(outcome.body)["statusCode"] == outcome.status


@pytest.mark.parametrize("door", DOORS)
def test_hostile_requests_are_the_callers_fault(app, door):
    """Ten thousand bad requests in all: no crash, no hang, no 5xx, no stack trace."""
    chance = random.Random(f"{door} 1")
    for body in BODIES:
        check(app, wrapped(chance, door, body))
    for _ in range(REQUESTS // len(DOORS)):
        body = mangled(chance, chance.choice(BODIES))
        check(app, wrapped(chance, door, body))
