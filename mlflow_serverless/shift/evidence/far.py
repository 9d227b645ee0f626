"""Is the candidate far slower: beyond a multiple of what the baseline took then?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import added, bucket_of, quantile
from mlflow_serverless.shift.evidence.limit import CAP, Count, beyond
from mlflow_serverless.shift.evidence.strata import Stratum, strata

Pair = tuple[Histogram | None, Histogram | None]

_KNOWN, _HEARD = 20, 5
"""Answers of the baseline from which its p95 is known; and from which a stretch of time
tells whether everything was slow just then."""

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
    Hold the candidate against a multiple of the baseline's p95.

    It is the p95 over all, or that of just then, if it is higher: if both versions are
    slow at once, neither is far slower. Since the baseline was heard last, the highest
    one counts.

    Args:
        pairs: Warm latencies of candidate and baseline in each cell, in order of time.
        ratio: The multiple [1].

    Returns:
        What was found; None while the baseline's p95 is not known.
    """
    found = strata(pairs, candidate=1, baseline=_HEARD)
    usual = _usual(found)
    if usual is None:
        return None
    counts = [_slow(stratum, usual, ratio) for stratum in found]
    if alone := _without_baseline(pairs):
        known = strata(pairs, candidate=1, baseline=_KNOWN)
        highest = max([usual, *(_p95(stratum) for stratum in known)])
        counts += [_beyond(latencies, ratio * highest) for latencies in alone]
    slow, total = (sum(column) for column in zip(*counts, strict=True))
    return Far(log_e=beyond(counts, _SHARE, most=CAP), slow=slow, total=total)


def _usual(found: tuple[Stratum, ...]) -> float | None:
    """The baseline's p95, as if its answers had come when the candidate's did."""
    if sum(stratum.sizes[1] for stratum in found) < _KNOWN:
        return None
    as_heavy = [
        (s.baseline.arrays[0], s.baseline.arrays[1] * (s.sizes[0] / s.sizes[1]))
        for s in found
    ]
    return quantile(*added(as_heavy), 0.95)


def _without_baseline(pairs: Sequence[Pair]) -> list[Histogram]:
    """The candidate's latencies since the baseline was heard last."""
    heard = (i for i in range(len(pairs), 0, -1) if pairs[i - 1][1] is not None)
    return [ours for ours, _ in pairs[next(heard, 0) :] if ours is not None]


@lru_cache(maxsize=8_192)
def _p95(stratum: Stratum) -> float:
    return stratum.baseline.quantile(0.95) or 0.0


def _slow(stratum: Stratum, usual: float, ratio: float) -> Count:
    return _beyond(stratum.candidate, ratio * max(usual, _p95(stratum)))


def _beyond(latencies: Histogram, limit: float) -> Count:
    return latencies.above(bucket_of(limit)), latencies.total
