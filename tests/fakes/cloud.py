"""A cloud in memory, held to the conformance suite's control laws."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count

from mlflow_serverless.local.route import Target, choose
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import Actual, CreateFunction, Fresh, Step, after
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
        self._answer = answer
        self._numbers = count(1)
        self._revisions = count(1)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(n for n, have in self.world.items() if have.function))

    def snapshot(self, name: str) -> Actual:
        return self.world.get(name, Actual(name=name))

    def perform(self, step: Step) -> None:
        name = step.function.name if isinstance(step, CreateFunction) else step.name
        fresh = Fresh(
            number=str(next(self._numbers)),
            revision=f"revision-{next(self._revisions)}",
            created=datetime(2026, 11, 1, tzinfo=UTC).isoformat(),
        )
        self.world[name] = after(step, self.snapshot(name), fresh)
        self.performed.append(step)

    def put(self, bundle: Bundle) -> str:
        self.bundles[bundle.digest] = bundle
        return bundle.digest

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        target = choose(self.snapshot(name), qualifier, 0.0)
        return Reply(payload=self._answer(target, payload), version=target.version)

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        return iter(())

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        return iter(())
