"""Finding the background process, starting it, talking to it.

Alive means that it holds its lock, which the kernel takes from the dead. Whoever finds
it dead starts another under a second lock, so that two who find it dead at once start
one. Files it left behind are then only files.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlflow_serverless.local import wire
from mlflow_serverless.local.database import explained, locked
from mlflow_serverless.local.endpoint import (
    MODULE,
    Endpoint,
    alive,
    kill_holder,
    running,
)
from mlflow_serverless.local.errors import DaemonError, Trouble
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.local.setup import Setup
from mlflow_serverless.local.wire import Message

STARTING_S = 30.0
ANSWER_S = 1_200.0
"""Longer than any function may take."""
QUICK_S = 3.0
"""For what takes no time."""
ATTEMPTS = 9
"""Over about 2.5 s, the pauses doubling."""
_PAUSE_S = 0.005


class Client:
    """
    One embedded cloud's background process, seen from a command.

    Args:
        layout: Which embedded cloud.
        setup: How the process is to run; one that runs otherwise is replaced.
        stopping_s: How long it may take to stop before it is killed [s].
    """

    def __init__(
        self, layout: Layout, setup: Setup, *, stopping_s: float = 10.0
    ) -> None:
        self._layout = layout
        self._stopping_s = stopping_s
        self._setup = setup
        self._fingerprint = setup.fingerprint()

    def call(
        self, message: Mapping[str, Any], payload: bytes = b""
    ) -> tuple[Message, bytes]:
        """
        Ask the process, starting it if need be.

        A request whose process dies on it is sent again: predictions change nothing.

        Raises:
            ServerlessError: What the process refused, or DaemonError.
        """
        for attempt in range(ATTEMPTS):
            with suppress(ConnectionError):
                return self._asked(self._started(), message, payload, ANSWER_S)
            # One that was just killed holds its lock for a moment longer.
            time.sleep(_PAUSE_S * 2**attempt)
        raise DaemonError(Trouble.GONE, self._layout.daemon_log)

    def ask_if_running(
        self, message: Mapping[str, Any], patience: float = QUICK_S
    ) -> Message | None:
        """Ask the process if there is one; None if not, or after *patience* [s]."""
        endpoint = running(self._layout)
        if endpoint is None:
            return None
        try:
            return self._asked(endpoint, message, b"", patience)[0]
        except (ConnectionError, DaemonError):
            return None

    def stop(self) -> bool:
        """End the process and every environment; False if there was none."""
        if not alive(self._layout):
            return False
        began = time.monotonic()
        while alive(self._layout):
            waited = time.monotonic() - began
            if waited > self._stopping_s + STARTING_S:
                raise DaemonError(Trouble.STUCK, self._layout.daemon_log)
            if waited > self._stopping_s:
                # It cannot be reached, or does not listen: the lock says who it is.
                kill_holder(self._layout)
            else:
                quick = min(self._stopping_s, QUICK_S)
                self.ask_if_running({"op": "stop"}, quick)
            time.sleep(_PAUSE_S)
        return True

    def _asked(
        self,
        endpoint: Endpoint,
        message: Mapping[str, Any],
        payload: bytes,
        patience: float,
    ) -> tuple[Message, bytes]:
        address = (wire.HOST, endpoint.port)
        try:
            with socket.create_connection(address, timeout=patience) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sent = {**message, "token": endpoint.token}
                answer, data = wire.ask(connection, sent, payload)
        except TimeoutError as cause:
            raise DaemonError(Trouble.SILENT, self._layout.daemon_log) from cause
        if answer.get("stopping"):
            raise ConnectionResetError
        if "fault" in answer:
            raise wire.raised(answer)
        return answer, data

    def _started(self) -> Endpoint:
        wanted = self._fingerprint
        found = running(self._layout)
        if found is not None and found.fingerprint == wanted:
            return found
        with explained(self._layout.lock):
            self._layout.prepare()
        with locked(self._layout.start_lock):
            found = running(self._layout)
            if found is not None and found.fingerprint == wanted:
                return found
            self.stop()
            return self._start()

    def _start(self) -> Endpoint:
        log = self._layout.daemon_log
        process = spawn(self._layout, self._setup)
        deadline = time.monotonic() + STARTING_S
        while time.monotonic() < deadline:
            found = running(self._layout)
            if found is not None and found.pid == process.pid:
                # Reaped when it ends, should this process live longer than it.
                threading.Thread(target=process.wait, daemon=True).start()
                return found
            if process.poll() is not None:
                raise DaemonError(Trouble.ENDED, log, _last_line(log))
            time.sleep(_PAUSE_S)
        process.kill()
        raise DaemonError(Trouble.SLOW, log)


def spawn(layout: Layout, setup: Setup) -> "subprocess.Popen[bytes]":
    """Start the process, on its own: no terminal, no folder, no parent to die with."""
    package = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    command = (
        sys.executable, "-P", "-m", MODULE,
        str(layout.root), setup.to_json(),
    )  # fmt: skip
    with explained(layout.daemon_log), layout.daemon_log.open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
        )  # fmt: skip


def _last_line(log: Path) -> str:
    with suppress(OSError, IndexError):
        return log.read_text(errors="replace").strip().splitlines()[-1]
    return "it said nothing"
