"""From scores or probabilities to classes, as each family of classifiers decides."""

from typing import Any

import numpy as np

from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Sym


def labels_by_probability(*kinds: type) -> None:
    """`predict` takes the first class with the largest `predict_proba`."""

    @lowers(*kinds, method="predict")
    def predict(classifier: Any, data: Data) -> Labels:
        chances = lower_matrix(classifier, "predict_proba", data)
        return Labels(chances.argmax(), np.asarray(classifier.classes_))


def by_score(scores: Sym) -> Sym:
    """Class positions from scores `(rows,)` (above zero is 1) or `(rows, k)`."""
    if len(scores.shape) == 1:
        return (scores > 0.0).cast("int64")
    return scores.argmax()


def log_probabilities(*kinds: type) -> None:
    """`predict_log_proba` is the logarithm of `predict_proba`."""

    @lowers(*kinds, method="predict_log_proba")
    def predict_log_proba(classifier: Any, data: Data) -> Sym:
        return lower_matrix(classifier, "predict_proba", data).map("Log")
