"""How far a label is from being another, in the model's own scores.

A label may differ from the model's only where the model itself could hardly decide:
where its two best scores are closer than the tolerance. The scores are asked of the
estimator, not of the graph, so a wrong graph cannot excuse itself.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.outputs import Outputs, kind_of

Scores = NDArray[np.float64]


def margins_of(estimator: Any, data: Any) -> Scores | None:
    """
    Distance between the best and the second-best label, a row at a time.

    Returns:
        `(rows,)`, or `(rows, outputs)` where several labels are predicted; None if the
        estimator has no scores. Scores beyond 1 are taken relative to themselves: that
        is how they are rounded.
    """
    for ask in (_thresholded, _distance, _probability, _decision):
        try:
            margin = ask(estimator, data)
        except Exception:  # noqa: BLE001, S112 - no scores, no excuse: the flip stands
            continue
        if margin is not None:
            return margin
    return None


def _final(estimator: Any) -> Any:
    """The last step of a pipeline, the best of a search, or the estimator itself."""
    if hasattr(estimator, "steps"):
        return _final(estimator.steps[-1][1])
    if hasattr(estimator, "best_estimator_"):
        return _final(estimator.best_estimator_)
    return estimator


def _thresholded(estimator: Any, data: Any) -> Scores | None:
    """Binary decisions against a tuned or fixed threshold."""
    final = _final(estimator)
    if hasattr(final, "best_threshold_"):
        threshold = float(final.best_threshold_)
    elif isinstance(getattr(final, "threshold", None), float) and hasattr(
        final, "estimator_"
    ):
        threshold = float(final.threshold)
    else:
        return None
    positive = getattr(final, "pos_label", None)
    classes = list(final.classes_)
    column = classes.index(positive) if positive in classes else 1
    if getattr(final, "response_method", "auto") == "decision_function":
        scores = np.asarray(estimator.decision_function(data), np.float64)
        return np.abs((scores if column else -scores) - threshold)
    scores = np.asarray(estimator.predict_proba(data), np.float64)[:, column]
    return np.abs(scores - threshold)


def _probability(estimator: Any, data: Any) -> Scores | None:
    ask: Callable[[Any], Any] | None = getattr(estimator, "predict_proba", None)
    if ask is None:
        return None
    scores = ask(data)
    if isinstance(scores, list):
        return np.stack([_gap(np.asarray(item)) for item in scores], axis=1)
    return _gap(np.asarray(scores))


def _decision(estimator: Any, data: Any) -> Scores | None:
    ask: Callable[[Any], Any] | None = getattr(estimator, "decision_function", None)
    return None if ask is None else _gap(np.asarray(ask(data)))


def _distance(estimator: Any, data: Any) -> Scores | None:
    """The two nearest of the points that labels belong to, by their distances."""
    final = _final(estimator)
    if getattr(final, "metric", "euclidean") != "euclidean":
        return None
    points = next(
        (getattr(final, name) for name in _POINTS if hasattr(final, name)), None
    )
    if points is None:
        return None
    rows = np.asarray(_before_last(estimator, data), np.float64)
    if hasattr(final, "code_book_"):
        rows = np.stack([_binary(inner, rows) for inner in final.estimators_], axis=1)
    away = rows[:, None, :] - np.asarray(points, np.float64)[None, :, :]
    return _gap(-np.sqrt((away * away).sum(axis=2)))


_POINTS = ("cluster_centers_", "subcluster_centers_", "centroids_", "code_book_")


def _before_last(estimator: Any, data: Any) -> Any:
    """What the last step of a pipeline is given."""
    if hasattr(estimator, "best_estimator_"):
        return _before_last(estimator.best_estimator_, data)
    return estimator[:-1].transform(data) if hasattr(estimator, "steps") else data


def _binary(inner: Any, rows: Scores) -> Scores:
    if hasattr(inner, "decision_function"):
        return np.asarray(inner.decision_function(rows), np.float64)
    return np.asarray(inner.predict_proba(rows), np.float64)[:, 1]


def _gap(scores: NDArray[Any]) -> Scores:
    """Best less second best; a single score decides by its sign."""
    scores = np.asarray(scores, np.float64)
    if scores.ndim == 1 or scores.shape[1] == 1:
        return np.asarray(np.abs(scores.reshape(len(scores))))
    two = np.partition(scores, -2, axis=1)[:, -2:]
    return np.asarray((two[:, 1] - two[:, 0]) / np.maximum(np.abs(two[:, 1]), 1.0))


def float_labels(
    estimator: Any, predict_fn: str, answers: Sequence[Outputs]
) -> frozenset[str]:
    """Outputs of floats that are class labels: a classifier trained on 0.0 and 1.0."""
    classes = getattr(_final(estimator), "classes_", None)
    if predict_fn != "predict" or not isinstance(classes, np.ndarray):
        return frozenset()
    if classes.dtype.kind != "f":
        return frozenset()
    names = {name for answer in answers for name in answer.arrays}
    return frozenset(
        name
        for name in names
        if all(_holds_only(answer, name, classes) for answer in answers)
    )


def _holds_only(answer: Outputs, name: str, classes: NDArray[Any]) -> bool:
    array = answer.arrays.get(name)
    return (
        array is not None
        and kind_of(array) == "score"
        and bool(np.isin(array, classes).all())
    )
