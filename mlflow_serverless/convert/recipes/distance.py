"""Distances to points that a model keeps."""

from typing import Any

import numpy as np

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.symbol import Array, Sym

COLUMN_BY_COLUMN_UP_TO = 64
"""Columns for which differences are added one column after the other: exact as the
libraries' own loops, and never more than rows x points numbers at a time."""


def squared(data: Sym, points: Array) -> Sym:
    """Squared Euclidean distances `(rows, points)` of float64 *data*."""
    if points.shape[1] > COLUMN_BY_COLUMN_UP_TO:
        return _expanded(data, points)
    total = None
    for i in range(points.shape[1]):
        away = data.column(i) - points[None, :, i]
        part = away * away
        total = part if total is None else total + part
    return data.graph.constant(0.0) if total is None else total


def _expanded(data: Sym, points: Array) -> Sym:
    """By squares and products, about the points' middle so that little cancels."""
    middle = points.mean(axis=0)
    near, kept = data - middle[None, :], points - middle
    own = (near * near).sum(keepdims=True)
    both = near @ kept.T
    lengths: Sym = own - both * 2.0 + (kept * kept).sum(axis=1)[None, :]
    # where the squares overflow, differences do too, and are infinite, never NaN
    far: Sym = own.map("IsInf", dtype="bool")
    return far.where(np.inf, lengths.clip(0.0, None))


def expanded_as_sklearn(data: Sym, points: Array) -> Sym:
    """
    Squared distances by `euclidean_distances`: the same terms in the same order.

    They cancel where rows are far from the points; scikit-learn's own do, too.
    """
    near: Sym = (data @ points.T) * -2.0 + (data * data).sum(keepdims=True)
    near += (points * points).sum(axis=1)[None, :]
    return near.clip(0.0, None)


def nearest_by_lloyd(data: Sym, points: Array) -> Sym:
    """
    The nearest of *points*, as `KMeans` finds it.

    It leaves the rows' own squares out, so that of far rows other points are nearest
    than by exact differences.
    """
    ranks: Sym = (data @ points.T) * -2.0
    ranks += (points * points).sum(axis=1)[None, :]
    return ranks.reduce("ArgMin", like="int64")


def nearest_by_argkmin(data: Sym, points: Array) -> Sym:
    """
    The nearest of *points*, by `pairwise_distances_argmin`: the first of equals.

    The rows' own squares come first, so that far rows lose what parts the points. What
    is below zero counts as zero, and so does NaN, by the way that C compares.
    """
    own = (data * data).sum(keepdims=True)
    ranks: Sym = (data @ points.T) * -2.0 + own
    ranks += (points * points).sum(axis=1)[None, :]
    return (ranks > 0.0).where(ranks, 0.0).reduce("ArgMin", like="int64")


def between(data: Sym, points: Array, metric: str, power: float = 2.0) -> Sym:
    """Distances by *metric* `(rows, points)`."""
    if metric == "minkowski":
        metric = {1.0: "manhattan", 2.0: "euclidean"}.get(float(power), "minkowski")
    if metric in {"euclidean", "l2"}:
        return squared(data, points).map("Sqrt")
    if metric == "sqeuclidean":
        return squared(data, points)
    steps = [
        (data.column(i) - points[None, :, i]).map("Abs") for i in range(points.shape[1])
    ]
    return _along(steps, metric, power)


def _along(steps: list[Sym], metric: str, power: float) -> Sym:
    total = steps[0] if metric != "minkowski" else steps[0] ** power
    for step in steps[1:]:
        match metric:
            case "manhattan" | "l1" | "cityblock":
                total += step
            case "chebyshev":
                total = step.graph.binary("Max", total, step)
            case "minkowski":
                total += step**power
            case _:
                raise NoConversionError(_unknown(metric), of="the distance")
    return total ** (1.0 / power) if metric == "minkowski" else total


def nearest(distances: Sym, count: int) -> tuple[Sym, Sym]:
    """The *count* smallest of each row and where they are; ties by position."""
    graph = distances.graph
    shape = (distances.shape[0], count)
    values, places = graph.ops(
        "TopK", distances, graph.constant(np.array([count])), largest=0, sorted=1,
        results=[(distances.dtype, shape), ("int64", shape)],
    )  # fmt: skip
    return values, places


def _unknown(metric: Any) -> str:
    return f"metric {metric!r} is unknown here"
