"""A Lambda Runtime API of raw sockets, made to time one environment."""

from __future__ import annotations

import socket
import statistics
import subprocess
import time
from collections.abc import Sequence


class Timed:
    """Starts a runtime process and times its answers, `next` sent to answer received."""

    arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    """As invoked."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        port = self.listener.getsockname()[1]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                "AWS_LAMBDA_FUNCTION_NAME": "bench",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
                "AWS_REGION": "us-east-1",
                "ORT_DISABLE_TELEMETRY": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            stdout=subprocess.DEVNULL,
        )
        self._connect()
        self._read()
        self.ready_ms = (time.perf_counter() - began) * 1e3
        self.count = 0

    def _connect(self) -> None:
        self.link, _ = self.listener.accept()
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link.settimeout(60)
        self.kept = b""

    def _read(self) -> tuple[bytes, bytes]:
        """One request of the runtime: its first line and its body."""
        data = self.kept
        while b"\r\n\r\n" not in data:
            piece = self.link.recv(1 << 20)
            if not piece:
                self._connect()
                data = b""
                continue
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            while not body.endswith(b"0\r\n\r\n"):
                body += self.link.recv(1 << 20)
            self.kept = b""
            return head, body
        size = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        parts, got = [body], len(body)
        while got < size:
            parts.append(self.link.recv(1 << 20))
            got += len(parts[-1])
        body = b"".join(parts)
        self.kept = body[size:]
        return head, body[:size]

    def ask(self, event: bytes) -> tuple[bytes, float]:
        """The answer to *event*, and how long it took [us]."""
        return self.ask_at(event, None)

    def ask_at(self, event: bytes, arrival: float | None) -> tuple[bytes, float]:
        """The same, counted from when it arrived, by `time.perf_counter`."""
        self.count += 1
        deadline = int((time.time() + 60) * 1e3)
        head = (
            b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r%d\r\n"
            b"Lambda-Runtime-Deadline-Ms: %d\r\nLambda-Runtime-Invoked-Function-Arn: %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (self.count, deadline, self.arn.encode(), len(event))
        )
        began = time.perf_counter() if arrival is None else arrival
        self.link.sendall(head + event)
        _, body = self._read()
        took = (time.perf_counter() - began) * 1e6
        self.link.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        self._read()
        return body, took

    def median_us(self, event: bytes, rounds: int) -> float:
        """Median of *rounds* answers [us], after a warm-up."""
        for _ in range(max(5, rounds // 10)):
            self.ask(event)
        return statistics.median(self.ask(event)[1] for _ in range(rounds))

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        self.listener.close()
