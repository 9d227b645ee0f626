"""Protocols for all that is outside; `wiring` builds the real ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from mlflow_serverless.lineage.cause import Cause
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Packing,
    Place,
    Resource,
    Ringing,
    Step,
)
from mlflow_serverless.preflight import Facts
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

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        """
        What is there now under *name*; empty parts where nothing is.

        Args:
            name: The deployment's.
            wanted: Looked for too, beside what has the deployment's own names: what
                has these names already is ours, or `foreign`.
        """
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

    def stage(self, bundle: Bundle, packing: Packing) -> str:
        """
        Make of *bundle* what can be kept, with work on this machine only.

        The returned address goes into `Function.artifact`. It is final text (a digest)
        and the same for the same bundle and packing. `PutArtifact` then brings it, and
        the model where `packing.model_url` says, to where the cloud finds it; that
        step is done already where it is kept.
        """
        ...


class Surveyor(Protocol):
    """What must be known before anything is built or changed."""

    def place(self) -> Place | None:
        """
        Where in AWS this is; None for a cloud that is not there.

        Raises:
            ServerlessError: There are no credentials, no region, or they do not work.
        """
        ...

    def facts(self, want: Desired) -> Facts:
        """What preflight holds *want* against; what cannot be known is left out."""
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


class Doors(Protocol):
    """What leads callers to deployments over HTTP."""

    def sign(self, url: str, payload: bytes) -> Mapping[str, str]:
        """
        Headers by which a POST of *payload* (JSON) to *url* is let in.

        None for a URL that is not the cloud's own: whoever is there has no business
        with our credentials.
        """
        ...

    def pauses(self) -> Iterator[float]:
        """How long to wait, again and again, until a change is known everywhere [s]."""
        ...


class Logbook(Protocol):
    """What functions have said."""

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        """Lines in order of time, oldest first."""
        ...

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        """
        One mapping a request: the runtime's embedded metric lines, parsed.

        Of requests that ended before it could write one, what the cloud says of them.
        """
        ...


@runtime_checkable
class Alarms(Protocol):
    """A cloud that watches by itself, too; not every one does."""

    def ringing(self, name: str) -> tuple[Ringing, ...]:
        """
        Alarms of the deployment *name* that say something is wrong, now.

        Raises:
            ServerlessError: They cannot be asked.
        """
        ...


class Cloud(Control, Artifacts, Surveyor, Invoker, Logbook, Protocol):
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
    doors: Doors | None = None
    """None where nothing leads in over HTTP."""
    cause: Cause = field(default_factory=Cause)
    """On whose behalf all this is done."""
    rollouts: Path | None = None
    """Where looks at rollouts are kept; only in memory if None."""
    controller: Callable[[Packing], str] | None = None
    """Makes the image of what drives rollouts in the account, on this machine; its
    address as of `Artifacts.stage`. None where nothing can."""

    def where(self) -> str:
        """
        Where this is, in the same words however the target was typed.

        Raises:
            ServerlessError: Nothing says so, as of `Surveyor.place`.
        """
        place = self.cloud.place()
        return str(place) if place else self.target
