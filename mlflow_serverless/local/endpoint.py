"""Who and where the background process is: its lock, and what it announces.

Alive means that it holds its lock, which the kernel takes from the dead.
"""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import dataclass

from mlflow_serverless.local.layout import Layout

MODULE = "mlflow_serverless.local.daemon"
"""What the background process runs."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the endpoint file says."""

    port: int
    token: str
    pid: int
    fingerprint: str


def endpoint_of(layout: Layout) -> Endpoint:
    """Read the file; OSError, ValueError or TypeError if there is none to read."""
    return Endpoint(**json.loads(layout.endpoint.read_text()))


def alive(layout: Layout) -> bool:
    """Whether a process holds the lock."""
    try:
        handle = os.open(layout.lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def kill_holder(layout: Layout) -> None:
    """End the process that holds the lock; its environments end with it."""
    import psutil  # noqa: PLC0415 - commands that need not kill start without it

    with suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(layout.lock.read_text()))
        # The number could be another's by now.
        if MODULE in process.cmdline() and str(layout.root) in process.cmdline():
            process.kill()


def running(layout: Layout) -> Endpoint | None:
    """Where the process listens; None if there is none, or it is not ready yet."""
    if not alive(layout):
        return None
    try:
        return endpoint_of(layout)
    except (OSError, ValueError, TypeError):
        return None
