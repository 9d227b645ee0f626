"""Hostile requests: right ones in every format, with parts of them spoilt by chance.

They are for the small bundle of `tests/fakes/bundle.py`; a chance with the same seed
makes the same ones.
"""

from __future__ import annotations

import base64
import json
import random
import struct
from dataclasses import dataclass

from tests.fakes.bundle import COLUMNS, EVENTS

DOORS = (
    "direct", "rest-api", "http-api", "http-api-version-1", "function-url", "alb",
    "alb-multi-value",
)  # fmt: skip
"""The front ends whose events wrap requests, by their samples."""

FORMATS = (
    "dataframe_split", "dataframe_records", "instances", "inputs", "csv", "bytes",
    "infer", "infer-binary",
)  # fmt: skip
"""What is spoken at `/invocations`, and by Open Inference."""

_PATHS = (
    "/ping", "/", "", "//", "/v2", "/v2/models/small/versions/3/infer", "/v2/health/x",
    "/v2/models/%00", "/openapi.json", "/invocations/..", "/\u4e16", "/%ff%fe",
    "/invocations/", "/v2/models/small", "/version",
)  # fmt: skip
_TYPES = (
    "application/json", "application/json; charset=utf-8", "text/csv", "x", "", "a/b;",
    "application/octet-stream", "application/json; charset=utf-16", "\u4e16",
    "application/vnd.apache.parquet", "a/b;" * 50,
)  # fmt: skip
_CELLS = (
    5.1, -0.0, 7, None, True, "3.5", "", "x", 1e308, 2**53 + 1, -(2**63), 2**64,
    10**400, float("nan"), float("inf"), [], {}, [1], {"a": 1}, "\ud800", "\x00",
    "1_0", "9" * 400, "\u0663", "NaN", "Infinity", "0x1", " 1 ", "1e5", "--1",
)  # fmt: skip
_BODIES = (
    b"", b"null", b'"', b"{}", b"[]", b"-", b"0x1", b"1e999", b"[" * 3000,
    b'{"a":' * 2000, b"\xef\xbb\xbf{}", b"\xff\xfe{}", b"\x00" * 64,
    b'{"inputs": {"__proto__": 1, "sepal length": {}, "sepal width": [[[]]]}}',
    b'{"inputs": 1, "inputs": 2, "instances": 3}', b"a,b\n" * 500, b'"' * 999,
    b'{"dataframe_split": {"columns": ["sepal length"], "data": [[1], [2, 3], []]}}',
)  # fmt: skip
_ATOMS = (
    b"null", b"true", b"[]", b"{}", b"-0", b"1e308", b"NaN", b'""', b"\\u0000", b"\xff",
    b",", b":", b"]", b"}", b'"', b"9" * 400, b"data", b"columns", b"inputs", b"\n",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request, before a front end has wrapped it."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


def asked(chance: random.Random, format_: str) -> Asked:
    """A request of that format: one in four is right, all others are spoilt."""
    spoilt = chance.random()
    path, headers, body = _right(chance, format_, odd=0.25 < spoilt < 0.55)
    if 0.55 < spoilt < 0.8:
        body = mangled(chance, body)
    elif 0.8 < spoilt < 0.85:
        body = chance.choice(_BODIES)
    elif 0.85 < spoilt < 0.9:
        path = chance.choice(_PATHS)
    elif 0.9 < spoilt < 0.95:
        headers = {**headers, "Content-Type": chance.choice(_TYPES)}
    elif spoilt > 0.95:
        name = chance.choice(("X-Tensor-Shape", "X-Tensor-Dtype", "Accept",
                              "Inference-Header-Content-Length"))  # fmt: skip
        value = chance.choice(("", "-1", "1,1", "9" * 30, "int64", "\u4e16", "0"))
        headers = {**headers, name: value}
    method = "POST" if chance.random() < 0.97 else chance.choice(("GET", "PUT", "\x00"))
    return Asked(path, headers, body, method)


def _right(
    chance: random.Random, format_: str, *, odd: bool
) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body; with one *odd* cell, if so told."""
    rows = [[5.1, 3.5] for _ in range(chance.choice((1, 2, 9)))]
    cells: list[list[object]] = [list(row) for row in rows]
    if odd:
        chance.choice(cells)[chance.randrange(2)] = chance.choice(_CELLS)
    if format_.startswith("infer"):
        return _infer(cells, binary=format_ == "infer-binary")
    path, headers = "/invocations", {"Content-Type": "application/json"}
    if format_ == "csv":
        lines = [",".join(COLUMNS), *(",".join(map(str, row)) for row in cells)]
        body = "\n".join(lines).encode("utf-8", "replace")
        return path, {"Content-Type": "text/csv"}, body
    if format_ == "bytes":
        body = b"".join(struct.pack("<2d", *row) for row in rows) + b"\x00" * odd
        return path, {"Content-Type": "application/octet-stream"}, body
    records = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    columns = {name: [row[at] for row in cells] for at, name in enumerate(COLUMNS)}
    content: dict[str, object] = {
        "dataframe_split": {"columns": COLUMNS, "data": cells},
        "dataframe_records": records,
        "instances": records,
        "inputs": columns,
    }
    return path, headers, json.dumps({format_: content[format_]}).encode()


def _infer(
    cells: list[list[object]], *, binary: bool
) -> tuple[str, dict[str, str], bytes]:
    tensors: list[dict[str, object]] = []
    tail = b""
    for at, name in enumerate(COLUMNS):
        column = [row[at] for row in cells]
        tensor: dict[str, object] = {
            "name": name, "shape": [len(column)], "datatype": "FP64"
        }  # fmt: skip
        if binary:
            numbers = [cell if type(cell) is float else 1.0 for cell in column]
            data = struct.pack(f"<{len(numbers)}d", *numbers)
            tensor["parameters"] = {"binary_data_size": len(data)}
            tail += data
        else:
            tensor["data"] = column
        tensors.append(tensor)
    outputs = {"parameters": {"binary_data_output": True}} if binary else {}
    head = json.dumps({"inputs": tensors, **outputs}).encode()
    headers = {"Content-Type": "application/json"}
    if binary:
        headers["Inference-Header-Content-Length"] = str(len(head))
    return "/v2/models/small/infer", headers, head + tail


def mangled(chance: random.Random, body: bytes) -> bytes:
    """*body* with a few bytes cut, doubled, changed or put in."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.randrange(12))
        put = chance.choice(
            (b"", body[at:end] * 2, chance.choice(_ATOMS), chance.randbytes(2))
        )
        body = body[:at] + put + body[end:]
    return body


def event_of(chance: random.Random, door: str, request: Asked) -> bytes:
    """*request* as the event of *door*, which itself is odd at times."""
    if door == "direct":
        return request.body
    event = json.loads((EVENTS / f"{door}.json").read_text())
    coded = chance.random() < 0.5 or not request.body.isascii()
    text = base64.b64encode(request.body) if coded else request.body
    event |= {"body": text.decode("latin-1"), "isBase64Encoded": coded}
    event |= {key: request.path for key in ("path", "rawPath") if key in event}
    event.pop("pathParameters", None)
    if "httpMethod" in event:
        event["httpMethod"] = request.method
    else:
        event["requestContext"]["http"]["method"] = request.method
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] = {n: [v] for n, v in request.headers.items()}
    if "headers" in event:
        event["headers"] = request.headers
    roll = chance.random()
    if roll < 0.03:
        event["isBase64Encoded"] = chance.choice((not coded, None, "true"))
    elif roll < 0.06:
        event[chance.choice(list(event))] = chance.choice((None, 7, [], {}, "x"))
    text = json.dumps(event).encode()
    return mangled(chance, text) if 0.06 < roll < 0.1 else text
