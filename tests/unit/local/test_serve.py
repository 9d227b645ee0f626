"""Deployments over HTTP, as function URLs would serve them."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest

from mlflow_serverless.local.errors import NotLoopbackError, PortInUseError
from mlflow_serverless.local.serve import application, listening
from mlflow_serverless.plan.errors import (
    NoSuchFunctionError,
    PayloadTooLargeError,
    ThrottledError,
)
from mlflow_serverless.world import Reply
from tests.fakes.asgi import Answered
from tests.fakes.asgi import request as asked
from tests.fakes.cloud import FakeCloud
from tests.unit.local.conftest import RUNTIME


class Answering(FakeCloud):
    """Answers as told; remembers what it was asked."""

    def __init__(self, payload: bytes = b"{}", error=None) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, object]]] = []
        self._payload, self._error = payload, error

    def names(self) -> tuple[str, ...]:
        return ("a", "b")

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        self.asked.append((name, qualifier, json.loads(payload)))
        if isinstance(self._error, Exception):
            raise self._error
        return Reply(payload=self._payload, version="3", error=self._error)


def request(cloud, path, **given: Any) -> Answered:
    return asked(application(cloud), path, **given)


@pytest.mark.parametrize(
    ("host", "path", "meant"),
    [
        ("127.0.0.1:9000", "/fraud/invocations", ("fraud", "live", "/invocations")),
        ("localhost", "/fraud:7/v2/health/live", ("fraud", "7", "/v2/health/live")),
        ("fraud.localhost:9000", "/invocations", ("fraud", "live", "/invocations")),
        ("127.0.0.1", "/fraud", ("fraud", "live", "/")),
    ],
)
def test_a_deployment_is_named_by_path_or_host(host, path, meant):
    """With an alias or a version after a colon; it sees the rest of the path."""
    cloud = Answering()

    request(cloud, path, host=host)

    ((name, qualifier, event),) = cloud.asked
    assert meant == (name, qualifier, event["rawPath"])
    assert event["rawQueryString"] == "q=1"


def test_the_answer_is_the_functions():
    """Its status, headers and body, and which version gave it."""
    payload = {"statusCode": 418, "headers": {"X-A": "1"}, "body": "tea"}

    status, headers, body = request(Answering(json.dumps(payload).encode()), "/a/x")

    assert (status, body) == (418, b"tea")
    assert (
        headers["x-a"],
        headers["x-amz-executed-version"],
        headers["content-length"],
    ) == ("1", "3", "3")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ThrottledError("a call", "one is answered"), 429),
        (NoSuchFunctionError("a"), 404),
        (PayloadTooLargeError(7_000_000), 413),
        ("Unhandled", 502),
    ],
)
def test_failures_have_a_function_urls_status(error, status):
    """And say what to do, where it is the caller's move."""
    found, _, body = request(Answering(error=error), "/a/invocations")

    assert status == found
    assert b"Traceback" not in body


def test_the_root_lists_what_is_deployed():
    """For whoever forgot the name."""
    status, _, body = request(Answering(), "/", method="GET")

    assert (status, json.loads(body)) == (200, {"deployments": ["a", "b"]})


def test_other_hosts_are_refused():
    """No web page may reach in under a name of its own."""
    cloud = Answering()

    assert request(cloud, "/a/invocations", host="evil.example")[0] == 400
    assert cloud.asked == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_only_this_machine_is_listened_to(host):
    """There is no authentication."""
    with pytest.raises(NotLoopbackError):
        listening(host, 0)


def test_a_port_in_use_is_told():
    """With another way."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"127.0.0.1:{port}.*in use"):
            listening("127.0.0.1", port)


SERVE = """
import sys
from pathlib import Path
from mlflow_serverless.local import LocalCloud, Setup
from mlflow_serverless.local.serve import serve
cloud = LocalCloud(Path(sys.argv[1]), setup=Setup(runtime=Path(sys.argv[2])))
serve(cloud, ready=lambda at: print(at, flush=True))
"""


@pytest.mark.emulator
def test_curl_can_call_a_deployment(cloud_with, deploy, root):
    """Served by a command of its own, until it is interrupted."""
    deploy(cloud_with())
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(root), str(RUNTIME)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    with process:
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}/it/invocations", b'{"x": 1}') as reply:
            event = json.load(reply)["echo"]
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            urllib.request.urlopen(f"{address}/nobody/invocations", b"{}")
        caught.value.close()
        process.send_signal(signal.SIGINT)

    assert event["rawPath"] == "/invocations"
    assert 0 == process.returncode
