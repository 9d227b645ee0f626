"""Comparing scores: within `atol + rtol * |native|`, NaN with NaN, inf with inf."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.stats import (
    OutputStats,
    Tolerance,
    by_row,
    histogram,
    worst_rows,
)


def compare_scores(
    name: str, expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance
) -> OutputStats:
    """Count rows beyond the tolerance, and keep the evidence."""
    wide, other = expected.astype(np.float64), actual.astype(np.float64)
    error = absolute_error(wide, other)
    with np.errstate(over="ignore", invalid="ignore"):
        excess = _excess(error, tolerance.atol + tolerance.rtol * np.abs(wide))
    rows = by_row(excess)
    finite = error[np.isfinite(error)]
    return OutputStats(
        output=name,
        kind="score",
        rows=len(wide),
        beyond=int((rows > 1).sum()),
        max_abs=float(error.max(initial=0.0)),
        max_rel=float(_relative(error, wide).max(initial=0.0)),
        max_excess=float(rows.max(initial=0.0)),
        quantiles=_quantiles(finite),
        worst=worst_rows(rows, expected, actual),
        histogram=histogram(rows),
    )


def absolute_error(
    expected: NDArray[np.float64], actual: NDArray[np.float64]
) -> NDArray[np.float64]:
    """|a - b|; 0 where both are NaN or the same infinity, inf where only one is."""
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(expected - actual)
    error = np.where(np.isnan(error), np.inf, error)
    return np.where(same, 0.0, error)


def _excess(
    error: NDArray[np.float64], allowed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Error over tolerance; no error is within any tolerance, even none."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = error / allowed
    return np.where(error == 0, 0.0, np.where(np.isfinite(allowed), ratio, np.inf))


def _relative(
    error: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    size = np.abs(expected)
    usable = np.isfinite(error) & (size > 0) & np.isfinite(size)
    with np.errstate(over="ignore"):
        return np.divide(error, size, out=np.zeros_like(error), where=usable)


def _quantiles(error: NDArray[np.float64]) -> tuple[float, float, float]:
    if error.size == 0:
        return (0.0, 0.0, 0.0)
    low, high, top = np.quantile(error, [0.5, 0.9, 0.99])
    return (float(low), float(high), float(top))
