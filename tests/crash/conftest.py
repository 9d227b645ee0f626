"""Processes that may be killed, and a root that is looked after."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlflow_serverless.local import stop

REPOSITORY = Path(__file__).parents[2]
WORKER = Path(__file__).parent / "worker.py"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def root(tmp_path) -> Iterator[Path]:
    """A folder for one embedded cloud; whatever runs for it is ended."""
    yield tmp_path / "root"
    stop(tmp_path / "root")


@pytest.fixture
def start(root) -> Iterator[Start]:
    """Start `worker.py ROOT …` in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: object) -> "subprocess.Popen[str]":
        command = [sys.executable, str(WORKER), str(root), *map(str, words)]
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()
