"""Cells of time joined until both versions are in each, then into groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import merged

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """
    Latencies of both versions in the same time.

    Each is but once there, so that what was computed of it is found without comparing.
    """

    candidate: Histogram
    baseline: Histogram
    sizes: tuple[int, int] = field(init=False)
    """How many values the candidate has, and the baseline."""

    def __post_init__(self) -> None:
        """Count once; it is asked often."""
        sizes = self.candidate.total, self.baseline.total
        object.__setattr__(self, "sizes", sizes)


def strata(
    pairs: Iterable[tuple[Histogram | None, Histogram | None]],
    *,
    candidate: int = 2,
    baseline: int = 2,
) -> tuple[Stratum, ...]:
    """
    Join successive *pairs* until each side has enough; what is left over waits.

    Where one ends depends on counts alone, never on the values counted.

    Args:
        pairs: Latencies of candidate and baseline in each cell, in order of time.
        candidate: How many values the candidate must have.
        baseline: How many the baseline must have.
    """
    return _strata(tuple(pairs), candidate, baseline)


@lru_cache(maxsize=8)
def _strata(
    pairs: tuple[tuple[Histogram | None, Histogram | None], ...],
    candidate: int,
    baseline: int,
) -> tuple[Stratum, ...]:
    """Several checks of one look ask for the same."""
    found: list[Stratum] = []
    ours: list[Histogram] = []
    theirs: list[Histogram] = []
    n = m = 0
    for one, other in pairs:
        if one is not None:
            ours.append(one)
            n += one.total
        if other is not None:
            theirs.append(other)
            m += other.total
        if n >= candidate and m >= baseline:
            found.append(_joined(tuple(ours), tuple(theirs)))
            ours, theirs, n, m = [], [], 0, 0
    return tuple(found)


def groups(
    found: Sequence[Stratum], *, least: int, most: int
) -> list[tuple[Stratum, ...]]:
    """
    Successive strata together: *least* values of each side, *most* groups.

    Groups, not requests, are what is taken as independent: requests that follow one
    another share an environment, a burst, a noisy neighbour. Their size doubles when
    there are too many, so that between looks most stay what they were.
    """
    smaller = [min(stratum.sizes) for stratum in found]
    enough, total = least, sum(smaller)
    while total > most * enough:
        enough *= 2
    return in_turn(found, smaller, least=enough)


def in_turn(
    items: Sequence[T], sizes: Sequence[int], *, least: int
) -> list[tuple[T, ...]]:
    """Successive *items* together until each lot's *sizes* come to *least*."""
    made: list[list[T]] = [[]]
    held = 0
    for item, size in zip(items, sizes, strict=True):
        made[-1].append(item)
        held += size
        if held >= least:
            made.append([])
            held = 0
    rest = made.pop()
    if rest and made:
        made[-1].extend(rest)
    elif rest:
        made.append(rest)
    return [tuple(lot) for lot in made]


@lru_cache(maxsize=8_192)
def _joined(
    candidate: tuple[Histogram, ...], baseline: tuple[Histogram, ...]
) -> Stratum:
    return Stratum(merged(candidate) or Histogram(), merged(baseline) or Histogram())
