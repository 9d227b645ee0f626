"""From scores of successive groups to an e-value, when requests are not independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

_FEWEST = 6
"""Groups below which nothing is said: their spread is unknown."""

_KNOWN = 100
"""Degrees of freedom that chance assignment's spread is worth, where groups do not
vary more than it makes them."""

_TIGHTEST = 100.0
"""Information at which the mixture has its tightest bound [effective requests]."""


@dataclass(frozen=True, slots=True)
class Score:
    """How far one group speaks against the candidate: mean 0 if nothing is wrong."""

    sum: float
    variance: float
    """Of the sum, if every request were independent."""
    information: float
    """Effective number of requests."""


def against(scores: Sequence[Score]) -> float:
    """
    The log e-value of *scores* against "their mean is not above zero".

    The sum is measured by whichever is larger of the spread that chance assignment
    gives and the spread that is seen from group to group, with what successive groups
    share. That makes a t value, read as the normal value of the same rarity: with few
    degrees of freedom only if the spread is beyond what chance gives, by two errors.
    The normal mixture bound (Robbins 1970) makes it hold at every look.
    """
    z = standing(scores)
    return _mixture(z, sum(score.information for score in scores)) if z > 0 else 0.0


def standing(scores: Sequence[Score]) -> float:
    """
    How many standard errors the sum of *scores* is above zero.

    As the standard normal value that is as rare; 0 while too little is known.
    """
    if len(scores) < _FEWEST:
        return 0.0
    total = sum(score.sum for score in scores)
    expected = sum(score.variance for score in scores)
    seen = _spread(scores)
    spread = max(expected, seen)
    if spread <= 0:
        return 0.0
    freedom = len(scores) - 1
    if seen <= expected * (1 + 2 * math.sqrt(2 / freedom)):
        freedom += _KNOWN
    z = _as_normal(abs(total) / math.sqrt(spread), freedom)
    return math.copysign(z, total)


def _spread(scores: Sequence[Score]) -> float:
    """Variance of the sum as seen, when neighbours may be alike."""
    sums = np.array([score.sum for score in scores])
    shares = np.array([score.information for score in scores])
    centred = sums - shares * sums.sum() / shares.sum()
    own = float(centred @ centred) * len(sums) / (len(sums) - 1)
    alike = _alike(centred)
    return own * (1 + alike) / (1 - alike)


def _alike(centred: NDArray[np.float64]) -> float:
    """Correlation of neighbours, at least 0, less the bias of short series."""
    own = float(centred @ centred)
    if own <= 0:
        return 0.0
    lag = float(centred[1:] @ centred[:-1]) / own + 1 / len(centred)
    return min(0.9, max(0.0, lag))


def _as_normal(t: float, freedom: int) -> float:
    """The standard normal value that is as rare as *t* >= 0, at most 37."""
    part = freedom / (freedom + t * t)
    rarity = float(special.betainc(freedom / 2, 0.5, part)) / 2
    return -float(special.ndtri(max(rarity, 1e-300)))


def _mixture(z: float, information: float) -> float:
    """Log of the one-sided normal mixture martingale at *z* > 0."""
    part = information / (information + _TIGHTEST)
    inside = float(special.log_ndtr(z * math.sqrt(part)))
    return math.log(2) + math.log(1 - part) / 2 + z * z * part / 2 + inside
