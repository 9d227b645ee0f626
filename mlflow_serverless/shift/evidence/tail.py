"""The slow end of two versions: how many requests lie beyond their common p95."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlflow_serverless.observe.histogram import added
from mlflow_serverless.shift.evidence.steady import Score
from mlflow_serverless.shift.evidence.strata import Stratum, in_turn

_Group = tuple[Stratum, ...]

_WIDE = 200
"""Requests of each side whose common p95 is the limit: of fewer, it is little more than
the slowest of them. Groups within keep their own sums."""


@dataclass(frozen=True, slots=True)
class Tail:
    """One group's slow end."""

    score: Score
    """Of the candidate's share beyond the limit less the baseline's."""
    beyond: int
    """Requests of either."""


def tails(
    grouped: Sequence[_Group], back: int, *, at_least: bool = False
) -> list[Tail]:
    """
    Each group's requests beyond the p95 of both versions around that time.

    Args:
        grouped: Groups in order of time.
        back: By how many buckets the candidate is moved before it is compared.
        at_least: Whether requests of just the p95 count, too.
    """
    sizes = [sum(min(stratum.sizes) for stratum in group) for group in grouped]
    found: list[Tail] = []
    for window in in_turn(grouped, sizes, least=_WIDE):
        limit = _limit(window, back) - at_least
        found += [_tail(group, limit, back) for group in window]
    return found


@lru_cache(maxsize=4_096)
def _limit(window: tuple[_Group, ...], back: int) -> int:
    """The first bucket that holds 95 % of all, the candidate moved back."""
    every = [stratum for group in window for stratum in group]
    ours = [stratum.candidate.arrays for stratum in every]
    moved = [(keys - back, counts) for keys, counts in ours]
    keys, counts = added([*moved, *(stratum.baseline.arrays for stratum in every)])
    reached = np.cumsum(counts) / counts.sum()
    return int(keys[np.searchsorted(reached, 0.95)])


@lru_cache(maxsize=8_192)
def _tail(group: _Group, limit: int, back: int) -> Tail:
    """Mantel-Haenszel's sum of the shares beyond *limit*."""
    total = variance = information = 0.0
    beyond = 0
    for stratum in group:
        n, m = stratum.sizes
        a = stratum.candidate.above(limit + back)
        b = stratum.baseline.above(limit)
        both, size = a + b, n + m
        total += (a * m - b * n) / size
        variance += n * m * both * (size - both) / (size**2 * (size - 1))
        information += n * m / size
        beyond += both
    return Tail(Score(total, variance, information), beyond)
