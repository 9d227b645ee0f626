"""Each delivery its status; what is not the registry's does nothing at all."""

import base64
import hashlib
import hmac
import http.client
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.relay.check import WINDOW_S, Delivery, check, sign
from mlflow_serverless.relay.filter import Filter, dump, read
from mlflow_serverless.relay.handle import BODY_BYTES, Relay, UnsentError, handle
from mlflow_serverless.relay.request import Request
from mlflow_serverless.relay.seen import SeenInFile
from mlflow_serverless.relay.send import Reconciler
from mlflow_serverless.relay.serve import server

NOW = 1_795_284_916.0
SECRET = "topsecret"
FILTERS = (
    Filter("fraud*", "alias", "champion"),
    Filter("churn", "tag", "deploy"),
    Filter("old", "stage", "Production"),
)


def body_of(entity="model_version_alias", action="created", **data):
    data = {"name": "fraud", "alias": "champion", "version": "1", **data}
    said = {"entity": entity, "action": action, "timestamp": "t", "data": data}
    return json.dumps(said).encode()


def headers_of(body, *, delivery="d-1", at=NOW, secret=SECRET):
    stamp = str(int(at))
    return {
        "x-mlflow-delivery-id": delivery,
        "x-mlflow-timestamp": stamp,
        "x-mlflow-signature": sign(secret, delivery, stamp, body),
    }


def delivery(body=None, **how):
    body = body_of() if body is None else body
    return Request("POST", "/events", headers_of(body, **how), body)


class Sent:
    """Remembers what was sent on; fails as often as it is told."""

    def __init__(self, failures=0) -> None:
        self.events, self.failures = [], failures

    def __call__(self, event) -> None:
        if self.failures:
            self.failures -= 1
            raise UnsentError("502")
        self.events.append(event)


@pytest.fixture
def sent():
    return Sent()


@pytest.fixture
def relay(tmp_path, sent):
    return Relay(
        secrets=(SECRET,), filters=FILTERS, seen=SeenInFile(tmp_path / "seen.sqlite"),
        send=sent, clock=lambda: NOW, log=lambda _: None,
    )  # fmt: skip


def test_what_a_rule_cares_about_is_sent_on(relay, sent):
    """
    With all that it said, and the delivery's id.
    """
    answer = handle(delivery(), relay)

    assert 202 == answer.status
    (event,) = sent.events
    assert ("fraud", "champion", "1", "d-1") == (
        event.model, event.alias, event.version, event.id,
    )  # fmt: skip


def test_the_signature_is_mlflow_s():
    """
    As MLflow computes it, over a delivery that was captured from one of its servers'.
    """
    from mlflow.webhooks.delivery import _generate_hmac_signature

    body = body_of()

    assert _generate_hmac_signature(SECRET, "d", "1", body.decode()) == sign(
        SECRET, "d", "1", body
    )


def altered(change):
    request = delivery()
    headers = dict(request.headers)
    return change(request, headers)


