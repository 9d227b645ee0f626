"""A cloud in memory, held to the conformance suite's control laws."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count

from mlflow_serverless.local.route import Target, choose
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Actual,
    CreateFunction,
    Desired,
    Fresh,
    Packing,
    Place,
    ReplaceArtifact,
    Resource,
    Step,
    after,
    name_of,
)
from mlflow_serverless.plan.errors import ArtifactMissingError
from mlflow_serverless.preflight import Facts
from mlflow_serverless.world import LogLine, Reply


def echo(target: Target, payload: bytes) -> bytes:
    """Answer with what was asked."""
    return payload


class FakeCloud:
    """
    Deployments in a dict.

    Args:
        answer: What functions answer; they echo unless given.
    """

    def __init__(self, answer: Callable[[Target, bytes], bytes] = echo) -> None:
        self.world: dict[str, Actual] = {}
        self.bundles: dict[str, Bundle] = {}
        self.performed: list[Step] = []
        self.where: Place | None = None
        self._answer = answer
        self._numbers = count(1)
        self._revisions = count(1)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(n for n, have in self.world.items() if have.function))

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        return self.world.get(name, Actual(name=name))

    def perform(self, step: Step) -> None:
        name = name_of(step)
        fresh = Fresh(
            number=str(next(self._numbers)),
            revision=f"revision-{next(self._revisions)}",
            created=datetime(2026, 11, 1, tzinfo=UTC).isoformat(),
        )
        made = after(step, self.snapshot(name), fresh)
        self._see_artifact(step)
        self.world[name] = made
        self.performed.append(step)

    def _see_artifact(self, step: Step) -> None:
        """Functions are made of what is kept; what is staged can be kept."""
        have = self.snapshot(name_of(step))
        match step:
            case CreateFunction():
                artifact = step.function.artifact
            case ReplaceArtifact():
                artifact = step.artifact
            case _:
                return
        if artifact not in have.artifacts and not have.needs(artifact):
            raise ArtifactMissingError(have.name, artifact)

    def stage(self, bundle: Bundle, packing: Packing) -> str:
        self.bundles[bundle.digest] = bundle
        return bundle.digest

    def place(self) -> Place | None:
        return self.where

    def facts(self, want: Desired) -> Facts:
        return Facts(place=self.where)

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        target = choose(self.snapshot(name), qualifier, 0.0)
        return Reply(payload=self._answer(target, payload), version=target.version)

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        return iter(())

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        return iter(())
