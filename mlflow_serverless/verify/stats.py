"""What comparing one output over one group of rows yields."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORST = 5
"""Rows kept as evidence, for one output of one group."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a score may be off: `atol + rtol * |native|`."""

    rtol: float
    atol: float
    tie_band: float
    """Labels may differ where the model's margin is at most this."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One answer that is off, within tolerance or not."""

    row: int
    native: str
    candidate: str
    excess: float
    """Error over tolerance; above 1 is beyond it. Labels: infinite, or 0 for a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStats:
    """One output over one group."""

    output: str
    kind: str
    rows: int
    flips: int = 0
    """Labels that differ outside the tie band."""
    ties: int = 0
    """Labels that differ inside it."""
    beyond: int = 0
    """Rows with a score beyond the tolerance."""
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_excess: float = 0.0
    """Largest error over tolerance; at most 1 passes."""
    quantiles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Absolute error at 50, 90 and 99 %."""
    worst: tuple[Miss, ...] = ()
    histogram: tuple[int, ...] = ()
    """Rows by error over tolerance: exact, then decades up to 1, then beyond."""
    classes: tuple[tuple[str, int, int, int], ...] = ()
    """(label, rows the model gave it, equal, ties), most frequent first."""


BINS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Upper edges of the histogram's bins, in units of the tolerance, after `exact`."""


def by_row(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """The worst of each row, `(rows,)`."""
    if excess.ndim == 0:
        return excess.reshape(1)
    if excess.size == 0:
        return np.zeros(len(excess))
    worst: NDArray[np.float64] = excess.reshape(len(excess), -1).max(axis=1)
    return worst


def histogram(excess: NDArray[np.float64]) -> tuple[int, ...]:
    """Rows by error over tolerance: exact, each of `BINS`, beyond."""
    bins = np.where(excess == 0, 0, 1 + np.searchsorted(BINS, excess, side="left"))
    return tuple(np.bincount(bins, minlength=len(BINS) + 2).tolist())


def worst_rows(
    excess: NDArray[np.float64], expected: NDArray[Any], actual: NDArray[Any]
) -> tuple[Miss, ...]:
    """The rows that are most off; the first ones where several are equally so."""
    order = np.argsort(-excess, kind="stable")[:WORST]
    return tuple(
        Miss(int(r), _shown(expected, r), _shown(actual, r), float(excess[r]))
        for r in order
        if excess[r] > 0
    )


def _shown(values: NDArray[Any], row: int) -> str:
    item = values if values.ndim == 0 else values[row]
    plain = item.tolist() if isinstance(item, np.ndarray | np.generic) else item
    text = repr(plain)
    return text if len(text) <= 200 else f"{text[:199]}…"