REFUSED = {
    "not signed": (401, lambda r, h: r._replace(headers={})),
    "wrong secret": (
        401, lambda r, h: delivery(secret="other"),
    ),
    "body altered": (401, lambda r, h: r._replace(body=r.body.replace(b"1", b"2"))),
    "id altered": (
        401, lambda r, h: r._replace(headers={**h, "x-mlflow-delivery-id": "d-2"}),
    ),
    "timestamp altered": (
        401, lambda r, h: r._replace(headers={**h, "x-mlflow-timestamp": "1795284917"}),
    ),
    "another scheme": (
        401, lambda r, h: r._replace(headers={
            **h, "x-mlflow-signature": h["x-mlflow-signature"].replace("v1,", "v0,")}),
    ),
    "odd digits": (
        401, lambda r, h: r._replace(headers={**h, "x-mlflow-timestamp": "١٧٩٥"}),
    ),
    "long id": (401, lambda r, h: delivery(delivery="d" * 300)),
    "too old": (401, lambda r, h: delivery(at=NOW - WINDOW_S - 1)),
    "from the future": (401, lambda r, h: delivery(at=NOW + WINDOW_S + 1)),
    "no JSON": (400, lambda r, h: delivery(b"\xff{garbage")),
    "no object": (400, lambda r, h: delivery(b"[1]")),
    "no event": (400, lambda r, h: delivery(b'{"a": 1}')),
    "no data": (400, lambda r, h: delivery(b'{"entity": "x", "data": 1}')),
    "too large": (413, lambda r, h: delivery(b"x" * (BODY_BYTES + 1))),
    "another path": (404, lambda r, h: r._replace(path="/admin")),
    "another method": (405, lambda r, h: r._replace(method="PUT")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_right_does_nothing(relay, sent, case):
    """
    Its status is below 500, so that MLflow does not send it again.
    """
    status, change = REFUSED[case]

    assert status == handle(altered(change), relay).status
    assert [] == sent.events


IGNORED = [
    body_of(name="other"),
    body_of(alias="challenger"),
    body_of("model_version_tag", "set", name="churn", key="other", alias=""),
    body_of("registered_model", "created"),
    body_of("model_version", "created", name="fraud"),
    body_of(name="example_model", alias="example_alias"),
]


@pytest.mark.parametrize("body", IGNORED)
def test_what_no_rule_cares_about_is_taken_and_left(relay, sent, body):
    """
    And so is the example that MLflow's own test sends.
    """
    assert 200 == handle(delivery(body), relay).status
    assert [] == sent.events


@pytest.mark.parametrize(
    "body",
    [
        body_of("model_version_alias", "deleted", name="fraud-eu"),
        body_of("model_version_tag", "set", name="churn", key="deploy"),
        body_of("model_version_tag", "deleted", name="churn", key="deploy"),
        body_of("model_version", "created", name="churn"),
        body_of(
            "model_version_tag", "set", key="mlflow-serverless.approved.production"
        ),
    ],
)
def test_all_that_may_change_a_rule_s_meaning_is_sent_on(relay, sent, body):
    """
    Deletions, versions born with tags, and approvals, too.
    """
    assert 202 == handle(delivery(body), relay).status
    assert 1 == len(sent.events)


def test_a_delivery_is_sent_on_once(relay, sent):
    """
    A replay within the window is taken, and nothing is done.
    """
    statuses = [handle(delivery(), relay).status for _ in range(3)]

    assert [202, 200, 200] == statuses
    assert 1 == len(sent.events)


def test_what_could_not_be_sent_on_may_come_again(relay):
    """
    503 makes MLflow try again, with the same id: then it goes through.
    """
    sent = Sent(failures=2)
    statuses = [handle(delivery(), relay._replace(send=sent)).status for _ in range(4)]

    assert [503, 503, 202, 200] == statuses
    assert 1 == len(sent.events)


def test_a_failure_inside_may_come_again_too(relay, sent):
    """
    Something breaks that nobody foresaw: 500, nothing is said of it to the caller, and
    the delivery is not counted as seen.
    """

    def broken(event):
        raise ZeroDivisionError("of all things")

    lines = []
    first = handle(delivery(), relay._replace(send=broken, log=lines.append))
    second = handle(delivery(), relay)

    assert (500, "failed inside") == first
    assert "ZeroDivisionError of?all?things" in lines[0]
    assert 202 == second.status


def test_a_long_value_is_sent_on_shortened(relay, sent):
    """
    A tag's value may have 100,000 characters; a dispatch not.
    """
    body = body_of(
        "model_version_tag", "set", name="churn", key="deploy", value="x" * 9**5
    )

    assert 202 == handle(delivery(body), relay).status
    assert 1_000 == len(sent.events[0].value)


def test_of_many_copies_at_once_one_goes_through(relay, sent):
    """
    The claim is one for all processes and threads.
    """
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: handle(delivery(), relay).status, range(16)))

    assert [200] * 15 + [202] == sorted(answers)
    assert 1 == len(sent.events)


def test_secrets_can_be_changed_without_a_gap(relay, sent):
    """
    While both are known, deliveries signed with either are taken.
    """
    both = relay._replace(secrets=("new", SECRET))
    answers = [
        handle(delivery(delivery=secret, secret=secret), both).status
        for secret in ("new", SECRET, "older")
    ]

    assert [202, 202, 401] == answers


def test_databricks_is_heard_where_it_is_asked_for(relay, sent):
    """
    Its signature is the body's, in hex; the same body again is a replay.
    """
    said = {
        "event": "MODEL_VERSION_TRANSITIONED_STAGE", "model_name": "old",
        "version": "3", "to_stage": "Production", "webhook_id": "w",
    }  # fmt: skip
    body = json.dumps(said).encode()
    right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    request = Request("POST", "/", {"x-databricks-signature": right}, body)
    forged = request._replace(headers={"x-databricks-signature": "0" * 64})
    asked = relay._replace(databricks=True)
    answers = [handle(r, asked).status for r in (forged, request, request)]

    assert 401 == handle(request, relay).status
    assert [401, 202, 200] == answers
    assert "Production" == sent.events[0].stage


