"""Protocols for all that is outside; `wiring` builds the real ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import Actual, Step
from mlflow_serverless.store import ContentStore


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> datetime:
        """The present, with a time zone."""
        ...


class Tell(Protocol):
    """Where events go; a reporter renders them."""

    def __call__(self, event: str, /, **fields: object) -> None:
        """Report *event* (`convert.done`) with its fields."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an invocation gave back."""

    payload: bytes
    version: str
    """The version that answered."""
    error: str | None = None
    """Lambda's FunctionError (`Unhandled`) when the function failed; else None."""
    status: int = 200
    log: str = ""
    """Tail of the environment's log for this request."""
    cold: bool = False
    duration_ms: float = 0.0
    init_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a function's log."""

    at: datetime
    version: str
    environment: str
    """Which execution environment wrote it."""
    text: str


class Control(Protocol):
    """Look at deployments, and change them one step at a time."""

    def names(self) -> tuple[str, ...]:
        """Deployments of ours, sorted; all of them."""
        ...

    def snapshot(self, name: str) -> Actual:
        """What is there now under *name*; empty parts where nothing is."""
        ...

    def perform(self, step: Step) -> None:
        """
        Take one step; taking it again when it is done already changes nothing.

        Raises:
            ServerlessError: With what happened and what to do; nothing half-made.
        """
        ...


class Artifacts(Protocol):
    """Where bundles are put so that functions can be made from them."""

    def put(self, bundle: Bundle) -> str:
        """Keep *bundle*; the returned address goes into `Function.artifact`."""
        ...


class Invoker(Protocol):
    """Call a deployment."""

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        """
        Call *name* at *qualifier* (an alias or a version) and wait.

        Raises:
            ServerlessError: No such function or version, payload too large,
                throttled, or the cloud is out of reach.
        """
        ...


class Logbook(Protocol):
    """What functions have said."""

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        """Lines in order of time, oldest first."""
        ...

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        """One mapping a request: the runtime's embedded metric lines, parsed."""
        ...


class Cloud(Control, Artifacts, Invoker, Logbook, Protocol):
    """One place to deploy to: AWS, or the embedded cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a story needs from outside."""

    target: str
    """As typed: `lambda:/local`."""
    cloud: Cloud
    store: ContentStore
    """Keeps the work that is addressed by content."""
    downloads: Path
    """Where models are kept."""
    tell: Tell
