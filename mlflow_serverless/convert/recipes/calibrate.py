"""Calibrated classifiers, and the curves that calibrate them."""

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression

from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    has_method,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.combine import added, columns_of, softmax
from mlflow_serverless.convert.recipes.numeric import expit, two_columns

_ABOVE_ZERO = 1e-12
"""Added to probabilities before their logarithm, as scikit-learn does."""


@lowers(CalibratedClassifierCV, method="predict_proba")
def calibrated(model: Any, data: Data) -> Sym:
    """The mean of the calibrated estimators."""
    members = model.calibrated_classifiers_
    return added([_calibrated(member, data) for member in members]) / float(
        len(members)
    )


def _calibrated(member: Any, data: Data) -> Sym:
    """One estimator's scores through its calibrators, `(rows, classes)`."""
    size = len(member.classes)
    if member.method == "temperature":
        return _cooled(member, data)
    scores = _responses(member.estimator, data)
    columns = [
        _calibrate(calibrator, scores.column(i).squeeze(1))
        for i, calibrator in enumerate(member.calibrators)
    ]
    if size == 2:
        return two_columns(columns[0])
    places = np.searchsorted(member.classes, member.estimator.classes_)
    spread: Sym = columns_of(columns) @ np.eye(size)[places]
    total = spread.sum(keepdims=True)
    chances = total.equals(0.0).where(1.0 / size, spread / total)
    return _at_most_one(chances)


def _cooled(member: Any, data: Data) -> Sym:
    """Logits times the inverse temperature, then softmax."""
    estimator = member.estimator
    if has_method(estimator, "decision_function"):
        logits = _responses(estimator, data)
        if logits.width == 1:
            logits = logits.graph.concat([-logits, logits])
    else:
        chances = lower_matrix(estimator, "predict_proba", data).cast("float64")
        if chances.width == 2:
            chances = two_columns(chances.column(1).squeeze(1))
        logits = (chances + _ABOVE_ZERO).map("Log")
    chances = softmax(logits * float(member.calibrators[0].beta_))
    return _at_most_one(chances)


def _at_most_one(chances: Sym) -> Sym:
    """What rounding has carried a little above one is one."""
    return ((chances > 1.0) & (chances <= 1.0 + 1e-5)).where(1.0, chances)


def _responses(estimator: Any, data: Data) -> Sym:
    if has_method(estimator, "decision_function"):
        value = lower_matrix(estimator, "decision_function", data).cast("float64")
        return value.unsqueeze(1) if len(value.shape) == 1 else value
    value = lower_matrix(estimator, "predict_proba", data).cast("float64")
    return value.column(1) if value.width == 2 else value


def _calibrate(calibrator: Any, score: Sym) -> Sym:
    if isinstance(calibrator, IsotonicRegression):
        return lower_matrix(calibrator, "predict", score)
    return expit(-(score * float(calibrator.a_) + float(calibrator.b_)))


@lowers(CalibratedClassifierCV, method="predict")
def calibrated_classes(model: Any, data: Data) -> Labels:
    """The class with the largest mean."""
    return Labels(calibrated(model, data).argmax(), np.asarray(model.classes_))


@lowers(IsotonicRegression, method="predict")
def isotonic(model: Any, data: Data) -> Sym:
    """Straight lines between the thresholds; flat or unknown outside."""
    value = matrix_of(data)
    value = value.reshape(-1) if len(value.shape) == 2 else value
    at = np.asarray(model.X_thresholds_, np.float64)
    to = np.asarray(model.y_thresholds_, np.float64)
    value = value.cast("float64")
    inside = interpolated(value, at, to)
    if model.out_of_bounds == "clip" or len(at) == 1:
        return inside
    outside = (value < float(at[0])) | (value > float(at[-1]))
    if model.out_of_bounds == "raise":
        refuse(outside.unsqueeze(1), "outside")
        return inside
    return outside.where(np.nan, inside)


def interpolated(value: Sym, at: Array, to: Array) -> Sym:
    """`numpy.interp(value, at, to)` of a vector."""
    graph = value.graph
    if len(at) == 1:
        return graph.fill(value, float(to[0]), "float64")
    inside = value.clip(float(at[0]), float(at[-1]))
    below = (inside.unsqueeze(1) >= at[None, :]).cast("int64").sum()
    place = graph.binary("Sub", below, np.array(1))
    slopes = np.append(np.diff(to) / np.diff(at), 0.0)
    step = inside - graph.gather(at, place)
    return graph.gather(slopes, place) * step + graph.gather(to, place)
