"""Is the candidate far slower: beyond a multiple of what the baseline took then?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import bucket_of
from mlflow_serverless.shift.evidence.limit import CAP, Count, beyond
from mlflow_serverless.shift.evidence.strata import Stratum, strata

Pair = tuple[Histogram | None, Histogram | None]

_FEWEST = 20
"""Answers of the baseline from which its p95 is known."""

_SHARE = 0.2
"""Share of requests beyond a multiple of the baseline's p95: nothing that is like the
baseline comes near it, so that a few requests tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """How many of the candidate's answers took far longer."""

    log_e: float
    slow: int
    total: int


def far(pairs: Sequence[Pair], *, ratio: float) -> Far | None:
    """
    Hold each stretch of time against a multiple of the baseline's p95 in it.

    If both versions are slow at once, neither is far slower. Since the baseline was
    heard last, its highest p95 is what counts.

    Args:
        pairs: Warm latencies of candidate and baseline in each cell, in order of time.
        ratio: The multiple [1].

    Returns:
        What was found; None while the baseline's p95 is not known.
    """
    found = strata(pairs, candidate=1, baseline=_FEWEST)
    if not found:
        return None
    highest = max(_p95(stratum) for stratum in found)
    counts = [_slow(stratum, ratio) for stratum in found]
    counts += [_beyond(alone, ratio * highest) for alone in _without_baseline(pairs)]
    slow, total = (sum(column) for column in zip(*counts, strict=True))
    return Far(log_e=beyond(counts, _SHARE, most=CAP), slow=slow, total=total)


def _without_baseline(pairs: Sequence[Pair]) -> list[Histogram]:
    """The candidate's latencies since the baseline was heard last."""
    heard = (i for i in range(len(pairs), 0, -1) if pairs[i - 1][1] is not None)
    return [ours for ours, _ in pairs[next(heard, 0) :] if ours is not None]


@lru_cache(maxsize=8_192)
def _p95(stratum: Stratum) -> float:
    return stratum.baseline.quantile(0.95) or 0.0


@lru_cache(maxsize=8_192)
def _slow(stratum: Stratum, ratio: float) -> Count:
    return _beyond(stratum.candidate, ratio * _p95(stratum))


def _beyond(latencies: Histogram, limit: float) -> Count:
    return latencies.above(bucket_of(limit)), latencies.total
