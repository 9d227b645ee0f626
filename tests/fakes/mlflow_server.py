"""MLflow's own server, with webhooks that may call loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STARTING_S = 120


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """URL of a server that keeps everything in *folder*."""
    from cryptography.fernet import Fernet

    port = free_port()
    environ = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_CACHE_TTL": "1",
        "PYTHONWARNINGS": "ignore",
    }
    environ.pop("MLFLOW_TRACKING_URI", None)
    command = (
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"),
    )  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environ, stdout=log, stderr=log, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, process, folder)
        yield url
    finally:
        _end(process)


def _await(url, process, folder):
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError((folder / "server.log").read_text(errors="replace")[-2000:])


def _end(process):
    """The server's workers are of its group, and end with it."""
    import signal

    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
