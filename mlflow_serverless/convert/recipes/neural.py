"""Multi-layer perceptrons."""

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.classify import log_probabilities
from mlflow_serverless.convert.recipes.combine import softmax
from mlflow_serverless.convert.recipes.numeric import dot, expit, plus, two_columns


def _activated(value: Sym, name: str) -> Sym:
    match name:
        case "relu":
            return value.clip(0.0, None)
        case "tanh":
            return value.map("Tanh")
        case "logistic":
            return expit(value)
        case "softmax":
            return softmax(value)
        case "exp":
            return value.map("Exp")
    return value


def _forward(model: Any, data: Data) -> Sym:
    """The output layer, `(rows, outputs)`."""
    value, last = matrix_of(data), len(model.coefs_) - 1
    for i, (weights, bias) in enumerate(
        zip(model.coefs_, model.intercepts_, strict=True)
    ):
        name = model.out_activation_ if i == last else model.activation
        value = _activated(plus(dot(value, weights), bias), name)
    return value


@lowers(MLPRegressor, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """The output layer."""
    value = _forward(model, data)
    return value.squeeze(1) if value.width == 1 else value


@lowers(MLPClassifier, method="predict_proba")
def probabilities(model: Any, data: Data) -> Sym:
    """The output layer; of two classes, both probabilities."""
    value = _forward(model, data)
    return two_columns(value.squeeze(1)) if value.width == 1 else value


@lowers(MLPClassifier, method="predict")
def classify(model: Any, data: Data) -> Labels | Sym:
    """The largest output; of two classes, above one half; of many labels, each so."""
    value = _forward(model, data)
    kind = model._label_binarizer.y_type_  # noqa: SLF001 - no public name
    if kind.startswith("multilabel"):
        return (value > 0.5).cast("int64")
    classes = np.asarray(model.classes_)
    if value.width == 1:
        return Labels((value.squeeze(1) > 0.5).cast("int64"), classes)
    return Labels(value.argmax(), classes)


log_probabilities(MLPClassifier)
