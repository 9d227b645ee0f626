"""How far two labels are from being the same decision, in the model's own scores.

A label may differ from the model's only where rounding decides between the two: where,
by every measure that the model decides by, both labels are level with its best, closer
than the tolerance. The scores are asked of the estimator, not of the graph, so a wrong
graph cannot excuse itself. Whatever does not explain the model's own label, names
other labels, or is NaN excuses nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.nearest import nearest_of
from mlflow_serverless.verify.outputs import Outputs, kind_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far each label is behind the best, a row at a time, by one measure."""

    labels: Sequence[Any]
    behind: Floats
    """`(rows, labels)`, 0 for the best. Scores beyond 1 are taken relative to
    themselves: that is how they are rounded."""

    def of(self, found: NDArray[Any]) -> Floats:
        """How far the labels *found*, `(rows,)`, are behind; infinite if unknown."""
        places = {label: i for i, label in enumerate(self.labels)}
        chosen = [places.get(label) for label in found.tolist()]
        far = [
            np.inf if at is None else self.behind[row, at]
            for row, at in enumerate(chosen)
        ]
        return np.nan_to_num(np.array(far, np.float64), nan=np.inf, posinf=np.inf)


def margins_of(
    estimator: Any, data: Any, said: NDArray[Any], given: NDArray[Any]
) -> Floats | None:
    """
    How far the model was from answering *given* where it *said* something else.

    Args:
        estimator: The model.
        data: Rows.
        said: Its labels, `(rows,)`, or `(rows, outputs)`.
        given: The candidate's.

    Returns:
        In the shape of *said*; None if the estimator has no scores to decide by.
    """
    if said.ndim == 2 and said.shape[1] == 1:
        flat = margins_of(estimator, data, said[:, 0], given[:, 0])
        return None if flat is None else flat[:, None]
    if said.ndim == 2:
        return _many(estimator, data, said, given)
    found = [
        np.maximum(standing.of(said), standing.of(given))
        for standing in _standings(estimator, data)
        if len(standing.behind) == len(said)
    ]
    return np.max(found, axis=0) if found and said.ndim == 1 else None


def _many(
    estimator: Any, data: Any, said: NDArray[Any], given: NDArray[Any]
) -> Floats | None:
    """Several outputs, each with probabilities of its own."""
    scores = _asked(estimator, "predict_proba", data)
    classes = getattr(_final(estimator), "classes_", None)
    if not isinstance(scores, list) or not isinstance(classes, list):
        return None
    if len(scores) != said.shape[1] or len(classes) != len(scores):
        return None
    columns = []
    for at, (own, labels) in enumerate(zip(scores, classes, strict=True)):
        standing = Standing(np.asarray(labels).tolist(), behind_best(np.asarray(own)))
        one, other = standing.of(said[:, at]), standing.of(given[:, at])
        columns.append(np.maximum(one, other))
    return np.stack(columns, axis=1)


def _standings(estimator: Any, data: Any) -> Iterator[Standing]:
    """By every measure that *estimator* decides by."""
    final = _final(estimator)
    for ask in (_thresholded, _nearest, _voted):
        try:
            found = ask(estimator, final, data)
        except Exception:  # noqa: BLE001, S112 - no scores, no excuse: the flip stands
            continue
        if found is not None:
            yield found
            return
    for method in ("decision_function", "predict_joint_log_proba", "predict_proba"):
        scores = _asked(estimator, method, data)
        if isinstance(scores, np.ndarray) and scores.dtype.kind == "f":
            yield from _scored(final, scores)


def _asked(estimator: Any, method: str, data: Any) -> Any:
    """Its scores; None where it has none."""
    ask: Callable[[Any], Any] | None = getattr(estimator, method, None)
    try:
        return None if ask is None else ask(data)
    except Exception:  # noqa: BLE001 - no scores, no excuse
        return None


def _scored(final: Any, scores: NDArray[Any]) -> Iterator[Standing]:
    """The standing by *scores*, one for each label, or one that decides by its sign."""
    classes = getattr(final, "classes_", None)
    if scores.ndim == 1 or scores.shape[1] == 1:
        labels = [-1, 1] if classes is None else np.asarray(classes).tolist()
        if len(labels) == 2:
            yield Standing(labels, _signed(np.asarray(scores, np.float64).ravel()))
        return
    width = scores.shape[1]
    labels = list(range(width)) if classes is None else np.asarray(classes).tolist()
    if len(labels) == width:
        yield Standing(labels, behind_best(scores))


def _signed(score: Floats) -> Floats:
    """The first label is behind by what is above zero, the second by what is below."""
    return np.stack([np.maximum(score, 0.0), np.maximum(-score, 0.0)], axis=1)


def behind_best(scores: NDArray[Any]) -> Floats:
    """How far each of *scores* `(rows, labels)` is below the largest of its row."""
    scores = np.asarray(scores, np.float64)
    best = scores.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # of infinities nothing can be said
        return np.asarray((best - scores) / np.maximum(np.abs(best), 1.0))


def _final(estimator: Any) -> Any:
    """The last step of a pipeline, the best of a search, or the estimator itself."""
    if hasattr(estimator, "steps"):
        return _final(estimator.steps[-1][1])
    if hasattr(estimator, "best_estimator_"):
        return _final(estimator.best_estimator_)
    return estimator


def _thresholded(estimator: Any, final: Any, data: Any) -> Standing | None:
    """Binary decisions against a tuned or fixed threshold."""
    if hasattr(final, "best_threshold_"):
        threshold = float(final.best_threshold_)
    elif isinstance(getattr(final, "threshold", None), float) and hasattr(
        final, "estimator_"
    ):
        threshold = float(final.threshold)
    else:
        return None
    labels = np.asarray(final.classes_).tolist()
    positive = getattr(final, "pos_label", None)
    scorer = getattr(final, "_curve_scorer", None)
    if positive is None and scorer is not None:
        positive = scorer._get_pos_label()  # noqa: SLF001 - as the estimator itself does
    column = labels.index(positive) if positive in labels else 1
    if getattr(final, "response_method", "auto") == "decision_function":
        scores = np.asarray(estimator.decision_function(data), np.float64)
        scores = scores if column else -scores
    else:
        scores = np.asarray(estimator.predict_proba(data), np.float64)[:, column]
    behind = _signed(scores - threshold)
    return Standing(labels, behind if column else behind[:, ::-1])


def _nearest(estimator: Any, final: Any, data: Any) -> Standing | None:
    """Labels that belong to points, by the points' distances."""
    found = nearest_of(final, lambda: _before_last(estimator, data))
    return None if found is None else Standing(*found)


def _voted(estimator: Any, final: Any, data: Any) -> Standing | None:
    """
    Support vectors of several classes: pairs of classes vote, each by a sign.

    Rounding makes another label of it only where the sign of a pair is in doubt.
    """
    if not hasattr(final, "_n_support") or not hasattr(final, "break_ties"):
        return None
    labels = np.asarray(final.classes_).tolist()
    if len(labels) < 3 or final.break_ties:
        return None
    pairs = final._decision_function(_before_last(estimator, data))  # noqa: SLF001
    doubt = np.abs(np.asarray(pairs, np.float64)).min(axis=1)
    return Standing(labels, np.repeat(doubt[:, None], len(labels), axis=1))


def _before_last(estimator: Any, data: Any) -> Any:
    """What the last step of a pipeline is given."""
    if hasattr(estimator, "best_estimator_"):
        return _before_last(estimator.best_estimator_, data)
    return estimator[:-1].transform(data) if hasattr(estimator, "steps") else data


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
