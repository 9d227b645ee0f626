"""One version against the other: does it happen more often, at the same time?"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from scipy.special import gammaln

from mlflow_serverless.shift.evidence.limit import CAP, Table, from_anywhere

_LOG_ODDS = np.log((1.5, 2.0, 3.0, 5.0, 10.0, 30.0))

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
    both, size = a + b, n + m
    mean = both * n / size
    spread = mean * (1 - n / size) * (size - both) / np.maximum(size - 1, 1)
    told = spread > _SMALL
    if told.sum() < _FEWEST:
        return 1.0
    off, spread = (a - mean)[told], spread[told]
    rest = (off - spread * off.sum() / spread.sum()) / np.sqrt(spread)
    return max(1.0, float(rest @ rest) / (len(rest) - 1))


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
