"""Waiting for what happens in other processes."""

import time
from collections.abc import Callable
from pathlib import Path

from mlflow_serverless.local import status


def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until *true*; an AssertionError after *seconds*."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.005)


def phases(root: Path, name: str) -> set[str]:
    """What a function's environments in the embedded cloud do now."""
    found = status(root)
    return {e.phase for e in found.environments if e.name == name} if found else set()