def test_the_log_cannot_be_forged(relay):
    """
    What a caller sends never begins a line.
    """
    lines = []
    request = Request("POST", "/", {"x-mlflow-delivery-id": "a\nrelay 202"}, b"")
    handle(request, relay._replace(log=lines.append))

    assert ["relay 401 not signed delivery=a?relay?202"] == lines


@settings(deadline=None)
@given(
    body=st.binary(max_size=60),
    given_=st.text(st.characters(), max_size=60),
    stamp=st.text(st.characters(), max_size=12),
    delivery_=st.text(st.characters(), min_size=1, max_size=12),
)
def test_nothing_unsigned_gets_through(body, given_, stamp, delivery_):
    """
    Whatever the headers hold, the answer is a refusal and never an exception.
    """
    headers = {
        "x-mlflow-delivery-id": delivery_, "x-mlflow-timestamp": stamp,
        "x-mlflow-signature": given_,
    }  # fmt: skip

    assert 401 == check(headers, body, (SECRET,), now=NOW).status


@settings(deadline=None)
@given(body=st.binary(max_size=200), delivery_=st.uuids(), skew=st.integers(-300, 300))
def test_what_is_signed_in_time_gets_through(body, delivery_, skew):
    """
    Over the raw bytes, whatever they are.
    """
    headers = headers_of(body, delivery=str(delivery_), at=NOW + skew)

    assert Delivery(str(delivery_)) == check(headers, body, (SECRET,), now=NOW)


def test_filters_survive_a_variable():
    """
    What the policy cares about is text on its way to the function.
    """
    assert FILTERS == read(dump(FILTERS))


@contextmanager
def listening(relay):
    made = server(relay._replace(clock=time.time), "127.0.0.1", 0)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made.server_port
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def post(port, body, headers, path="/events", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_over_http_each_its_status(relay, sent):
    """
    The same answers through a socket; a body of a megabyte is not even read.
    """
    body = body_of()
    large = b"x" * (BODY_BYTES + 1)
    with listening(relay) as port:
        now = time.time()
        answers = [
            post(port, body, headers_of(body, at=now)),
            post(port, body, headers_of(body, at=now)),
            post(port, body, headers_of(body, at=now, secret="other")),
            post(port, body, headers_of(body, at=now - 400, delivery="d-2")),
            post(port, b"{", headers_of(b"{", at=now, delivery="d-3")),
            post(port, large[:10], {"content-length": str(len(large))}),
            post(port, None, {}, "/health", "GET"),
            post(port, None, {}, "/elsewhere", "GET"),
        ]

    assert [202, 200, 401, 401, 400, 413, 200, 404] == answers
    assert 1 == len(sent.events)


def test_a_function_url_s_event_is_the_same_call(relay, sent, monkeypatch):
    """
    The handler answers the event of a Lambda function URL, also in base64.
    """
    from mlflow_serverless.relay.request import from_function_url, to_function_url

    body = body_of()
    event = {
        "rawPath": "/events",
        "requestContext": {"http": {"method": "POST"}},
        "headers": {k.title(): v for k, v in headers_of(body).items()},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    answer = to_function_url(handle(from_function_url(event), relay))

    assert (202, '{"status": "sent on"}') == (answer["statusCode"], answer["body"])


def test_the_function_imports_nothing_heavy():
    """
    Python's own library, until boto3 is needed: a small function starts quickly.
    """
    code = (
        "import sys; import mlflow_serverless.relay.function;"
        "print([n for n in ('mlflow', 'pydantic', 'yaml', 'boto3', 'numpy', 'rich')"
        " if n in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "[]" == said.stdout.strip()


def test_reconciles_run_one_at_a_time_and_no_more_than_needed():
    """
    However many events come while one runs, one more follows, and it is the last.
    """
    runs, begun, go = [], threading.Event(), threading.Event()

    def start(event):
        runs.append(event)
        begun.set()
        assert go.wait(5)

    reconciler = Reconciler(start)
    reconciler("first")
    assert begun.wait(5)
    for number in range(20):
        reconciler(number)
    go.set()
    reconciler.finish()

    assert ["first", 19] == runs
