"""A cloud in memory with metric lines, a clock, and ways to be interrupted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlflow_serverless.plan import (
    CreateFunction,
    Function,
    PointAlias,
    PublishVersion,
    ReplaceArtifact,
    Settings,
    Step,
    content_of,
)
from tests.fakes.memory_cloud import MemoryCloud

NAME, ALIAS = "fraud", "live"


class LostError(Exception):
    """What a driver sees when the network fails it."""


@dataclass
class RolloutCloud(MemoryCloud):
    """Says what functions reported, and loses what it is told to lose."""

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
        super().perform(step)
        if lose == "after":
            raise LostError

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


class TestClock:
    """A clock that is told the time."""

    __test__ = False

    def __init__(self, start: float = 1_763_764_411.25) -> None:
        self.at = start

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


def published(versions: int = 2, cloud: RolloutCloud | None = None) -> RolloutCloud:
    """A cloud with `fraud` in *versions* versions, all traffic on the first."""
    cloud = cloud or RolloutCloud()
    settings = Settings(memory_mb=512, timeout_s=30)
    for number in range(1, versions + 1):
        function = Function(name=NAME, artifact=f"sha256:{number}", settings=settings)
        if number == 1:
            cloud.perform(CreateFunction(function, ()))
        else:
            cloud.perform(ReplaceArtifact(NAME, function.artifact))
        cloud.perform(PublishVersion(NAME, content_of(function), ""))
        if number == 1:
            cloud.perform(PointAlias(NAME, ALIAS, content_of(function)))
    return cloud
