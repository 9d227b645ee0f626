"""Debian's docker-registry on a loopback port: the real thing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}", secret: test}}
{auth}
"""
_AUTH = "auth: {{htpasswd: {{realm: ecr, path: {folder}/htpasswd}}}}"


def program() -> str | None:
    """Where it is; None if it is not installed."""
    return shutil.which("docker-registry")


@contextmanager
def registry(folder: Path, *, htpasswd: str = "") -> Iterator[str]:
    """
    Its `host:port`, for the length of a `with`.

    Args:
        folder: Keeps what is pushed.
        htpasswd: A line `user:bcrypt`; empty lets everybody in.
    """
    port = _free_port()
    auth = ""
    if htpasswd:
        (folder / "htpasswd").write_text(f"{htpasswd}\n")
        auth = _AUTH.format(folder=folder)
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(folder=folder, port=port, auth=auth))
    process = subprocess.Popen(
        [str(program()), "serve", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"docker-registry ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("docker-registry does not listen")
