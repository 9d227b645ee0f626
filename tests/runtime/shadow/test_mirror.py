"""What the serving version sends, when, and how little it waits."""

import json
import socket
import threading
import time
from contextlib import closing, suppress

import pytest

from lambda_runtime.loop import Outcome
from lambda_runtime.protocol.service import Timing
from lambda_runtime.runtime_api import Invocation
from lambda_runtime.shadow.lambda_api import LambdaApi
from lambda_runtime.shadow.mirror import LINES, Mirror

ALIAS = "live"
NOTE = json.dumps({"r": 1, "c": "2", "s": "s", "m": 1.0})


class Cloud:
    """A loopback server that keeps what it is asked, and answers after a while."""

    def __init__(self, *, note=NOTE, status=202, delay_s=0.0, hang=False) -> None:
        self.note, self.status, self.delay_s, self.hang = note, status, delay_s, hang
        self.invoked: list[tuple[str, dict, bytes]] = []
        self.looked = 0
        self.mirrors: list[Mirror] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._end = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def environ(self):
        return {"AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{self._port}/secret"}

    def close(self):
        """End every conversation, and wait for it."""
        self._end.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._listener.close()
        self._accepting.join(5)
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection):
        with suppress(OSError), closing(connection):
            self._talk(connection.makefile("rwb"))

    def _talk(self, file):
        with file:
            while line := file.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers = {}
                while text := file.readline().decode().strip():
                    name, _, value = text.partition(": ")
                    headers[name] = value
                body = file.read(int(headers.get("content-length", 0)))
                status, answer = self._answer(method, target, headers, body)
                if self.hang and method == "POST":
                    self._end.wait(30)
                    return
                time.sleep(self.delay_s)
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n\r\n"
                file.write(head.encode() + answer)
                file.flush()

    def _answer(self, method, target, headers, body):
        if method == "GET":
            self.looked += 1
            return 200, json.dumps({"Description": self.note}).encode()
        self.invoked.append((target, headers, body))
        return self.status, b""


@pytest.fixture
def cloud():
    made = []

    def make(**given):
        made.append(Cloud(**given))
        return made[-1]

    yield make
    for each in made:
        for mirror in each.mirrors:
            mirror.close()
        each.close()


def mirror_to(cloud, *, every_s=60.0, environ=None):
    said = []
    api = LambdaApi("fn", environ or cloud.environ)
    made = Mirror(api, alias=ALIAS, version="1", every_s=every_s, tell=said.append)
    made.said = said
    cloud.mirrors.append(made)
    return made


def ask(n=0, *, arn=f"arn:aws:lambda:r:1:function:fn:{ALIAS}", event=b'{"x":1}'):
    return Invocation(f"request-{n}", event, function_arn=arn)


def answered(*, rows=1, body=b'{"predictions":[1]}'):
    return Outcome(body, timing=Timing(rows=rows), took_us=420)


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_the_candidate_gets_the_request_and_the_served_answer(cloud):
    """As an asynchronous invocation of its version, byte for byte."""
    there = cloud()
    mirror = mirror_to(there)

    mirror(ask(), answered())

    assert until(lambda: there.invoked)
    target, headers, body = there.invoked[0]
    said = json.loads(body)["mlflow-serverless.shadow"]
    assert "/secret/2015-03-31/functions/fn/invocations?Qualifier=2" == target
    assert "Event" == headers["x-amz-invocation-type"]
    assert ('{"x":1}', '{"predictions":[1]}', 200, 420) == (
        said["event"], said["served"], said["status"], said["us"],
    )  # fmt: skip


def test_a_receipt_is_read_after_a_later_answer(cloud):
    """Nobody waits for it; it is counted when it is there."""
    there = cloud()
    mirror = mirror_to(there)
    mirror(ask(0), answered())
    assert until(lambda: there.invoked)
    assert 0 == mirror.sent

    def looked():
        mirror(ask(1, arn="arn:aws:lambda:r:1:function:fn:1"), answered())
        return mirror.sent

    assert 1 == until(looked)
    assert {} == mirror.dropped


