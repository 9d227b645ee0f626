"""Each front end's events, and what it is answered."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.doors.find import find
from lambda_runtime.doors.wrapped import wrapped
from lambda_runtime.exchange import Response
from lambda_runtime.faults import BadRequest

EVENTS = Path(__file__).resolve().parents[2] / "events"
BODY = json.loads((EVENTS / "rest-api.json").read_text())["body"].encode()
JSON = {"content-type": "application/json"}
HTTP_EVENTS = [
    ("rest-api", "rest"),
    ("http-api", "http"),
    ("http-api-version-1", "rest"),
    ("function-url", "url"),
    ("alb", "alb"),
    ("alb-multi-value", "alb"),
]


def sample(name: str) -> bytes:
    """One recorded event."""
    return (EVENTS / f"{name}.json").read_bytes()


def changed(name: str, **fields: object) -> bytes:
    """One recorded event with some fields of its own."""
    return json.dumps({**json.loads(sample(name)), **fields}).encode()


@pytest.mark.parametrize(("name", "door"), HTTP_EVENTS)
def test_every_front_end_asks_the_same(name, door):
    """Path, method, body and content type are the same whatever wrapped them."""
    found = find(sample(name))
    request = found.request()

    assert door == found.name
    assert ("POST", "/invocations", BODY) == (
        request.method,
        request.path,
        request.body,
    )
    assert "application/json" == request.headers["content-type"]
    assert all(key == key.lower() for key in request.headers)


@pytest.mark.parametrize(
    ("name", "query", "tag"),
    [
        ("rest-api", "q=a&q=b%20c", "a, b"),
        ("http-api", "q=a&q=b%20c", "a,b"),
        ("http-api-version-1", "q=a&q=b%20c", "a, b"),
        ("function-url", "q=a&q=b%20c", "a,b"),
        ("alb", "q=b%20c", "b"),
        ("alb-multi-value", "q=a&q=b%20c", "a, b"),
    ],
)
def test_values_given_twice_are_kept_twice(name, query, tag):
    """Query strings come encoded once, and repeated headers joined."""
    request = find(sample(name)).request()

    assert (query, tag) == (request.query, request.headers["x-tag"])


def test_a_direct_event_is_its_own_body():
    """The payload's very bytes are the body; nothing is parsed on the way."""
    event = b' {"inputs":  [[1.0]]}\n'
    request = find(event).request()

    assert event is request.body
    assert ("POST", "/invocations") == (request.method, request.path)


@pytest.mark.parametrize(
    "event",
    [
        b'{"inputs": ["\\"requestContext\\""]}',
        b'{"inputs": {"requestContext": [1]}}',
        b'{"requestContext": 1, "inputs": [1]}',
        b'{"requestContext": {}, "inputs": [1]}',
        b'{"requestContext": {"http": {"method": 7}}, "rawPath": "/"}',
        b'{"requestContext": {"elb": {}}, "httpMethod": null, "path": "/"}',
        b'["requestContext"]',
        b'"requestContext"',
        b'{"requestContext" ',
        b'{"requestContext": ' + b"[" * 100_000,
        b'{"requestContext": "\xff"}',
        b"",
    ],
)
def test_a_payload_that_only_looks_wrapped_is_direct(event):
    """What is not wholly of a front end's shape is the caller's own payload."""
    found = find(event)

    assert ("direct", event) == (found.name, found.request().body)


def test_binary_bodies_arrive_as_bytes():
    """Base64 is undone before anyone reads the body."""
    request = find(sample("rest-api-binary")).request()

    assert (b"\x00\x01\xfe\xff", "application/octet-stream") == (
        request.body,
        request.headers["content-type"],
    )


@pytest.mark.parametrize("body", [b'{"inputs": [["\xc3\xa9\n"]]}', b"a,b\r\n1,2"])
@pytest.mark.parametrize("coded", [False, True], ids=["plain", "base64"])
@pytest.mark.parametrize(("name", "_door"), HTTP_EVENTS)
def test_bodies_are_plain_or_base64_through_every_door(name, _door, coded, body):
    """Each front end does both, as it likes; the bytes are the same."""
    text = base64.b64encode(body).decode() if coded else body.decode()
    event = changed(name, body=text, isBase64Encoded=coded)

    assert body == find(event).request().body


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title])
@pytest.mark.parametrize(("name", "_door"), HTTP_EVENTS)
def test_headers_may_be_spelt_in_any_case(name, _door, spell):
    """HTTP's names have no case, and front ends do not agree on one."""
    given = {"content-type": "text/csv", "x-tensor-shape": "1,2", "x-odd": "\u00e9"}
    spelt = {spell(header): value for header, value in given.items()}
    fields: dict[str, object] = {}
    sample_event = json.loads(sample(name))
    if "headers" in sample_event:
        fields["headers"] = spelt
    if "multiValueHeaders" in sample_event:
        fields["multiValueHeaders"] = {key: [value] for key, value in spelt.items()}

    assert given == find(changed(name, **fields)).request().headers


