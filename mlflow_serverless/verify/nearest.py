"""Which of several points is nearest, and how far that is from being in doubt.

scikit-learn ranks points `y` for a row `x` by `|x|^2 - 2 x y + |y|^2` (k-means without
the first term), and so does a graph. Both round, each sum in its own order. By how much
at most is known beforehand: each term's size times the terms. Where two points rank
closer than both bounds together, either may be called nearest by an honest computation;
anywhere else, one of them is wrong.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.precision import EPS64, FLOOR

Floats = NDArray[np.float64]

Ranked = tuple[Sequence[Any], Floats]
"""Labels, and how far each is behind the best, `(rows, labels)`."""


def nearest_of(final: Any, rows: Callable[[], Any]) -> Ranked | None:
    """
    The standing of *final*'s labels, if it answers the nearest point's.

    Args:
        final: A fitted estimator.
        rows: Gives what it was asked, `(rows, columns)`.
    """
    for mark, ranked in MARKS.items():
        if hasattr(final, mark):
            return ranked(final, rows())
    return None


def _coded(final: Any, rows: Any) -> Ranked:
    """The class whose code is nearest to the scores."""
    said = np.stack([_binary(one, rows) for one in final.estimators_], axis=1)
    return np.asarray(final.classes_).tolist(), behind(said, final.code_book_)


def _central(final: Any, rows: Any) -> Ranked | None:
    """The class of the nearest centroid; priors that differ decide otherwise."""
    labels = np.asarray(final.classes_).tolist()
    even = np.isclose(final.class_prior_, 1 / len(labels)).all()
    if not even or final.metric != "euclidean":
        return None
    return labels, behind(_matrix(rows), final.centroids_)


def _clustered(final: Any, rows: Any) -> Ranked:
    """The number of the nearest centre."""
    centres, found = np.asarray(final.cluster_centers_), _matrix(rows)
    kmeans = hasattr(final, "inertia_")
    lengths = np.zeros(len(found)) if kmeans else _squares(found)
    return list(range(len(centres))), behind(found, centres, lengths)


def _squares(rows: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        return np.asarray((rows * rows).sum(axis=1))


def behind(rows: Floats, points: Any, lengths: Floats | None = None) -> Floats:
    """
    How far each of *points* `(points, columns)` is behind the nearest, for each row.

    Args:
        rows: `(rows, columns)`.
        points: What they are compared with.
        lengths: What is added first to the ranks of each row; its square, if not given.

    Returns:
        `(rows, points)`: 0 where rounding explains the gap; else in units of what
        would, times `FLOOR`, which is beyond any tie band of doubles; NaN where the
        ranks overflow.
    """
    points = np.asarray(points, np.float64)
    lengths = _squares(rows) if lengths is None else lengths
    ranks, doubt = _ranks(rows, points, lengths)
    best = np.argmin(ranks, axis=1)[:, None]
    gap = ranks - np.take_along_axis(ranks, best, axis=1)
    allowed = doubt + np.take_along_axis(doubt, best, axis=1)
    with np.errstate(all="ignore"):
        share = np.where(gap <= allowed, 0.0, gap / allowed)
        single = rows @ points.T * -2.0 + lengths[:, None] + _squares(points)
    known = np.isfinite(single) & np.isfinite(doubt.astype(np.float64))
    return np.where(known, share * FLOOR, np.nan).astype(np.float64)


def _ranks(
    rows: Floats, points: Floats, lengths: Floats
) -> tuple[NDArray[Any], NDArray[Any]]:
    """
    Ranks in longer floats, and how far those of doubles may be off.

    What all ranks of a row have in common is no rank, but its rounding is.
    """
    wide, kept = rows.astype(np.longdouble), points.astype(np.longdouble)
    own = _squares(kept)
    with np.errstate(all="ignore"):
        ranks = own - 2 * (wide @ kept.T)
        size = lengths[:, None] + own + 2 * (np.abs(wide) @ np.abs(kept).T)
    # a sum of k products is off by k roundings of its size at most; three more follow
    return ranks, size * (points.shape[1] + 3) * (EPS64 / 2)


def _grouped(final: Any, rows: Any) -> Ranked:
    """Each label by the nearest of its subclusters."""
    labels = np.asarray(final.subcluster_labels_)
    gaps = behind(_matrix(rows), final.subcluster_centers_)
    known = np.unique(labels)
    parts = [gaps[:, labels == label].min(axis=1) for label in known]
    return known.tolist(), np.stack(parts, axis=1)


def _bisected(final: Any, asked: Any) -> Ranked:
    """Down a tree of pairs of centres: behind by the most doubtless step away."""
    rows = _matrix(asked)
    shift = getattr(final, "_X_mean", 0.0)
    behind_at: dict[int, Floats] = {}

    def walk(node: Any, so_far: Floats) -> None:
        if node.left is None:
            behind_at[int(node.label)] = so_far
            return
        pair = np.vstack((node.left.center, node.right.center)) + shift
        gaps = behind(rows, pair, np.zeros(len(rows)))
        walk(node.left, np.maximum(so_far, gaps[:, 0]))
        walk(node.right, np.maximum(so_far, gaps[:, 1]))

    walk(final._bisecting_tree, np.zeros(len(rows)))  # noqa: SLF001 - no public name
    labels = sorted(behind_at)
    return labels, np.stack([behind_at[label] for label in labels], axis=1)


def _matrix(rows: Any) -> Floats:
    dense = rows.toarray() if hasattr(rows, "toarray") else rows
    return np.asarray(dense, np.float64)


def _binary(inner: Any, rows: Any) -> Floats:
    if hasattr(inner, "decision_function"):
        return np.asarray(inner.decision_function(rows), np.float64).ravel()
    return np.asarray(inner.predict_proba(rows), np.float64)[:, 1]


MARKS: dict[str, Callable[[Any, Any], Ranked | None]] = {
    "_bisecting_tree": _bisected,
    "code_book_": _coded,
    "centroids_": _central,
    "subcluster_centers_": _grouped,
    "cluster_centers_": _clustered,
}
"""How an estimator ranks its labels, by the attribute that holds its points."""
