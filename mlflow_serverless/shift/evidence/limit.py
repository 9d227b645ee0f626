"""One version against a limit: is the rate beyond it, or has it come to be?"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Count = tuple[int, int]
"""Events, out of how many trials."""

Table = tuple[int, int, int, int]
"""Events and trials of the candidate, events and trials of the baseline."""

CAP = math.log(30)
"""The most that one cell of time may say: one bad minute is not a bad version."""

_TIMES = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
_MOST = 0.98


def beyond(counts: Iterable[Count], limit: float, *, most: float = math.inf) -> float:
    """
    The log e-value against "each trial is an event with probability <= *limit*".

    A mixture of likelihood ratios: of several rates above the limit to the limit
    itself, from the first cell on or from any later one. It holds for any order of
    events, and for rates that change but stay within.

    Args:
        counts: One a cell, in order of time; events <= trials.
        limit: The highest rate that is tolerated, 0 < limit < 1.
        most: How much one cell may say, as a logarithm.
    """
    pairs = np.array([pair for pair in counts if pair[1]], float).reshape(-1, 2)
    rates = _rates(limit)
    events, rest = pairs[:, :1], pairs[:, 1:] - pairs[:, :1]
    ratios = events * np.log(rates / limit)
    ratios = ratios + rest * np.log((1 - rates) / (1 - limit))
    return from_anywhere(np.minimum(ratios, most))


def excused(tables: Iterable[Table]) -> bool:
    """
    Whether the baseline is in the same trouble: going back would not help.

    It is if, at its own rates and in the same cells, it would have had at least half
    of the candidate's events.
    """
    happened = expected = 0.0
    for events, trials, other_events, other_trials in tables:
        happened += events
        expected += trials * other_events / other_trials if other_trials else 0.0
    return 0 < happened <= 2 * expected


def unheard(tables: Sequence[Table]) -> bool:
    """
    Whether most of the events are of cells of which the baseline has told nothing yet.

    Only where it has more of the traffic, so that its silence is no chance.
    """
    of_all = sum(table[1] for table in tables), sum(table[3] for table in tables)
    happened = sum(table[0] for table in tables)
    unseen = sum(table[0] for table in tables if not table[3])
    return of_all[1] >= of_all[0] and 2 * unseen > happened


def _rates(limit: float) -> NDArray[np.float64]:
    odds = np.array(_TIMES) * limit / (1 - limit)
    return np.minimum(max(_MOST, (1 + limit) / 2), odds / (1 + odds))


def from_anywhere(ratios: NDArray[np.float64]) -> float:
    """
    Log e-value of a wager that may begin at any cell.

    Args:
        ratios: Log likelihood ratios `(cells, alternatives)`.

    Half is wagered from the start; of the other half, `1 / (k (k + 1))` from cell k
    on. So a version that goes bad late is found soon, whatever good it did before.
    """
    cells, alternatives = ratios.shape
    if not cells:
        return 0.0
    to_the_end = np.cumsum(ratios[::-1], axis=0)[::-1]
    number = np.arange(1, cells + 1)
    share = 0.5 / (number * (number + 1))
    share[0] += 0.5
    not_yet = 0.5 / (cells + 1)
    wagers = to_the_end + np.log(share / alternatives)[:, None]
    top = max(0.0, float(wagers.max()))
    return top + float(np.log(np.exp(wagers - top).sum() + not_yet * np.exp(-top)))
