"""The embedded cloud: the same versions, aliases and weights, on this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.local import bundles
from mlflow_serverless.local.client import Client
from mlflow_serverless.local.journal import Journal
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.local.ledger import Ledger
from mlflow_serverless.local.offer import check_offered
from mlflow_serverless.local.setup import Setup
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Actual,
    CreateFunction,
    Desired,
    Fresh,
    Packing,
    PutArtifact,
    RemoveArtifact,
    ReplaceArtifact,
    Resource,
    Step,
    after,
    name_of,
)
from mlflow_serverless.plan.errors import NoSuchFunctionError, PayloadTooLargeError
from mlflow_serverless.plan.rules import check_function_name
from mlflow_serverless.preflight import Facts
from mlflow_serverless.world import LogLine, Reply

UNUSED = Fresh(number="", revision="", created="")
"""For steps that give nothing a number, a revision or a time."""


class LocalCloud:
    """
    A `Cloud` whose state is a folder and whose functions are processes.

    Any number of these may use one folder at once, in any number of processes.

    Args:
        root: The folder; made when first written to.
        setup: How functions are run.
    """

    def __init__(self, root: Path, *, setup: Setup | None = None) -> None:
        self.root = root.absolute()
        self._layout = Layout(self.root)
        self._ledger = Ledger(self._layout.state)
        self._journal = Journal(self._layout.journal)
        self._client = Client(self._layout, setup or Setup())
        self._staged: dict[str, Bundle] = {}

    def names(self) -> tuple[str, ...]:
        """See `world.Control`."""
        return self._ledger.names() if self._layout.state.exists() else ()

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:  # noqa: ARG002 - nothing stands around a function here
        """See `world.Control`; what artifacts are kept is swept by itself."""
        if not self._layout.state.exists():
            return Actual(name=name)
        return self._ledger.look(name)

    def perform(self, step: Step) -> None:
        """See `world.Control`; one step is one transaction."""
        name = name_of(step)
        check_function_name(name)
        check_offered(step)
        match step:
            case PutArtifact():
                self._keep(step.artifact)
                return
            case RemoveArtifact():
                after(step, self.snapshot(name), UNUSED)  # what is needed stays
                return
            case CreateFunction():
                bundles.find(self._layout, step.function.artifact)
            case ReplaceArtifact():
                bundles.find(self._layout, step.artifact)
            case _:
                pass
        self._ledger.change(name, lambda have, fresh: after(step, have, fresh))

    def stage(self, bundle: Bundle, packing: Packing) -> str:  # noqa: ARG002 - bundles are run as they are
        """See `world.Artifacts`; an artifact here is the bundle itself."""
        self._staged[bundle.digest] = bundle
        return bundle.digest

    def _keep(self, address: str) -> None:
        bundle = self._staged.get(address)
        if bundle is None:
            bundles.find(self._layout, address)
        else:
            bundles.keep(self._layout, bundle)

    @staticmethod
    def place() -> None:
        """See `world.Surveyor`."""

    @staticmethod
    def facts(want: Desired) -> Facts:  # noqa: ARG004 - this machine refuses while it acts
        """See `world.Surveyor`; nothing beyond this machine has to be known."""
        return Facts()

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        """See `world.Invoker`."""
        check_function_name(name)
        if len(payload) > SYNC_PAYLOAD_BYTES:
            raise PayloadTooLargeError(len(payload))
        if not self._layout.state.exists():
            raise NoSuchFunctionError(name)
        message = {"op": "invoke", "name": name, "qualifier": qualifier}
        answer, data = self._client.call(message, payload)
        return Reply(payload=data, **answer)

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        """See `world.Logbook`."""
        self._client.ask_if_running({"op": "sync"})
        return self._journal.lines(name, since)

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        """See `world.Logbook`."""
        self._client.ask_if_running({"op": "sync"})
        return self._journal.metrics(name, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStatus:
    """One execution environment that lives."""

    name: str
    version: str
    phase: str
    pid: int | None
    memory_mb: int
    """Most that it has used so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The background process, if there is one."""

    pid: int
    idle_s: float
    """Since the last request."""
    environments: tuple[EnvironmentStatus, ...]


def status(root: Path) -> Status | None:
    """What runs for *root* now; None if nothing does."""
    found = Client(Layout(root.absolute()), Setup()).ask_if_running({"op": "status"})
    if found is None:
        return None
    return Status(
        pid=found["pid"],
        idle_s=found["idle_s"],
        environments=tuple(EnvironmentStatus(**e) for e in found["environments"]),
    )


def stop(root: Path) -> bool:
    """End whatever runs for *root*; False if nothing did."""
    return Client(Layout(root.absolute()), Setup()).stop()
