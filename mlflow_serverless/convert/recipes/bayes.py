"""Naive Bayes, discriminants and mixtures: logarithms of densities."""

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)

from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.frame import frame_of
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.combine import added, normalised_logs
from mlflow_serverless.convert.recipes.numeric import doubles

BAYES = (GaussianNB, MultinomialNB, ComplementNB, BernoulliNB, CategoricalNB)
JOINT = "predict_joint_log_proba"


@lowers(GaussianNB, method=JOINT)
def gaussian(model: Any, data: Data) -> Sym:
    """The log prior and the log densities of every column."""
    means, variances = np.asarray(model.theta_), np.asarray(model.var_)
    away = doubles(data).unsqueeze(1) - means[None]
    spread = (away * away / variances[None]).sum()
    constant = np.log(model.class_prior_)
    flat = -0.5 * np.sum(np.log(2.0 * np.pi * variances), axis=1)
    result: Sym = spread * -0.5 + (flat + constant)[None, :]
    return result


@lowers(MultinomialNB, method=JOINT)
def multinomial(model: Any, data: Data) -> Sym:
    """Counts times log probabilities, and the log prior."""
    value = doubles(data) @ np.asarray(model.feature_log_prob_).T
    return value + np.asarray(model.class_log_prior_)[None, :]


@lowers(ComplementNB, method=JOINT)
def complement(model: Any, data: Data) -> Sym:
    """Counts times the weights of the other classes."""
    value = doubles(data) @ np.asarray(model.feature_log_prob_).T
    if len(model.classes_) == 1:
        return value + np.asarray(model.class_log_prior_)[None, :]
    return value


@lowers(BernoulliNB, method=JOINT)
def bernoulli(model: Any, data: Data) -> Sym:
    """Log probabilities of what is there and of what is not."""
    value = doubles(data)
    if model.binarize is not None:
        value = (value > float(model.binarize)).cast("float64")
    there = np.asarray(model.feature_log_prob_)
    absent = np.log(1 - np.exp(there))
    constant = model.class_log_prior_ + absent.sum(axis=1)
    result: Sym = value @ (there - absent).T + constant[None, :]
    return result


@lowers(CategoricalNB, method=JOINT)
def categorical(model: Any, data: Data) -> Sym:
    """The log probability of each column's category; unknown codes are refused."""
    given = doubles(data).cast("int64")
    sizes = np.array([np.shape(table)[1] for table in model.feature_log_prob_])[None]
    unknown = (given < 0) | (given >= sizes)
    refuse(unknown, "unseen", frame_of(data).sources)
    codes = unknown.where(0, given)
    parts = [
        codes.graph.gather(np.asarray(table).T, codes.column(i).squeeze(1))
        for i, table in enumerate(model.feature_log_prob_)
    ]
    return added(parts) + np.asarray(model.class_log_prior_)[None, :]


@lowers(*BAYES, method="predict")
def bayes_classes(model: Any, data: Data) -> Labels:
    """The class with the largest joint probability."""
    joint = lower_matrix(model, JOINT, data)
    return Labels(joint.argmax(), np.asarray(model.classes_))


@lowers(*BAYES, method="predict_log_proba")
def bayes_logs(model: Any, data: Data) -> Sym:
    """Joint probabilities, normalised."""
    return normalised_logs(lower_matrix(model, JOINT, data))


@lowers(*BAYES, method="predict_proba")
def bayes_chances(model: Any, data: Data) -> Sym:
    """The exponential of the log probabilities."""
    return bayes_logs(model, data).map("Exp")


def _posteriors(model: Any, data: Data) -> Sym:
    """Log posteriors up to a constant, `(rows, classes)`."""
    value, parts = doubles(data), []
    for means, turn, scale in zip(
        model.means_, model.rotations_, model.scalings_, strict=True
    ):
        turned = (value - means[None, :]) @ (turn * scale**-0.5)
        parts.append((turned * turned).sum(keepdims=True))
    sizes = np.array([np.sum(np.log(scale)) for scale in model.scalings_])
    spread = value.graph.concat(parts) + sizes[None, :]
    result: Sym = spread * -0.5 + np.log(model.priors_)[None, :]
    return result


@lowers(QuadraticDiscriminantAnalysis, method="decision_function")
def quadratic(model: Any, data: Data) -> Sym:
    """Log posteriors, or their difference where there are two classes."""
    scores = _posteriors(model, data)
    if scores.width == 2:
        return (scores.column(1) - scores.column(0)).squeeze(1)
    return scores


@lowers(QuadraticDiscriminantAnalysis, method="predict")
def quadratic_classes(model: Any, data: Data) -> Labels:
    """The class with the largest posterior."""
    return Labels(_posteriors(model, data).argmax(), np.asarray(model.classes_))


@lowers(QuadraticDiscriminantAnalysis, method="predict_log_proba")
def quadratic_logs(model: Any, data: Data) -> Sym:
    """Posteriors, normalised."""
    return normalised_logs(_posteriors(model, data))


@lowers(QuadraticDiscriminantAnalysis, method="predict_proba")
def quadratic_chances(model: Any, data: Data) -> Sym:
    """The exponential of the log probabilities."""
    return quadratic_logs(model, data).map("Exp")


@lowers(LinearDiscriminantAnalysis)
def discriminant_axes(model: Any, data: Data) -> Sym:
    """Data along the axes that part the classes."""
    value = doubles(data)
    if model.solver == "svd":
        value -= np.asarray(model.xbar_)[None, :]
    kept = model._max_components  # noqa: SLF001 - no public name
    return (value @ np.asarray(model.scalings_)).take(np.arange(kept))


@lowers(LinearDiscriminantAnalysis, method="predict_log_proba")
def discriminant_logs(model: Any, data: Data) -> Sym:
    """Logarithms; a zero probability is the smallest normal number."""
    chances = lower_matrix(model, "predict_proba", data)
    tiny = float(np.finfo(np.dtype(chances.dtype)).smallest_normal)
    return chances.equals(0.0).where(tiny, chances).map("Log")
