"""Estimators that hold another: searches, thresholds, calibration, many outputs."""

from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - registers
from sklearn.feature_selection import RFE, RFECV
from sklearn.linear_model import RANSACRegressor
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.semi_supervised import SelfTrainingClassifier

from mlflow_serverless.convert.lower.checks import refuse_overflow
from mlflow_serverless.convert.lower.frame import frame_of
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    Result,
    has_method,
    lower,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes import distance
from mlflow_serverless.convert.recipes.classify import log_probabilities
from mlflow_serverless.convert.recipes.combine import (
    binary_score,
    columns_of,
    labels_of,
)
from mlflow_serverless.convert.recipes.compose import METHODS
from mlflow_serverless.convert.recipes.kernels import one_against_rest
from mlflow_serverless.convert.recipes.numeric import two_columns


def _hands_on(attribute: str, *kinds: type) -> None:
    """Every method is that of the estimator in *attribute*."""

    def register(method: str) -> None:
        @lowers(*kinds, method=method)
        def inner(model: Any, data: Data) -> Result:
            return lower(getattr(model, attribute), method, data)

    for method in METHODS:
        register(method)


_hands_on(
    "best_estimator_",
    GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV,
)  # fmt: skip
_hands_on("estimator_", RANSACRegressor, SelfTrainingClassifier)
_hands_on("estimator_", FixedThresholdClassifier, TunedThresholdClassifierCV)


def _frozen() -> None:
    try:
        from sklearn.frozen import FrozenEstimator  # noqa: PLC0415 - since 1.6
    except ImportError:
        return
    _hands_on("estimator", FrozenEstimator)


_frozen()


@lowers(FixedThresholdClassifier, TunedThresholdClassifierCV, method="predict")
def by_threshold(model: Any, data: Data) -> Labels:
    """The positive class from the decision threshold on."""
    inner, classes = model.estimator_, np.asarray(model.classes_)
    positive = _positive(model)
    score, method = _scored(model, inner, data, positive)
    reached = (score >= _threshold(model, method)).cast("int64")
    order = np.array([1 - positive, positive], np.int64)
    return Labels(reached.graph.gather(order, reached), classes)


def _positive(model: Any) -> int:
    """The position of the class that the threshold is for."""
    label = getattr(model, "pos_label", None)
    scorer = getattr(model, "_curve_scorer", None)
    if label is None and scorer is not None:
        label = scorer._get_pos_label()  # noqa: SLF001 - as the estimator itself does
    return 1 if label is None else int(np.flatnonzero(model.classes_ == label)[0])


def _scored(model: Any, inner: Any, data: Data, positive: int) -> tuple[Sym, str]:
    wanted = model.response_method
    order = ["predict_proba", "decision_function"] if wanted == "auto" else [wanted]
    method = next(m for m in order if has_method(inner, m))
    value = lower_matrix(inner, method, data)
    if method == "predict_proba":
        return value.column(positive).squeeze(1), method
    return (value if positive == 1 else -value), method


def _threshold(model: Any, method: str) -> float:
    if isinstance(model, TunedThresholdClassifierCV):
        return float(model.best_threshold_)
    if model.threshold == "auto":
        return 0.5 if method == "predict_proba" else 0.0
    return float(model.threshold)


log_probabilities(OneVsRestClassifier)


@lowers(OneVsRestClassifier, method="decision_function")
def rest_scores(model: Any, data: Data) -> Sym:
    """Each estimator's score."""
    scores = [binary_score(member, data) for member in model.estimators_]
    return scores[0] if len(scores) == 1 else columns_of(scores)


@lowers(OneVsRestClassifier, method="predict")
def rest_classes(model: Any, data: Data) -> Labels | Sym:
    """The class whose estimator is surest; each label for itself if there are many."""
    scores = [binary_score(member, data) for member in model.estimators_]
    classes = np.asarray(model.classes_)
    if model.label_binarizer_.y_type_ == "multiclass":
        return Labels(columns_of(scores).argmax(), classes)
    by_chance = not has_method(model.estimators_[0], "decision_function")
    sure = [(score > (0.5 if by_chance else 0.0)).cast("int64") for score in scores]
    return Labels(sure[0], classes) if len(sure) == 1 else columns_of(sure)


@lowers(OneVsRestClassifier, method="predict_proba")
def rest_chances(model: Any, data: Data) -> Sym:
    """Each estimator's probability; normalised unless there are many labels."""
    parts = [
        lower_matrix(member, "predict_proba", data).column(1)
        for member in model.estimators_
    ]
    if len(parts) == 1:
        return two_columns(parts[0].squeeze(1))
    value = parts[0].graph.concat(parts)
    if model.multilabel_:
        return value
    total = value.sum(keepdims=True)
    return total.equals(0.0).where(value, value / total)


@lowers(OneVsOneClassifier, method="decision_function")
def pair_scores(model: Any, data: Data) -> Sym:
    """Votes of all pairs, ties broken by confidence."""
    frame, wins, scores = frame_of(data), [], []
    chosen = model.pairwise_indices_ or [None] * len(model.estimators_)
    for member, columns in zip(model.estimators_, chosen, strict=True):
        view = frame if columns is None else frame.take(columns)
        wins.append(labels_of(member, view).index.equals(1))
        scores.append(binary_score(member, view))
    second = columns_of(wins)
    votes = one_against_rest(second, columns_of(scores), len(model.classes_))
    return votes.column(1).squeeze(1) if model.n_classes_ == 2 else votes


@lowers(OneVsOneClassifier, method="predict")
def pair_classes(model: Any, data: Data) -> Labels:
    """The class with most votes."""
    votes, classes = pair_scores(model, data), np.asarray(model.classes_)
    if model.n_classes_ > 2:
        return Labels(votes.argmax(), classes)
    by_chance = not has_method(model.estimators_[0], "decision_function")
    return Labels((votes > (0.5 if by_chance else 0.0)).cast("int64"), classes)


@lowers(OutputCodeClassifier, method="predict")
def code_classes(model: Any, data: Data) -> Labels:
    """The class whose code is nearest to the scores."""
    said = columns_of([
        binary_score(member, data).cast("float64") for member in model.estimators_
    ])  # fmt: skip
    refuse_overflow(said)  # pairwise_distances_argmin looks at them
    place = distance.nearest_by_argkmin(said, np.asarray(model.code_book_, np.float64))
    return Labels(place, np.asarray(model.classes_))


def _eliminated(method: str) -> None:
    @lowers(RFE, RFECV, method=method)
    def inner(model: Any, data: Data) -> Result:
        kept = frame_of(data).take(np.flatnonzero(model.support_).tolist())
        return lower(model.estimator_, method, kept)


for _method in METHODS:
    if _method != "transform":
        _eliminated(_method)
