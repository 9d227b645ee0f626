"""Where events are sent on to: GitHub, or a reconcile of our own."""

import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.github.client import GitHub
from mlflow_serverless.relay.event import Event
from mlflow_serverless.relay.handle import UnsentError

EVENT_TYPE = "mlflow-registry"
"""What a workflow listens for: `on: repository_dispatch: types: [mlflow-registry]`."""


def to_github(github: GitHub, event_type: str) -> Callable[[Event], None]:
    """Sends events on as a `repository_dispatch`."""

    def send(event: Event) -> None:
        try:
            github.dispatch(event_type, event.described())
        except ServerlessError as cause:
            raise UnsentError(cause.message) from cause

    return send


class Start(Protocol):
    """Runs one reconcile to its end."""

    def __call__(self, event: Event) -> None:
        """Run it; *event* is why."""
        ...


class Reconciler:
    """
    Runs reconciles one after another, as many as needed and no more.

    A reconcile reads everything anew, so all events that come while one runs are
    answered by one more after it.

    Args:
        start: Runs one.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._waiting: Event | None = None
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """See to it that a reconcile begins after now."""
        with self._lock:
            self._waiting = event
            if self._thread is None:
                self._thread = threading.Thread(target=self._run)
                self._thread.start()

    def finish(self) -> None:
        """Wait until nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                event, self._waiting = self._waiting, None
                if event is None:
                    self._thread = None
                    return
            self._start(event)


def by_command(command: Sequence[str], log: Callable[[str], None]) -> Start:
    """Runs `mlflow-serverless reconcile` as a process of its own."""

    def start(event: Event) -> None:
        said = json.dumps(event.described())
        done = subprocess.run(
            [*command, "--event", said], check=False, stdin=subprocess.DEVNULL
        )
        log(f"relay reconcile exit={done.returncode} delivery={event.id}")

    return start
