"""The real runtime, really started: a process, and a Runtime API of one caller."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import lambda_runtime
from mlflow_serverless.native.errors import ColdStartError, SlowAnswerError

START_S = 120.0
"""Longest wait for the model to be loaded [s]."""

ANSWER_S = 120.0
"""Longest wait for one answer [s]."""

_PATH = "/2018-06-01/runtime"


class Runtime:
    """
    A runtime process that has loaded its model and waits for requests.

    Args:
        api: What it talks to.
        cold_ms: From the start of the process to its first question for work [ms].
    """

    def __init__(self, api: "_Api", cold_ms: float) -> None:
        self._api, self.cold_ms = api, cold_ms

    def post(self, body: bytes) -> tuple[int, bytes]:
        """A body to `/invocations`; status and body come back."""
        event = {
            "version": "2.0", "rawPath": "/invocations", "rawQueryString": "",
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": "POST", "path": "/invocations"}},
            "body": body.decode(), "isBase64Encoded": False,
        }  # fmt: skip
        said = json.loads(self._api.ask(json.dumps(event).encode()))
        if "statusCode" not in said:
            return 500, json.dumps({"message": said.get("errorMessage", "")}).encode()
        return int(said["statusCode"]), str(said.get("body", "")).encode()


class _Api(ThreadingHTTPServer):
    """The four paths of Lambda's Runtime API, one request at a time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ready = threading.Event()
        self.failed = ""
        self.work: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[bytes] = queue.Queue()
        self.closing = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the process is ended without a farewell, whatever it was doing."""

    def ask(self, event: bytes) -> bytes:
        """Hand *event* to the process, and wait for its answer."""
        self.work.put(event)
        try:
            return self.answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise SlowAnswerError(ANSWER_S) from None


class _Handler(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`/invocation/next`: wait for work."""
        api = self.server
        api.ready.set()
        while not api.closing:
            try:
                event = api.work.get(timeout=0.2)
            except queue.Empty:
                continue
            deadline = str(int((time.time() + ANSWER_S) * 1e3))
            self._reply(200, event, {
                "Lambda-Runtime-Aws-Request-Id": "proof",
                "Lambda-Runtime-Deadline-Ms": deadline,
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:::proof",
            })  # fmt: skip
            return
        self.close_connection = True

    def do_POST(self) -> None:
        """An answer, or an error at initialisation or afterwards."""
        api = self.server
        body = self._body()
        if self.path == f"{_PATH}/init/error":
            api.failed = _message(body)
            api.ready.set()
        else:
            api.answers.put(body)
        self._reply(202, b"{}", {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing: the proof has its own report."""


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:600]


def site_folders() -> tuple[str, ...]:
    """Where this interpreter's installed packages lie."""
    kinds = ("site-packages", "dist-packages")
    return tuple(p for p in sys.path if Path(p).name in kinds and Path(p).is_dir())


@contextmanager
def started(bundle: Path) -> Iterator[Runtime]:
    """
    The runtime with *bundle*, in a process of this interpreter; ended afterwards.

    Raises:
        ColdStartError: It does not come to serve; with what it said.
    """
    api = _Api()
    server = threading.Thread(target=api.serve_forever, daemon=True)
    server.start()
    with tempfile.TemporaryDirectory(prefix="native-") as scratch:
        log = Path(scratch) / "log"
        began = time.perf_counter()
        with log.open("wb") as said:
            process = subprocess.Popen(
                (sys.executable, "-I", "-S", str(Path(lambda_runtime.__file__).parent)),
                env=_variables(api.server_address[1], bundle, scratch),
                cwd=scratch, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            _await_ready(api, process, log)
            yield Runtime(api, (time.perf_counter() - began) * 1e3)
        finally:
            process.kill()
            process.wait()
            api.closing = True
            api.shutdown()
            api.server_close()


def _variables(port: int, bundle: Path, scratch: str) -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_FUNCTION_NAME": "proof",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "HOME": scratch,
        "LANG": "C.UTF-8",
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_LOG": "off",
        "MLFLOW_SERVERLESS_SCRATCH": scratch,
        "MLFLOW_SERVERLESS_SITE": os.pathsep.join(site_folders()),
        "PATH": os.defpath,
        "TMPDIR": scratch,
        "TZ": "UTC",
    }


def _await_ready(api: _Api, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_S
    while not api.ready.wait(0.05):
        if process.poll() is not None:
            raise ColdStartError(_tail(log) or f"it ended with {process.returncode}")
        if time.monotonic() > until:
            raise SlowAnswerError(START_S, _tail(log))
    if api.failed:
        raise ColdStartError(api.failed)


def _tail(log: Path) -> str:
    return " ".join(log.read_text("utf-8", "replace").split())[-600:]
