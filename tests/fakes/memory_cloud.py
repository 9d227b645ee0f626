"""A `Cloud` in memory: steps mean what `plan.after` says; functions are callables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Fresh,
    Packing,
    Place,
    Resource,
    Step,
    after,
    name_of,
)
from mlflow_serverless.plan.errors import NoSuchFunctionError, NoSuchVersionError
from mlflow_serverless.preflight import Facts
from mlflow_serverless.world import LogLine, Reply

Answer = Callable[[bytes], bytes]


@dataclass
class MemoryCloud:
    """What is deployed, and how functions answer."""

    answer: Answer = lambda _: b'{"predictions": []}'
    error: str | None = None
    """Lambda's FunctionError, if functions are to fail."""
    performed: list[Step] = field(default_factory=list)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(name, version, payload)."""
    die_after: int | None = None
    """How many steps are taken before the process is killed."""
    last: dict[str, int] = field(default_factory=dict)
    """The last version's number, by name; never given again."""
    state: dict[str, Actual] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    packings: list[Packing] = field(default_factory=list)
    where: Place | None = None
    """Where in AWS it pretends to be."""
    known: Facts = field(default_factory=Facts)
    surveyed: list[Desired] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(n for n, have in self.state.items() if have.function))

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        return self.state.get(name, Actual(name=name))

    def perform(self, step: Step) -> None:
        if self.die_after is not None and len(self.performed) >= self.die_after:
            raise KeyboardInterrupt
        name = name_of(step)
        have = self.snapshot(name)
        fresh = Fresh(
            number=str(self.last.get(name, 0) + 1),
            revision=str(len(self.performed) + 1),
            created=datetime.now(UTC).isoformat(),
        )
        made = self.state[name] = after(step, have, fresh)
        if made.version(fresh.number) is not None:
            self.last[name] = int(fresh.number)
        self.performed.append(step)

    def stage(self, bundle: Bundle, packing: Packing) -> str:
        self.bundles[bundle.digest] = bundle
        self.packings.append(packing)
        return bundle.digest

    def place(self) -> Place | None:
        return self.where

    def facts(self, want: Desired) -> Facts:
        self.surveyed.append(want)
        return replace(self.known, place=self.where)

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        have = self.snapshot(name)
        if have.function is None:
            raise NoSuchFunctionError(name)
        alias = have.alias(qualifier)
        number = alias.version if alias else qualifier
        if have.version(number) is None:
            raise NoSuchVersionError(name, qualifier)
        self.asked.append((name, number, payload))
        return Reply(payload=self.answer(payload), version=number, error=self.error)

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        return iter(self.lines)

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        return iter(())
