"""Estimators that look at nothing."""

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.multiclass import _ConstantPredictor

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import frame_of
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.classify import log_probabilities


def _zeros(data: Data) -> Sym:
    """int64 zeros `(rows,)`."""
    column = frame_of(data).single(0)
    return column.graph.fill(column, 0).squeeze(1)


@lowers(DummyRegressor, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """The constant."""
    rows = _zeros(data)
    value: Array = np.asarray(model.constant_)
    if value.shape[1] == 1:
        return rows.graph.gather(value.ravel(), rows)
    return rows.graph.gather(value, rows)


@lowers(DummyClassifier, method="predict_proba")
def chances(model: Any, data: Data) -> Sym:
    """The same probabilities for every row."""
    return _row(model, data, model.predict_proba)


@lowers(DummyClassifier, method="predict")
def classify(model: Any, data: Data) -> Labels:
    """The same class for every row."""
    rows, classes = _zeros(data), np.asarray(model.classes_)
    _check(model)
    said = model.predict(np.zeros((1, 1)))[0]
    place = np.flatnonzero(classes == said)
    return Labels(rows.graph.gather(place, rows), classes)


def _row(model: Any, data: Data, method: Any) -> Sym:
    _check(model)
    rows = _zeros(data)
    return rows.graph.gather(np.asarray(method(np.zeros((1, 1))), np.float64), rows)


def _check(model: Any) -> None:
    if model.strategy in {"stratified", "uniform"} or model.n_outputs_ > 1:
        why = f"its strategy {model.strategy!r} draws at random, or it has many outputs"
        raise NoConversionError(why, of=model)


log_probabilities(DummyClassifier)


@lowers(_ConstantPredictor, method="decision_function")
@lowers(_ConstantPredictor, method="predict")
def alone(model: Any, data: Data) -> Sym:
    """The only class of a problem that turned out to have one."""
    rows = _zeros(data)
    return rows.graph.gather(np.ravel(model.y_), rows)


@lowers(_ConstantPredictor, method="predict_proba")
def alone_chances(model: Any, data: Data) -> Sym:
    """All or nothing."""
    rows = _zeros(data)
    value = np.asarray(model.y_, np.float64).ravel()
    return rows.graph.gather(np.stack([1 - value, value], axis=1), rows)
