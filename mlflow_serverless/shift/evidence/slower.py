"""Is the candidate slower, beyond a tolerance: anywhere, or at the slow end?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import Counts, added, buckets_for, quantile
from mlflow_serverless.shift.evidence.steady import Score, against
from mlflow_serverless.shift.evidence.strata import Stratum, groups, strata
from mlflow_serverless.shift.evidence.tail import tails

Pair = tuple[Histogram | None, Histogram | None]

LEAST, MOST = 10, 256
"""Requests of each side that make a group, and how many groups there are at most."""

_FEWEST_BEYOND = 12
"""Requests beyond the limit below which nothing is said about the slow end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """What latencies say against the candidate."""

    everywhere: float = 0.0
    """Log e-value of the rank test."""
    at_the_end: float = 0.0
    """Log e-value of the share of requests beyond the common p95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The same latencies, in numbers that people know."""

    delta: float
    """Cliff's delta, -1..1: how much more often the candidate is the slower of two."""
    baseline_p95: float
    """[us]; of the baseline as if its requests had come when the candidate's did."""
    candidate_p95: float
    baseline_p50: float
    candidate_p50: float

    @property
    def ratio(self) -> float:
        """The candidate's p95 over the baseline's."""
        return self.candidate_p95 / self.baseline_p95


def slower(pairs: Iterable[Pair], *, tolerance: float = 0.05) -> Slower:
    """
    Compare latencies cell by cell, so that what the day does to both cancels out.

    Args:
        pairs: Warm latencies of candidate and baseline in each cell, in order of time.
        tolerance: By how much slower it may be [1]: its latencies are scaled down
            by it before they are compared.
    """
    found = strata(pairs)
    if not found:
        return Slower()
    grouped = groups(found, least=LEAST, most=MOST)
    back = buckets_for(1 + tolerance)
    return Slower(
        everywhere=against([_ranks(group, back) for group in grouped]),
        at_the_end=_at_the_end(grouped, back),
    )


def _at_the_end(grouped: Sequence[tuple[Stratum, ...]], back: int) -> float:
    scores = tails(grouped, back)
    enough = sum(tail.beyond for tail in scores) >= _FEWEST_BEYOND
    return against([tail.score for tail in scores]) if enough else 0.0


def compared(pairs: Iterable[Pair]) -> Compared | None:
    """Both versions' latencies, without tolerance; None if they never met."""
    found = strata(pairs)
    if not found:
        return None
    grouped = groups(found, least=LEAST, most=MOST)
    ours, theirs = zip(*map(_weighted, grouped), strict=True)
    keys, counts = added(ours)
    base_keys, base_counts = added(theirs)
    return Compared(
        delta=_delta(found),
        baseline_p95=quantile(base_keys, base_counts, 0.95),
        candidate_p95=quantile(keys, counts, 0.95),
        baseline_p50=quantile(base_keys, base_counts, 0.5),
        candidate_p50=quantile(keys, counts, 0.5),
    )


@lru_cache(maxsize=4_096)
def _weighted(group: tuple[Stratum, ...]) -> tuple[Counts, Counts]:
    """Candidate's and baseline's buckets, the latter as heavy as the former's."""
    ours = added([stratum.candidate.arrays for stratum in group])
    as_heavy = [
        (s.baseline.arrays[0], s.baseline.arrays[1] * (s.sizes[0] / s.sizes[1]))
        for s in group
    ]
    return ours, added(as_heavy)


@lru_cache(maxsize=4_096)
def _ranks(group: tuple[Stratum, ...], back: int) -> Score:
    """Van Elteren's sum of Mann-Whitney statistics, each as Cliff's delta."""
    total = variance = information = 0.0
    for stratum in group:
        n, m = stratum.sizes
        weight = 3 * n * m / (n + m + 1)
        delta, chance = _cliff(stratum, back)
        total += weight * delta
        variance += weight**2 * chance
        information += weight / 3
    return Score(total, variance, information)


def _delta(found: Sequence[Stratum]) -> float:
    weights = [n * m / (n + m + 1) for n, m in (s.sizes for s in found)]
    deltas = [_cliff(stratum, 0)[0] for stratum in found]
    return float(np.average(deltas, weights=weights))


@lru_cache(maxsize=8_192)
def _cliff(stratum: Stratum, back: int) -> tuple[float, float]:
    """Cliff's delta of the candidate moved *back* buckets, and its variance."""
    keys, ours = stratum.candidate.arrays
    their_keys, theirs = stratum.baseline.arrays
    n, m = stratum.sizes
    reached = stratum.baseline.reached
    below = reached[np.searchsorted(their_keys, keys - back, "left")]
    equal = reached[np.searchsorted(their_keys, keys - back, "right")] - below
    delta = float(ours @ (2 * below + equal)) / (n * m) - 1
    both, total = ours + equal, n + m
    alone = float((theirs**3).sum() - (equal**3).sum() + (both**3).sum())
    ties = (alone - total) / (total**3 - total)
    return delta, (total + 1) / (3 * n * m) * max(0.0, 1 - ties)