def test_a_load_balancers_health_check_is_an_ordinary_request():
    """The path it was told to ask reaches the service."""
    request = find(sample("alb-health-check")).request()

    assert ("GET", "/ping", b"") == (request.method, request.path, request.body)


@pytest.mark.parametrize(
    ("path", "stage", "expected"),
    [
        ("/invocations", "$default", "/invocations"),
        ("/live/invocations", "live", "/invocations"),
        ("/lively/invocations", "live", "/lively/invocations"),
        ("/live", "live", "/"),
        ("/v2/models/my%20model/infer", "$default", "/v2/models/my model/infer"),
        ("/100%/x%zz", "$default", "/100%/x%zz"),
    ],
)
def test_a_stage_is_no_part_of_the_path(path, stage, expected):
    """HTTP APIs put the stage before the path; escapes are undone."""
    context = json.loads(sample("http-api"))["requestContext"]
    event = changed(
        "http-api", rawPath=path, requestContext={**context, "stage": stage}
    )

    assert expected == find(event).request().path


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "!!not base64", "isBase64Encoded": True},
        {"body": "\u00e9", "isBase64Encoded": True},
        {"body": {"already": "parsed"}},
        {"body": "\ud800"},
    ],
)
def test_a_body_that_cannot_be_decoded_is_the_callers_mistake(fields):
    """It is refused with a reason, not a crash."""
    door = find(changed("http-api", **fields))

    with pytest.raises(BadRequest):
        door.request()


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": None, "multiValueHeaders": None},
        {"headers": {"X": None, "Y": 7}, "multiValueHeaders": None},
        {"multiValueHeaders": {"X": None, "Y": [None, 7]}},
        {"queryStringParameters": [1], "multiValueQueryStringParameters": {"a": 1}},
        {"pathParameters": {"proxy": 7}},
        {"pathParameters": "x"},
        {"body": None, "isBase64Encoded": True},
    ],
)
def test_odd_but_decodable_events_are_read(fields):
    """Nulls and numbers where texts belong do not stop a request."""
    assert "POST" == find(changed("rest-api", **fields)).request().method


@pytest.mark.parametrize(("name", "_door"), HTTP_EVENTS)
def test_text_answers_travel_as_text(name, _door):
    """JSON is escaped into the front end's object, other scripts as they are."""
    body = '{"predictions": ["\u00e9\u4e16\\n\\"\u2028"]}'.encode()

    told = json.loads(find(sample(name)).answer(Response(200, JSON, body)))

    assert (200, False, body) == (
        told["statusCode"],
        told["isBase64Encoded"],
        told["body"].encode(),
    )


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/octet-stream", b"\x00\xff"),
        ("application/json", b"\xff\xfe"),
        ("", b"plain"),
    ],
)
def test_other_answers_travel_as_base64(kind, body):
    """What is not text, by name or by content, is base64 and says so."""
    response = Response(200, {"content-type": kind}, body)

    told = json.loads(find(sample("function-url")).answer(response))

    assert told["isBase64Encoded"] is True
    assert body == base64.b64decode(told["body"])


def test_a_load_balancer_gets_a_status_line_and_the_headers_it_understands():
    """Multi-value headers are answered where they were asked with."""
    response = Response(404, JSON, b"{}")
    single = json.loads(find(sample("alb")).answer(response))
    many = json.loads(find(sample("alb-multi-value")).answer(response))

    assert "404 Not Found" == single["statusDescription"]
    assert JSON == single["headers"]
    assert {"content-type": ["application/json"]} == many["multiValueHeaders"]
    assert "headers" not in many


@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["text/csv", "application/json", "application/octet-stream"]),
    headers=st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    name=st.sampled_from([name for name, _ in HTTP_EVENTS]),
)
def test_any_answer_survives_its_wrapping(body, kind, headers, name):
    """Whatever the bytes and headers, the front end reads them back."""
    response = Response(200, {**headers, "content-type": kind}, body)

    told = json.loads(find(sample(name)).answer(response))

    text = told["body"]
    got = base64.b64decode(text) if told["isBase64Encoded"] else text.encode()
    assert body == got
    assert kind in json.dumps(told.get("headers") or told.get("multiValueHeaders"))


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "requestContext", "http", "method", "rawPath", "elb", "path",
                "httpMethod", "headers", "multiValueHeaders", "body", "version",
                "isBase64Encoded", "queryStringParameters", "resource", "stage",
            ]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(event=JSONISH)
def test_no_event_breaks_a_door(event):
    """Any JSON is either read as a request or refused as the caller's mistake."""
    for door in (find(json.dumps(event).encode()), wrapped(event)):
        if door is None:
            continue
        try:
            request = door.request()
        except BadRequest:
            continue
        assert isinstance(request.body, bytes)
        assert isinstance(request.path + request.method + request.query, str)
