"""Warm requests: our loop, a careful Python handler, and HTTP servers."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import images, models
from benchmarks.bundles import bundle_of, runtime_command
from benchmarks.runtime_api import Timed
from benchmarks.table import Gate, Section

ROWS = (1, 32, 1000)
ROUNDS = {1: 2000, 32: 500, 1000: 100}


def event(rows: int) -> bytes:
    """A request of *rows* rows of 32 floats."""
    return json.dumps({"inputs": models.table(1000)[0][:rows].tolist()}).encode()


def run() -> Section:
    """Time every way of serving the same logistic regression."""
    import mlflow.sklearn
    from skl2onnx import to_onnx

    with tempfile.TemporaryDirectory() as folder:
        work, model = Path(folder), models.logistic()
        graph = to_onnx(model, models.table(1)[0], options={"zipmap": False})
        (work / "model.onnx").write_bytes(graph.SerializeToString())
        mlflow.sklearn.save_model(
            model, work / "mlflow", pip_requirements=["scikit-learn"],
            input_example=models.table(2)[0],
        )  # fmt: skip
        figures = {
            "lambda_runtime": _ours(bundle_of(model, work / "bundle")),
            "awslambdaric + python-onnxruntime": _slim(work / "model.onnx"),
        }
        with _mlflow_server(work / "mlflow") as port:
            figures["mlflow models serve"] = _http(port, "/invocations")
    return _section(figures)


def _ours(bundle: Path) -> dict[int, float]:
    command, environment = runtime_command(bundle)
    return _loop(command, environment)


def _slim(model: Path) -> dict[int, float]:
    handler = images.PEERS / "slim"
    environment = {**os.environ, "MODEL": str(model), "PYTHONPATH": str(handler)}
    command = [sys.executable, "-m", "awslambdaric", "handler.handle"]
    return _loop(command, environment)


def _loop(command, environment) -> dict[int, float]:
    timed = Timed(command, environment)
    try:
        return {rows: timed.median_us(event(rows), ROUNDS[rows]) for rows in ROWS}
    finally:
        timed.close()


@contextmanager
def _mlflow_server(model: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port),
         "--log-level", "warning", "mlflow.pyfunc.scoring_server.app:app"],
        env={**os.environ, "__pyfunc_model_path__": str(model)},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_listening(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _until_listening(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not listen")


def _http(port: int, path: str) -> dict[int, float]:
    link = http.client.HTTPConnection("127.0.0.1", port)
    link.connect()
    link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def once(body: bytes) -> float:
        began = time.perf_counter()
        link.request("POST", path, body, {"content-type": "application/json"})
        reply = link.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise RuntimeError(text.decode())
        return (time.perf_counter() - began) * 1e6

    figures = {}
    for rows in ROWS:
        for _ in range(10):
            once(event(rows))
        count = ROUNDS[rows] // 2
        figures[rows] = statistics.median(once(event(rows)) for _ in range(count))
    return figures


def _section(figures: dict[str, dict[int, float]]) -> Section:
    ours, slim, served = figures.values()
    gates = (
        Gate(
            "loop / awslambdaric + python-onnxruntime, 1 row",
            ours[1] / slim[1],
            0.6,
            0.45,
        ),
        Gate(
            "loop / awslambdaric + python-onnxruntime, 1000 rows",
            ours[1000] / slim[1000],
            0.3,
            0.12,
        ),
        Gate("loop / mlflow models serve, 1 row", ours[1] / served[1], 1 / 8, 1 / 20),
        Gate(
            "loop / mlflow models serve, 1000 rows",
            ours[1000] / served[1000],
            1 / 6,
            1 / 20,
        ),
    )
    rows = [
        [name, *(f"{by_rows[count]:.0f}" for count in ROWS)]
        for name, by_rows in figures.items()
    ]
    return Section(
        "Warm requests",
        "A logistic regression over 32 features, JSON in and out; median per request "
        "[us]. The loops are timed from handing out `next` to receiving the answer, the "
        "server over HTTP keep-alive on loopback: a Lambda function has no HTTP server "
        "of its own, which is a structural advantage.",
        ("", *(f"{count} rows" for count in ROWS)),
        rows,
        gates,
    )
