"""A cloud in memory with metric lines, a clock, and ways to be interrupted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlflow_serverless.plan import (
    Actual,
    CreateFunction,
    Function,
    PointAlias,
    PublishVersion,
    ReplaceArtifact,
    Resource,
    Settings,
    Step,
    content_of,
)
from mlflow_serverless.world import Cloud
from tests.fakes.memory_cloud import MemoryCloud

NAME, ALIAS = "fraud", "live"


class LostError(Exception):
    """What a driver sees when the network fails it."""


@dataclass
class Interruptible:
    """Says what functions reported, and loses what it is told to lose; a mixin."""

    performed: list[Step] = field(default_factory=list)
    told: list[dict[str, object]] = field(default_factory=list)
    """Metric lines."""
    lose: str = ""
    """`before`: the next step is not taken; `after`: it is, unheard; `killed`: the
    process ends first."""
    meanwhile: Callable[[], object] | None = None
    """What others do just before the next step is taken."""

    def perform(self, step: Step) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        lose, self.lose = self.lose, ""
        if lose == "killed":
            raise KeyboardInterrupt
        if lose == "before":
            raise LostError
        self.taken(step)
        if lose == "after":
            raise LostError

    def taken(self, step: Step) -> None:
        super().perform(step)

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        start = since.timestamp() * 1000 if since else 0.0
        return iter([line for line in self.told if line["_aws"]["Timestamp"] >= start])

    def tell(self, at: float, version: str, count: int = 1, **fields: object) -> None:
        """*count* lines of *version* at that time."""
        line = {
            "_aws": {"Timestamp": round(1000 * at)},
            "FunctionVersion": version,
            "Status": 200,
            "HandleUs": 10_000,
            "Cold": False,
            **fields,
        }
        self.told += [line] * count


@dataclass
class RolloutCloud(Interruptible, MemoryCloud):
    """All of it in memory."""


@dataclass
class Over(Interruptible):
    """The same over a cloud that keeps versions and aliases somewhere else."""

    cloud: Cloud | None = None

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        return self.cloud.snapshot(name, wanted=wanted)

    def taken(self, step: Step) -> None:
        self.cloud.perform(step)
        self.performed.append(step)


class TestClock:
    """A clock that is told the time."""

    __test__ = False

    def __init__(self, start: float = 1_763_764_411.25) -> None:
        self.at = start

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


def published(
    versions: int = 2,
    cloud: Interruptible | None = None,
    *,
    name: str = NAME,
    artifact: Callable[[int], str] = "sha256:{}".format,
    settings: Settings | None = None,
) -> Interruptible:
    """A cloud with *name* in *versions* versions, all traffic on the first."""
    cloud = RolloutCloud() if cloud is None else cloud
    settings = settings or Settings(memory_mb=512, timeout_s=30)
    for number in range(1, versions + 1):
        function = Function(name=name, artifact=artifact(number), settings=settings)
        if number == 1:
            cloud.perform(CreateFunction(function, ()))
        else:
            cloud.perform(
                ReplaceArtifact(name, function.artifact, settings.architecture)
            )
        cloud.perform(PublishVersion(name, content_of(function), ""))
        if number == 1:
            cloud.perform(PointAlias(name, ALIAS, content_of(function)))
    return cloud
