"""A mergeable histogram of latencies: buckets that grow by one percent.

Every value is known within one percent, whatever the range; histograms of minutes add
up to those of hours; a whole distribution can be scaled by moving its buckets.

Source: the logarithmic mapping of DDSketch (Masson, Rim, Lee 2019), unbounded.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

GROWTH = 1.01
"""Each bucket's upper edge over its lower one."""

_LOG = math.log(GROWTH)

Counts = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Buckets in order `(k,)`, and how many values each holds `(k,)`."""


@dataclass(frozen=True)
class Histogram:
    """
    Counts by bucket; bucket *i* holds values in `(GROWTH**(i-1), GROWTH**i]`.

    It can be hashed, so that what was computed of a past minute is not done again.
    """

    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[float]) -> "Histogram":
        """The histogram of *values*; all that is 1 or less goes into bucket 0."""
        given = values if isinstance(values, np.ndarray) else [*values]
        logs = np.log(np.maximum(np.asarray(given, np.float64), 1.0)) / _LOG
        counts = np.bincount(np.ceil(np.round(logs, 9)).astype(np.int64))
        keys = np.flatnonzero(counts)
        return cls(dict(zip(keys.tolist(), counts[keys].tolist(), strict=True)))

    @cached_property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts.values())

    def quantile(self, part: float) -> float | None:
        """The value below which *part* (0..1) of all lie; None of nothing."""
        keys, counts = self.arrays
        return quantile(keys, counts, part) if len(keys) else None

    def above(self, bucket: int) -> int:
        """How many values lie in buckets beyond *bucket*."""
        keys, _ = self.arrays
        place = int(np.searchsorted(keys, bucket, "right"))
        return self.total - int(self.reached[place])

    @cached_property
    def arrays(self) -> Counts:
        """The same as arrays."""
        keys = sorted(self.counts)
        counts = [self.counts[key] for key in keys]
        return np.asarray(keys, np.int64), np.asarray(counts, np.float64)

    @cached_property
    def reached(self) -> NDArray[np.float64]:
        """How many values lie below each bucket of `arrays`, and in all `(k + 1,)`."""
        return np.concatenate(([0.0], np.cumsum(self.arrays[1])))

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self.counts.items()))

    def __hash__(self) -> int:
        return self._hash


def bucket_of(value: float) -> int:
    """The bucket that *value* falls into."""
    return max(0, math.ceil(round(math.log(value) / _LOG, 9))) if value > 1 else 0


def value_of(bucket: float) -> float:
    """The middle of *bucket*."""
    return math.exp((bucket - 0.5) * _LOG) if bucket > 0 else 1.0


def buckets_for(ratio: float) -> int:
    """By how many buckets a histogram moves when its values grow by *ratio*."""
    return math.ceil(round(math.log(ratio) / _LOG, 9))


def quantile(
    keys: NDArray[np.int64], counts: NDArray[np.float64], part: float
) -> float:
    """The value at *part* of buckets *keys*, which may carry weights for counts."""
    reached = np.cumsum(counts)
    at = np.searchsorted(reached, part * reached[-1] * (1 - 1e-12))
    return value_of(float(keys[min(int(at), len(keys) - 1)]))


def merged(histograms: Iterable[Histogram | None]) -> Histogram | None:
    """All of them as one; None if there is none."""
    there = [h for h in histograms if h is not None]
    if len(there) < 2:
        return there[0] if there else None
    keys, counts = added([histogram.arrays for histogram in there])
    total = counts.astype(np.int64)
    return Histogram(dict(zip(keys.tolist(), total.tolist(), strict=True)))


def added(parts: Sequence[Counts]) -> Counts:
    """All buckets in order, and what they hold together."""
    keys = np.concatenate([keys for keys, _ in parts])
    counts = np.concatenate([counts for _, counts in parts])
    if not len(keys):
        return keys, counts
    low = int(keys.min())
    total = np.bincount(keys - low, counts)
    there = np.flatnonzero(total)
    return there + low, np.asarray(total[there], np.float64)