@pytest.mark.parametrize("how", [{"delay_s": 0.3}, {"hang": True}])
def test_a_slow_or_hanging_other_side_is_never_waited_for(cloud, how):
    """A call costs milliseconds; what cannot be sent is dropped and counted."""
    there = cloud(**how)
    mirror = mirror_to(there)
    mirror(ask(0), answered())  # reads the note
    time.sleep(0.5)

    slowest = 0.0
    for n in range(1, 20):
        began = time.monotonic()
        mirror(ask(n), answered())
        slowest = max(slowest, time.monotonic() - began)

    assert slowest < 0.2
    assert len(there.invoked) <= LINES + 1
    assert mirror.dropped["busy"] >= 19 - LINES - 1


def test_only_predictions_of_the_aliass_callers_are_mirrored(cloud):
    """Not health checks, not errors, not what is asked of a version by number."""
    there = cloud()
    mirror = mirror_to(there)
    mirror(ask(0), answered(rows=0))
    mirror(ask(1), Outcome(b"", timing=None, status=500))
    mirror(ask(2, arn="arn:aws:lambda:r:1:function:fn:1"), answered())
    mirror(ask(3, arn="arn:aws:lambda:r:1:function:fn"), answered())

    assert [] == there.invoked
    mirror(ask(4), answered())
    assert until(lambda: 1 == len(there.invoked))


def test_the_share_is_of_requests_and_the_same_for_the_same_ones(cloud):
    """Sampling by the request's id: repeatable, and as many as asked for."""
    there = cloud(note=json.dumps({"r": 1, "c": "2", "m": 0.25}))

    def sampled():
        mirror = mirror_to(there)
        mirror(ask(0), answered(rows=0))
        shadow = mirror._shadow
        return {n for n in range(2000) if mirror._meant(ask(n), answered(), shadow)}

    assert sampled() == sampled()
    assert 420 < len(sampled()) < 580


def test_the_note_is_read_now_and_then(cloud):
    """Once at first, then as often as asked; a note that is gone ends the shadow."""
    there = cloud()
    mirror = mirror_to(there, every_s=0.2)
    mirror(ask(0), answered())
    assert until(lambda: 1 == len(there.invoked))
    there.note = ""

    time.sleep(0.25)
    mirror(ask(1), answered())
    mirror(ask(2), answered())

    assert 2 == there.looked
    assert 1 == len(there.invoked)


def test_a_candidate_does_not_shadow_itself(cloud):
    """The note names it; it is the one version that sends nothing."""
    there = cloud(note=json.dumps({"r": 1, "c": "1", "m": 1.0}))
    mirror = mirror_to(there)

    mirror(ask(), answered())
    mirror(ask(1), answered())

    assert [] == there.invoked


def test_an_endpoint_that_is_gone_is_told_once_and_left_alone(cloud):
    """No answer fails for it, and the log is not filled."""
    there = cloud()
    there.close()
    mirror = mirror_to(there)

    for n in range(5):
        mirror(ask(n), answered())

    assert 1 == len(mirror.said)
    assert mirror.said[0].startswith("shadow.unknown alias=live why=")


def test_a_refusal_is_counted_and_told(cloud):
    """The log says why a shadow has fewer rows than it should have."""
    there = cloud(status=429)
    mirror = mirror_to(there, every_s=0.3)
    mirror(ask(0), answered())
    assert until(lambda: there.invoked)
    time.sleep(0.3)

    mirror(ask(1), answered())

    assert ["shadow.dropped sent=0 status-429=1"] == mirror.said


def test_too_large_a_pair_is_left_out(cloud):
    """Asynchronous invocations take one megabyte."""
    there = cloud()
    mirror = mirror_to(there)
    mirror(ask(0, event=b'"' + b"x" * 1_100_000 + b'"'), answered())

    assert [] == there.invoked
    assert {"too-large": 1} == mirror.dropped


def test_requests_are_signed_where_there_are_credentials(cloud):
    """As every call to AWS: by the function's role, for the Lambda service."""
    there = cloud()
    keys = {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "eu-west-1",
    }
    mirror = mirror_to(there, environ={**there.environ, **keys})

    mirror(ask(), answered())

    assert until(lambda: there.invoked)
    signature = there.invoked[0][1]["authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/eu-west-1/lambda/aws4_request" in signature
