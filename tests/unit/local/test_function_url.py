"""Function-URL events and what becomes of answers."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.local.function_url import Call, from_reply, to_event


def call(body: bytes = b"", *headers: tuple[str, str]) -> Call:
    return Call(
        method="POST",
        path="/invocations",
        query="a=1&a=2",
        headers=(("host", "it.localhost:9000"), *headers),
        body=body,
        source="127.0.0.1",
        id="id-1",
        at=datetime(2026, 11, 21, 8, 9, 10, tzinfo=UTC),
    )


def test_an_event_has_the_shape_of_payload_2():
    """As AWS documents it for function URLs."""
    event = json.loads(to_event(call(b"{}", ("content-type", "application/json"))))

    http = event["requestContext"]["http"]
    assert (
        event["version"],
        event["routeKey"],
        event["rawPath"],
        event["rawQueryString"],
    ) == ("2.0", "$default", "/invocations", "a=1&a=2")
    assert (http["method"], http["path"]) == ("POST", "/invocations")
    assert event["requestContext"]["time"] == "21/Nov/2026:08:09:10 +0000"
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)


def test_headers_that_come_twice_are_joined():
    """By commas, in order."""
    event = json.loads(to_event(call(b"", ("x-a", "1"), ("x-a", "2"))))

    assert event["headers"]["x-a"] == "1,2"
    assert "body" not in event


@given(body=st.binary(min_size=1), text=st.booleans())
def test_every_body_arrives_as_it_was(body, text):
    """Whatever its content type says."""
    kind = "application/json" if text else "application/octet-stream"
    event = json.loads(to_event(call(body, ("content-type", kind))))

    raw = event["body"].encode()
    assert body == (base64.b64decode(raw) if event["isBase64Encoded"] else raw)


def test_a_whole_response_is_taken_apart():
    """Status, headers, cookies and body."""
    reply = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/csv"},
        "cookies": ["a=1", "b=2"],
        "body": "YWI=",
        "isBase64Encoded": True,
    }

    answer = from_reply(json.dumps(reply).encode(), None)

    assert (answer.status, answer.body) == (201, b"ab")
    cookies = (("set-cookie", "a=1"), ("set-cookie", "b=2"))
    assert (("content-type", "text/csv"), *cookies) == answer.headers


def test_anything_else_is_json():
    """A bare value is the body of a 200."""
    answer = from_reply(b"[1,2]", None)

    assert (answer.status, answer.body) == (200, b"[1,2]")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"statusCode": "x"}',
        b'{"statusCode": 200, "headers": 7}',
        b'{"statusCode": 200, "body": "*", "isBase64Encoded": true}',
    ],
)
def test_a_response_that_is_none_is_a_bad_gateway(payload):
    """As behind a real function URL."""
    assert from_reply(payload, None).status == 502


def test_a_function_that_failed_is_a_bad_gateway():
    """And nothing of its error is shown to the caller."""
    answer = from_reply(b'{"errorMessage":"secret"}', "Unhandled")

    assert (answer.status, answer.body) == (502, b"Internal Server Error")
