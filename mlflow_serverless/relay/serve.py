"""The relay as a process: plain HTTP on one address."""

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mlflow_serverless.relay.handle import BODY_BYTES, Relay, handle
from mlflow_serverless.relay.request import Answer, Request

SLOW_S = 10
"""Longest wait for a caller's next byte [s]."""


def server(relay: Relay, host: str, port: int) -> ThreadingHTTPServer:
    """
    A server that has its address and does not answer yet; port 0 chooses a free one.

    Raises:
        OSError: The address is taken.
    """
    return _Server((host, port), lambda request: handle(request, relay))


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], answered: Callable[[Request], Answer]
    ) -> None:
        self.answered = answered
        super().__init__(address, _Door)

    def server_bind(self) -> None:
        """Bind without asking any name server who we are."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        host, port = self.socket.getsockname()[:2]
        self.server_address = (host, port)
        self.server_name, self.server_port = host, port


class _Door(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "mlflow-serverless-relay"
    sys_version = ""
    timeout = SLOW_S

    def do_GET(self) -> None:
        """Answer a look."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a delivery, of which no more is read than may be."""
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            self._say(Answer(411, "say content-length"), last=True)
        elif int(length) > BODY_BYTES:
            self._say(Answer(413, f"more than {BODY_BYTES} bytes"), last=True)
        else:
            self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        path = self.path.partition("?")[0]
        self._say(self.server.answered(Request(self.command, path, headers, body)))

    def _say(self, answer: Answer, *, last: bool = False) -> None:
        body = answer.body()
        self.send_response(answer.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if last:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the relay logs what it does."""
