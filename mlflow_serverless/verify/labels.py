"""Comparing labels: equal, or a tie where the model itself hardly decides."""

from collections.abc import Sequence
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


def compare_labels(
    name: str,
    expected: NDArray[Any],
    actual: NDArray[Any],
    tolerance: Tolerance,
    margins: NDArray[np.float64] | None,
) -> OutputStats:
    """Count flips and ties, and keep the evidence."""
    differs = ~equal(expected, actual)
    tied = differs & _within_band(differs.shape, tolerance, margins)
    flipped = differs & ~tied
    excess = np.where(flipped, np.inf, 0.0)
    return OutputStats(
        output=name,
        kind="label",
        rows=len(expected) if expected.ndim else 1,
        flips=int(any_by_row(flipped).sum()),
        ties=int((any_by_row(tied) & ~any_by_row(flipped)).sum()),
        max_excess=float(excess.max(initial=0.0)),
        worst=worst_rows(by_row(excess), expected, actual),
        histogram=histogram(by_row(excess)),
        classes=_classes(expected, differs, tied),
    )


def equal(expected: NDArray[Any], actual: NDArray[Any]) -> NDArray[np.bool_]:
    """Element by element; NaN equals NaN."""
    same: NDArray[np.bool_] = np.asarray(expected == actual, bool)
    # NaN alone differs from itself
    ours: NDArray[np.bool_] = np.asarray(expected != expected, bool)  # noqa: PLR0124
    theirs: NDArray[np.bool_] = np.asarray(actual != actual, bool)  # noqa: PLR0124
    return np.asarray(same | (ours & theirs), bool).reshape(expected.shape)


def _within_band(
    shape: Sequence[int], tolerance: Tolerance, margins: NDArray[np.float64] | None
) -> NDArray[np.bool_]:
    if margins is None or not shape or len(margins) != shape[0]:
        return np.zeros(shape, bool)
    near = margins <= tolerance.tie_band
    if near.shape == tuple(shape):
        return near
    if near.ndim == 1:
        return np.broadcast_to(near.reshape(-1, *[1] * (len(shape) - 1)), shape)
    return np.zeros(shape, bool)


def any_by_row(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows with any mark, `(rows,)`."""
    if marks.size == 0:
        return np.zeros(len(marks), bool)
    flat = marks.reshape(len(marks) if marks.ndim else 1, -1)
    return np.asarray(flat.any(axis=1), bool)


def _classes(
    expected: NDArray[Any], differs: NDArray[np.bool_], tied: NDArray[np.bool_]
) -> tuple[tuple[str, int, int, int], ...]:
    """Agreement by label; at most 50 labels."""
    found, which = np.unique(
        np.array([str(v) for v in expected.ravel().tolist()], dtype=object),
        return_inverse=True,
    )
    rows = np.bincount(which, minlength=len(found))
    equal = np.bincount(which, weights=~differs.ravel(), minlength=len(found))
    ties = np.bincount(which, weights=tied.ravel(), minlength=len(found))
    order = np.argsort(-rows, kind="stable")[:50]
    return tuple(
        (str(found[i]), int(rows[i]), int(equal[i]), int(ties[i])) for i in order
    )
