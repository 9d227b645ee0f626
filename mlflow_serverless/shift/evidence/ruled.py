"""What can be ruled out: harm of a given size, once enough was seen; pure.

No evidence of harm is no evidence of its absence. Before promotion, a test is turned
around: is the candidate surely *less* than that much worse?
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import buckets_for
from mlflow_serverless.shift.evidence.limit import Table
from mlflow_serverless.shift.evidence.slower import LEAST, MOST
from mlflow_serverless.shift.evidence.steady import standing
from mlflow_serverless.shift.evidence.strata import groups, strata
from mlflow_serverless.shift.evidence.tail import tails

SURE = 2.33
"""Standard errors from which it is ruled out: 99 % confidence."""

Pair = tuple[Histogram | None, Histogram | None]


@dataclass(frozen=True, slots=True)
class Ruled:
    """How surely harm of a given size is ruled out."""

    errors: float
    """Standard errors that what was seen is below it."""
    pairs: float
    """Answers of each version, were both alike in number, that tell as much."""

    @property
    def out(self) -> bool:
        """Whether it is ruled out."""
        return self.errors >= SURE


def slower_by(pairs: Iterable[Pair], rise: float) -> Ruled:
    """
    Whether the candidate's p95 is surely less than *rise* above the baseline's.

    Args:
        pairs: Warm latencies of candidate and baseline in each cell, in order of time.
        rise: A part of the baseline's [1].
    """
    grouped = groups(strata(pairs), least=LEAST, most=MOST)
    if not grouped:
        return Ruled(0.0, 0.0)
    found = tails(grouped, buckets_for(1 + rise), at_least=True)
    scores = [tail.score for tail in found]
    return Ruled(-standing(scores), 2 * sum(score.information for score in scores))


def failing_by(tables: Sequence[Table], rise: float) -> Ruled:
    """
    Whether the candidate's rate of failures is surely less than *rise* above the other.

    Args:
        tables: One a cell, in which requests were shared out at random.
        rise: A difference of rates [1].

    Source: the score test of Farrington and Manning 1990, cell by cell.
    """
    told = [table for table in tables if table[1] and table[3]]
    if not told:
        return Ruled(0.0, 0.0)
    a, n, b, m = np.array(told, float).T
    weight = n * m / (n + m)
    difference = float((weight * (a / n - b / m)).sum() / weight.sum())
    theirs = min(float((weight * b / m).sum() / weight.sum()), 1 - rise)
    ours = theirs + rise
    spread = float((weight**2 * (_variance(ours) / n + _variance(theirs) / m)).sum())
    if spread <= 0:
        return Ruled(0.0, 0.0)
    errors = (rise - difference) * weight.sum() / math.sqrt(spread)
    return Ruled(float(errors), 2 * float(weight.sum()))


def _variance(rate: float) -> float:
    return rate * (1 - rate)
