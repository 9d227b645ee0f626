"""The real runtime, really started: a process, and a Runtime API of one caller."""

import json
import os
import queue
import re
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
from mlflow_serverless.limits import MB_PER_VCPU
from mlflow_serverless.native.errors import ColdStartError, SlowAnswerError

START_S = 120.0
"""Longest wait for the model to be loaded [s]."""

ANSWER_S = 120.0
"""Longest wait for one answer [s]."""

_PATH = "/2018-06-01/runtime"
_RUNTIME = str(Path(lambda_runtime.__file__).parent)
_LOG = "log"


class Runtime:
    """
    A runtime process that has loaded its model and waits for requests.

    Args:
        api: What it talks to.
        process: Its number.
        scratch: What stands for its `/tmp`.
        cold_ms: From the start of the process to its first question for work [ms].
    """

    def __init__(
        self, api: "_Api", process: int, scratch: Path, cold_ms: float
    ) -> None:
        self._api, self._process, self._scratch = api, process, scratch
        self.cold_ms = cold_ms

    def peak_bytes(self) -> int:
        """
        Most memory that was resident so far; 0 where the system does not say [bytes].

        Not the process's `ru_maxrss`: on Linux that begins with what its parent had.
        """
        try:
            said = Path(f"/proc/{self._process}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"^VmHWM:\s+(\d+) kB$", said, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def scratch_bytes(self) -> int:
        """What it has in its `/tmp`; our own log of it left out [bytes]."""
        files = (path for path in self._scratch.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files if path.name != _LOG)

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


def site_folders(python: Path | None = None) -> tuple[str, ...]:
    """Where the packages installed beside *python* lie; this one's own, if None."""
    if python is not None:
        return tuple(map(str, python.parent.parent.glob("lib/python*/site-packages")))
    kinds = ("site-packages", "dist-packages")
    return tuple(p for p in sys.path if Path(p).name in kinds and Path(p).is_dir())


@contextmanager
def started(bundle: Path, python: Path | None = None) -> Iterator[Runtime]:
    """
    The runtime with *bundle*, in a process of its own; ended afterwards.

    Args:
        bundle: Its folder.
        python: What runs it, with the packages installed beside it; this interpreter
            if None.

    Raises:
        ColdStartError: It does not come to serve; with what it said.
    """
    api = _Api()
    server = threading.Thread(target=api.serve_forever, daemon=True)
    server.start()
    with tempfile.TemporaryDirectory(prefix="native-") as scratch:
        log = Path(scratch) / _LOG
        began = time.perf_counter()
        with log.open("wb") as said:
            process = subprocess.Popen(
                (str(python or sys.executable), "-I", "-S", _RUNTIME),
                env=_variables(api.server_address[1], bundle, scratch, python),
                cwd=scratch, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            _await_ready(api, process, log)
            cold_ms = (time.perf_counter() - began) * 1e3
            yield Runtime(api, process.pid, Path(scratch), cold_ms)
        finally:
            process.kill()
            process.wait()
            api.closing = True
            api.shutdown()
            api.server_close()


def _variables(
    port: int, bundle: Path, scratch: str, python: Path | None
) -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MB_PER_VCPU),
        "AWS_LAMBDA_FUNCTION_NAME": "proof",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "HOME": scratch,
        "LANG": "C.UTF-8",
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_LOG": "off",
        "MLFLOW_SERVERLESS_SCRATCH": scratch,
        "MLFLOW_SERVERLESS_SITE": os.pathsep.join(site_folders(python)),
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
