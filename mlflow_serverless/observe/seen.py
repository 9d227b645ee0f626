"""What was seen of two versions, cell by cell of time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from mlflow_serverless.observe.histogram import Histogram, merged
from mlflow_serverless.plan import Ringing


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one version did in one stretch of time; None is: not reported."""

    requests: int = 0
    """Answers given to callers."""
    shadowed: int = 0
    """Answers given beside those served, to nobody."""
    failures: int = 0
    """5xx, of both."""
    refusals: int = 0
    """4xx, of both."""
    statuses: Mapping[str, int] = field(default_factory=dict)
    """Failures and refusals by status."""
    warm: Histogram | None = None
    """Time in our code, of answers in a warm environment [µs]."""
    cold: Histogram | None = None
    """The same with the start of the environment, of its first answer [µs]."""
    outputs: Mapping[str, int] | None = None
    """Predictions by label, or by bucket of the score."""
    compared: int | None = None
    """Predictions held against the ones served."""
    disagreed: int | None = None
    classes: Mapping[str, tuple[int, int]] | None = None
    """By served label: predictions held against it, and those that differ."""
    distance: float | None = None
    """Largest difference of a score to the one that was served."""
    throttles: int | None = None
    memory_used: float | None = None
    """Most memory used, as part of the limit."""

    @property
    def answers(self) -> int:
        """All that it ran, for callers and beside them."""
        return self.requests + self.shadowed


@dataclass(frozen=True, slots=True)
class Cell:
    """Both versions in the same short time, in which the world is taken as steady."""

    start: float
    """Seconds since the epoch."""
    baseline: Seen
    candidate: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which time is looked at, and how finely."""

    since: float
    """Seconds since the epoch."""
    until: float
    """Seconds since the epoch; exclusive."""
    cell_s: float = 60.0
    """Length of a cell [s]."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Both versions over the same window."""

    baseline: str
    candidate: str
    window: Window
    cells: tuple[Cell, ...] = ()
    """In order of time; stretches in which nothing was seen have none."""
    ringing: tuple[Ringing, ...] = ()
    """Alarms of the cloud's own."""

    @cached_property
    def theirs(self) -> Seen:
        """All that was counted of the baseline; distributions are in the cells."""
        return counted(cell.baseline for cell in self.cells)

    @cached_property
    def ours(self) -> Seen:
        """All that was counted of the candidate; distributions are in the cells."""
        return counted(cell.candidate for cell in self.cells)

    def since(self, start: float) -> tuple[Cell, ...]:
        """Cells that begin at *start* or later; seconds since the epoch."""
        return tuple(cell for cell in self.cells if cell.start >= start)


def together(parts: Iterable[Seen]) -> Seen:
    """Stretches of time as one; what no part reported stays missing."""
    all_ = list(parts)
    return replace(
        counted(all_),
        warm=merged(p.warm for p in all_),
        cold=merged(p.cold for p in all_),
        outputs=_summed(p.outputs for p in all_),
    )


def counted(parts: Iterable[Seen]) -> Seen:
    """The same without distributions, which take longer to add up."""
    all_ = list(parts)
    statuses: Counter[str] = Counter()
    for part in all_:
        if part.statuses:
            statuses.update(part.statuses)
    return Seen(
        requests=sum(p.requests for p in all_),
        shadowed=sum(p.shadowed for p in all_),
        failures=sum(p.failures for p in all_),
        refusals=sum(p.refusals for p in all_),
        statuses=dict(statuses),
        compared=_added(p.compared for p in all_),
        disagreed=_added(p.disagreed for p in all_),
        classes=by_class(p.classes for p in all_),
        distance=_most(p.distance for p in all_),
        throttles=_added(p.throttles for p in all_),
        memory_used=_most(p.memory_used for p in all_),
    )


def by_class(
    tables: Iterable[Mapping[str, tuple[int, int]] | None],
) -> Mapping[str, tuple[int, int]] | None:
    """Rows by label, and those that differ, added up; None if none were told."""
    total: dict[str, tuple[int, int]] = {}
    for table in filter(None, tables):
        for label, (rows, differ) in table.items():
            before = total.get(label, (0, 0))
            total[label] = before[0] + rows, before[1] + differ
    return total or None


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _added(counts: Iterable[int | None]) -> int | None:
    there = [count for count in counts if count is not None]
    return sum(there) if there else None


def _summed(tables: Iterable[Mapping[str, int] | None]) -> Mapping[str, int] | None:
    there = [table for table in tables if table is not None]
    if not there:
        return None
    total: Counter[str] = Counter()
    for table in there:
        total.update(table)
    return dict(total)
