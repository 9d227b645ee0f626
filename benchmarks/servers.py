"""HTTP servers that serve the same model: MLflow's, MLServer, BentoML.

Each peer has an environment of its own, made when it is first asked for and kept in
`MLFLOW_SERVERLESS_BENCH_CACHE` (default: the user's cache folder).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.runtime_api import Connection, started

CACHE = Path(
    os.environ.get("MLFLOW_SERVERLESS_BENCH_CACHE")
    or Path.home() / ".cache/mlflow-serverless/peers"
)
PACKAGES = {
    "mlserver": ("mlserver==1.7.1", "mlserver-sklearn==1.7.1"),
    "bentoml": ("bentoml==1.4.39", "onnxruntime", "numpy"),
}
"""Of each peer; the library the model was made with comes beside them."""

BENTO = """
import bentoml, numpy as np, onnxruntime as ort
from pathlib import Path

@bentoml.service(workers=1)
class Model:
    def __init__(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(Path(__file__).parent / "model.onnx", options)
        self.first = self.session.get_inputs()[0].name
        self.last = self.session.get_outputs()[-1].name

    @bentoml.api
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        rows = inputs.astype("f4", copy=False)
        return self.session.run([self.last], {self.first: rows})[0]
"""


@dataclass(frozen=True, slots=True)
class Server:
    """How one is started, and asked."""

    name: str
    command: Sequence[str]
    path: str
    folder: Path
    port: int
    body: Callable[[list], bytes]
    """Its request for rows of numbers."""
    environment: Mapping[str, str] = field(default_factory=dict)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment_of(peer: str) -> Path:
    """Python of *peer*'s environment, made if it is not there yet."""
    python = f"{platform.python_version()}-{platform.machine()}"
    folder = CACHE / f"{peer}-{python}"
    done = folder / "complete"
    packages = (*PACKAGES[peer], f"scikit-learn=={version('scikit-learn')}")
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv")
        if uv:
            _run([uv, "venv", "-q", "-p", sys.executable, str(folder)])
            _run(
                [
                    uv,
                    "pip",
                    "install",
                    "-q",
                    "-p",
                    str(folder / "bin/python"),
                    *packages,
                ]
            )
        else:
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(folder / "bin/pip"), "install", "-q", *packages])
        done.write_text("\n".join(packages))
    return folder / "bin/python"


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True)


def plain(rows: list) -> bytes:
    """The request that MLflow and BentoML take, and we."""
    return json.dumps({"inputs": rows}).encode()


def mlflow(model: Path) -> Server:
    """`mlflow models serve`, as it starts its server."""
    port = free_port()
    command = (
        sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "warning", "mlflow.pyfunc.scoring_server.app:app",
    )  # fmt: skip
    return Server(
        "mlflow models serve", command, "/invocations", model, port, plain,
        {"__pyfunc_model_path__": str(model)},
    )  # fmt: skip


def mlserver(work: Path, estimator) -> Server:
    """MLServer with its scikit-learn runtime, in one process."""
    import joblib

    work.mkdir()
    joblib.dump(estimator, work / "model.joblib")
    ports = free_port(), free_port(), free_port()
    settings = {
        "parallel_workers": 0, "debug": False, "host": "127.0.0.1",
        "http_port": ports[0], "grpc_port": ports[1], "metrics_port": ports[2],
    }  # fmt: skip
    model = {
        "name": "lr", "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib"},
    }  # fmt: skip
    (work / "settings.json").write_text(json.dumps(settings))
    (work / "model-settings.json").write_text(json.dumps(model))
    command = (str(environment_of("mlserver").parent / "mlserver"), "start", str(work))
    return Server("MLServer", command, "/v2/models/lr/infer", work, ports[0], _tensors)


def _tensors(rows: list) -> bytes:
    tensor = {
        "name": "inputs", "shape": [len(rows), len(rows[0])], "datatype": "FP32",
        "data": [cell for row in rows for cell in row],
    }  # fmt: skip
    outputs = [{"name": "predict_proba"}]
    return json.dumps({"inputs": [tensor], "outputs": outputs}).encode()


def bentoml(work: Path, graph: Path) -> Server:
    """BentoML with python onnxruntime, one worker."""
    work.mkdir()
    shutil.copy(graph, work / "model.onnx")
    (work / "service.py").write_text(BENTO)
    port = free_port()
    command = (
        str(environment_of("bentoml").parent / "bentoml"), "serve", "service:Model",
        "--working-dir", str(work), "--host", "127.0.0.1", "--port", str(port),
    )  # fmt: skip
    quiet = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(work / "home")}
    return Server(
        "BentoML + onnxruntime", command, "/predict", work, port, plain, quiet
    )


class Served:
    """A server that runs, asked over one kept connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.process = started(
            server.command,
            {**os.environ, "OPENBLAS_NUM_THREADS": "1", **server.environment},
            cwd=server.folder, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._link = Connection(self._listening())

    def _listening(self) -> socket.socket:
        for _ in range(1200):
            try:
                return socket.create_connection(("127.0.0.1", self._server.port))
            except ConnectionRefusedError:
                time.sleep(0.1)
            if self.process.poll() is not None:
                raise RuntimeError(f"{self._server.name} ended")
        raise TimeoutError(f"{self._server.name} does not listen")

    def ask(self, rows: list) -> tuple[bytes, float]:
        """The answer for *rows*, and how long it took [us]."""
        body = self._server.body(rows)
        message = (
            b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % (self._server.path.encode(), len(body))
        ) + body
        try:
            head, answer, took = self._timed(message)
        except (EOFError, ConnectionError):  # idle connections are closed by servers
            self._link.close()
            self._link = Connection(self._listening())
            head, answer, took = self._timed(message)
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"{self._server.name}: {head!r} {answer!r}")
        return answer, took

    def _timed(self, message: bytes) -> tuple[bytes, bytes, float]:
        link, clock = self._link, time.perf_counter
        began = clock()
        link.send(message)
        head, answer = link.read()
        return head, answer, (clock() - began) * 1e6

    def close(self) -> None:
        """End it, and what it has started."""
        self._link.close()
        os.killpg(self.process.pid, 9)
        self.process.wait()
