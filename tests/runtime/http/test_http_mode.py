"""The same service over plain HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fakes.bundle import EVENT
from tests.fakes.loop_process import ENTRY, LEAN

pytest.importorskip("uvicorn")

JSON = {"Content-Type": "application/json"}


class Server:
    """The runtime serving HTTP on a free loopback port."""

    def __init__(
        self, log: Path, *, by: tuple[str, ...] = LEAN, **environ: str
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.log = log
        environ = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", **environ}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*by, str(ENTRY)],
                env={**environ, "PORT": str(self.port)},
                stdout=out,
                stderr=out,
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(400):
            try:
                self.ask("GET", "/ping")
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
            else:
                return
        raise TimeoutError

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or JSON)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture(scope="module")
def server(bundle, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("http") / "log", **bundle)
    yield started
    started.stop()


@pytest.mark.parametrize("path", ["/ping", "/health", "/v2/health/live", "/version"])
def test_it_says_that_it_lives(server, path):
    """Every liveness path a platform may ask is answered."""
    assert 200 == server.ask("GET", path)[0]


def test_it_predicts(server):
    """The prediction is the one that Lambda's loop gives."""
    status, body, headers = server.ask("POST", "/invocations", EVENT)

    assert (200, "application/json") == (status, headers["content-type"])
    assert 3 == len(json.loads(body)["predictions"][0])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/invocations", b"{", 400),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/invocations", b"", 405),
        ("POST", "/ping", b"", 405),
    ],
)
def test_mistakes_have_their_status(server, method, path, body, status):
    """The caller's mistakes are told with MLflow's error object."""
    told = server.ask(method, path, body)

    assert status == told[0]
    assert "error_code" in json.loads(told[1])


def test_head_has_no_body(server):
    """HEAD is answered without one."""
    status, body, _ = server.ask("HEAD", "/ping")

    assert (200, b"") == (status, body)


def test_a_body_beyond_the_limit_is_refused(server):
    """Memory is bounded: 64 MB and no more; the server lives on."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as caller:
        caller.sendall(
            b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"
            b"Content-Type: application/json\r\n\r\n"
        )
        block = b" " * (1 << 20)
        try:
            for _ in range(66):
                caller.sendall(block)
            answer = caller.recv(1000)
        except (BrokenPipeError, ConnectionResetError):
            answer = b" 413 "

    assert b" 413 " in answer
    assert 200 == server.ask("GET", "/ping")[0]


def test_a_line_is_written_for_each_prediction(server):
    """The same telemetry as in Lambda, through the door called plain."""
    server.ask("POST", "/invocations", EVENT, **JSON, **{"X-Request-Id": "r-77"})
    for _ in range(100):
        lines = [line for line in server.log.read_text().splitlines() if "r-77" in line]
        if lines:
            break
        time.sleep(0.02)

    assert ("plain", 1) == tuple(json.loads(lines[0])[key] for key in ("Door", "Rows"))


def test_many_callers_are_all_answered(server):
    """Requests that come together are answered each with its own."""
    rows = [
        json.dumps({"inputs": {"sepal length": [n], "sepal width": [0]}}).encode()
        for n in range(12)
    ]
    alone = [server.ask("POST", "/invocations", row)[1] for row in rows]
    together: dict[int, bytes] = {}

    def call(index: int) -> None:
        together[index] = server.ask("POST", "/invocations", rows[index])[1]

    threads = [threading.Thread(target=call, args=[n]) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert alone == [together[n] for n in range(12)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_to(bundle, tmp_path, number):
    """SIGTERM and Ctrl-C end it as a success, without a traceback."""
    server = Server(tmp_path / "log", by=(sys.executable,), **bundle)
    server.process.send_signal(number)

    assert 0 == server.process.wait(20)
    assert "Traceback" not in server.log.read_text()


def test_a_broken_bundle_ends_it_with_a_reason(tmp_path):
    """Nothing is listened on; the code and the reason are logged."""
    done = subprocess.run(
        [*LEAN, str(ENTRY), "--http"],
        env={"MLFLOW_SERVERLESS_BUNDLE": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=20,
    )

    assert 1 == done.returncode
    assert b"manifest-missing" in done.stderr
    assert b"Traceback" not in done.stderr


def test_neither_lambda_nor_http_is_told(tmp_path):
    """Started with nothing to serve for, it says what to set."""
    done = subprocess.run(
        [*LEAN, str(ENTRY)], env={}, capture_output=True, check=False, timeout=20
    )

    assert 2 == done.returncode
    assert b"PORT" in done.stderr
