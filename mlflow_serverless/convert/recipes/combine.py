"""Sums in the order of a loop, and class positions across estimators."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    has_method,
    lower,
    lower_matrix,
)
from mlflow_serverless.convert.lower.symbol import Array, Sym


def added(parts: Sequence[Sym]) -> Sym:
    """Parts added one after the other."""
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def columns_of(parts: Sequence[Sym]) -> Sym:
    """Vectors `(rows,)` as the columns of one matrix."""
    return parts[0].graph.concat([part.unsqueeze(1) for part in parts])


def labels_of(estimator: Any, data: Data) -> Labels:
    """What a classifier predicts, as positions."""
    result = lower(estimator, "predict", data)
    if isinstance(result, Labels):
        return result
    raise NoConversionError(why="it does not predict one label a row", of=estimator)


def position_in(labels: Labels, classes: Sequence[Any] | Array) -> Sym:
    """Positions of *labels* in other *classes*, int64 `(rows,)`."""
    places = {value: i for i, value in enumerate(np.asarray(classes).tolist())}
    table = [places[value] for value in np.asarray(labels.classes).tolist()]
    if table == list(range(len(table))):
        return labels.index
    return labels.index.graph.gather(np.array(table, np.int64), labels.index)


def one_hot(index: Sym, size: int) -> Sym:
    """float64 `(..., size)`: 1 at each position of *index*."""
    places = np.arange(size).reshape((1,) * len(index.shape) + (size,))
    return index.unsqueeze(len(index.shape)).equals(places).cast("float64")


def binary_score(estimator: Any, data: Data) -> Sym:
    """A binary estimator's score `(rows,)`: its decision, else its probability."""
    if is_regressor(estimator):
        return lower_matrix(estimator, "predict", data)
    if has_method(estimator, "decision_function"):
        score = lower_matrix(estimator, "decision_function", data)
        return score if len(score.shape) == 1 else score.squeeze(1)
    return lower_matrix(estimator, "predict_proba", data).column(1).squeeze(1)


def softmax(scores: Sym) -> Sym:
    """Exponentials that add up to one in each row."""
    if scores.dtype == "float64":  # of float32 the operator approximates exponentials
        return scores.map("Softmax", axis=-1)
    raised = (scores - scores.reduce("ReduceMax", keepdims=True)).map("Exp")
    return raised / raised.sum(keepdims=True)


def normalised_logs(scores: Sym) -> Sym:
    """
    Rows less the logarithm of the sum of their exponentials.

    An infinite largest score is not taken off, as scipy does not: the others are
    impossible beside it, not NaN.
    """
    most = float(np.finfo(np.float64).max)
    top = scores.reduce("ReduceMax", keepdims=True).clip(-most, most)
    shifted = scores - top
    return shifted - shifted.map("Exp").sum(keepdims=True).map("Log")
