"""As much of a cloud as moving traffic takes."""

from typing import Protocol

from mlflow_serverless.plan import Actual, Resource, Step
from mlflow_serverless.world import Logbook


class Roads(Logbook, Protocol):
    """What drivers go by; every `world.Cloud` is one."""

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        """See `world.Control`."""
        ...

    def perform(self, step: Step) -> None:
        """See `world.Control`."""
        ...
