"""One version against the other: does it happen more often, at the same time?"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from mlflow_serverless.shift.evidence.limit import CAP, Table, from_anywhere

_LOG_ODDS = np.log((1.5, 2.0, 3.0, 5.0, 10.0, 30.0))

_Floats = NDArray[np.float64]

_FEWEST, _SMALL = 6, 1e-9
"""Cells from which a spread can be known; a spread that is none."""


def more_often(tables: Iterable[Table]) -> float:
    """
    The log e-value against "the candidate's events are no more likely".

    Within each cell, given how many events there were in all, which of the requests
    they met is a draw without replacement if the versions are alike: Fisher's exact
    test, as a likelihood ratio (noncentral to central hypergeometric) for several odds
    ratios, multiplied over the cells and averaged over the ratios. Whatever the rate
    does from cell to cell, both versions live through it.

    Args:
        tables: One a cell, in which requests were shared out at random.
    """
    told = [t for t in tables if all(t[1::2]) and any(t[::2])]
    ratios = np.array([_ratios(*t) for t in told], float).reshape(-1, len(_LOG_ODDS))
    return from_anywhere(np.minimum(ratios, CAP) / _unsteadiness(told))


def _unsteadiness(tables: Sequence[Table]) -> float:
    """
    By how much counts vary more from cell to cell than chance alone makes them.

    Failures come in bursts that one version happens to meet. Dividing the evidence by
    this, at least 1, can only make it weaker; a steady difference is no unsteadiness,
    also if more is seen of it in later cells, where the candidate has more traffic.
    """
    if len(tables) < _FEWEST:
        return 1.0
    a, n, b, m = np.array(tables, float).T
    mean, spread = _expected(a, n, b, m)
    told = spread > _SMALL
    if told.sum() < _FEWEST:
        return 1.0
    off, spread = (a - mean)[told], spread[told]
    off -= spread * off.sum() / spread.sum()
    cells = len(off)
    return max(1.0, float(off @ off / spread.sum() * cells / (cells - 1)))


def _expected(a: _Floats, n: _Floats, b: _Floats, m: _Floats) -> tuple[_Floats, ...]:
    """
    The candidate's events in each cell if one odds ratio holds in all of them.

    Mean and variance of the noncentral hypergeometric distribution at Mantel and
    Haenszel's ratio, half an event added to each side so that there is one.

    Source: Cornfield 1956; McCullagh and Nelder 1989, section 7.3.2.
    """
    both, size = a + b, n + m
    ratio = ((a * (m - b) / size).sum() + 0.5) / ((b * (n - a) / size).sum() + 0.5)
    middle = ratio * (n + both) + m - both
    root = np.sqrt(np.maximum(0, middle**2 - 4 * (ratio - 1) * ratio * n * both))
    mean = 2 * ratio * n * both / (middle + root)
    parts = np.array([mean, n - mean, both - mean, m - both + mean])
    with np.errstate(divide="ignore"):
        harmonic = 1 / (1 / np.maximum(parts, 0)).sum(axis=0)
    return mean, harmonic * size / np.maximum(size - 1, 1)


@lru_cache(maxsize=16_384)
def _ratios(
    events: int, trials: int, other_events: int, other_trials: int
) -> tuple[float, ...]:
    """Of each odds ratio, log of noncentral over central probability."""
    total, drawn = events + other_events, trials
    low = max(0, total - other_trials)
    high = min(total, drawn)
    count = np.arange(low, high + 1)
    weight = _log_choose(drawn, count) + _log_choose(other_trials, total - count)
    tilted = weight[:, None] + np.outer(count, np.append(0.0, _LOG_ODDS))
    top = tilted.max(axis=0)
    sums = top + np.log(np.exp(tilted - top).sum(axis=0))
    ratios: list[float] = (events * _LOG_ODDS - sums[1:] + sums[0]).tolist()
    return tuple(ratios)


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return chosen
