"""Waiting for what happens in other processes."""

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until *true*; an AssertionError after *seconds*."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.005)
