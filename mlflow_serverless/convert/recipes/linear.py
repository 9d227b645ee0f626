"""Linear models: a product, an intercept, and a link."""

from typing import Any

import numpy as np
from sklearn import linear_model as lm
from sklearn import svm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.combine import softmax
from mlflow_serverless.convert.recipes.numeric import (
    affine,
    expit,
    floats,
    survival,
    two_columns,
)

REGRESSORS = (
    lm.ARDRegression, lm.BayesianRidge, lm.ElasticNet, lm.ElasticNetCV,
    lm.HuberRegressor, lm.Lars, lm.LarsCV, lm.Lasso, lm.LassoCV, lm.LassoLars,
    lm.LassoLarsCV, lm.LassoLarsIC, lm.LinearRegression, lm.MultiTaskElasticNet,
    lm.MultiTaskElasticNetCV, lm.MultiTaskLasso, lm.MultiTaskLassoCV,
    lm.OrthogonalMatchingPursuit, lm.OrthogonalMatchingPursuitCV,
    lm.PassiveAggressiveRegressor, lm.QuantileRegressor, lm.Ridge, lm.RidgeCV,
    lm.SGDRegressor, lm.TheilSenRegressor, svm.LinearSVR,
)  # fmt: skip

LOG_LINKED = (lm.GammaRegressor, lm.PoissonRegressor)

CLASSIFIERS = (
    lm.LogisticRegression, lm.LogisticRegressionCV, lm.PassiveAggressiveClassifier,
    lm.Perceptron, lm.SGDClassifier, svm.LinearSVC, LinearDiscriminantAnalysis,
)  # fmt: skip

LOGISTIC = (lm.LogisticRegression, lm.LogisticRegressionCV)

_TWO = 2


def linear(model: Any, data: Data) -> Sym:
    """`X @ coef + intercept`: `(rows,)` of one target, else `(rows, targets)`."""
    coef = np.asarray(model.coef_)
    value = affine(floats(data), *_terms(model))
    return value.squeeze(1) if coef.ndim == 1 else value


def _terms(model: Any) -> tuple[Array, Array]:
    """Weights `(features, targets)` and intercepts `(targets,)`."""
    coef = np.asarray(model.coef_)
    weights = coef.T if coef.ndim == 2 else coef[:, None]
    return weights, np.atleast_1d(model.intercept_)


def _scores(model: Any, data: Data, *, times: float = 1.0) -> Sym:
    """
    *times* the score of each class; a score for one of two classes, and its negative.

    Rounding is the same on both sides of zero, so the two are each other's negatives,
    and what each class needs comes out of one product. *times* must be a power of two,
    which rounds nothing.
    """
    weights, intercept = _terms(model)
    signs = np.array([-times, times]) if weights.shape[1] == 1 else np.array([times])
    return affine(
        floats(data),
        weights * signs.astype(weights.dtype),
        intercept * signs.astype(intercept.dtype),
    )


@lowers(*REGRESSORS, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """The linear value itself."""
    value = linear(model, data)
    flat = isinstance(model, lm.SGDRegressor | lm.PassiveAggressiveRegressor)
    return value.reshape(-1) if flat and len(value.shape) == 2 else value


@lowers(*LOG_LINKED, method="predict")
def regress_log(model: Any, data: Data) -> Sym:
    """The exponential of the linear value."""
    return linear(model, data).map("Exp")


@lowers(lm.TweedieRegressor, method="predict")
def regress_tweedie(model: Any, data: Data) -> Sym:
    """The linear value through the link that the power (or the user) chose."""
    value = linear(model, data)
    link = model.link
    if link == "auto":
        link = "identity" if model.power <= 0 else "log"
    return value.map("Exp") if link == "log" else value


@lowers(*CLASSIFIERS, method="decision_function")
def decide(model: Any, data: Data) -> Sym:
    """Scores: `(rows,)` of two classes, else `(rows, classes)`."""
    value = linear(model, data)
    return value.squeeze(1) if value.shape[1:] == (1,) else value


@lowers(*CLASSIFIERS, method="predict")
def classify(model: Any, data: Data) -> Labels:
    """The first class of the largest score; of two, the second if it is above zero."""
    return Labels(_scores(model, data).argmax(), np.asarray(model.classes_))


@lowers(*LOGISTIC, method="predict_proba")
def logistic(model: Any, data: Data) -> Sym:
    """Logistic of the score of two classes, softmax of more."""
    if _is_binary(model):
        return survival(_scores(model, data, times=-_steepness(model)))
    if getattr(model, "multi_class", "auto") == "ovr" or model.solver == "liblinear":
        return _normalised(survival(_scores(model, data, times=-1.0)))
    return softmax(_scores(model, data))


@lowers(*LOGISTIC, method="predict_log_proba")
def log_logistic(model: Any, data: Data) -> Sym:
    """The logarithm of probabilities as the model rounds them: zeros become -inf."""
    if _is_binary(model):
        return two_columns(expit(decide(model, data) * _steepness(model))).map("Log")
    return logistic(model, data).map("Log")


def _steepness(model: Any) -> float:
    """Before 1.8 two classes could be asked to be treated as many."""
    return 2.0 if getattr(model, "multi_class", "auto") == "multinomial" else 1.0


def _is_binary(model: Any) -> bool:
    return len(model.classes_) == _TWO


@lowers(LinearDiscriminantAnalysis, method="predict_proba")
def discriminant(model: Any, data: Data) -> Sym:
    """Logistic of the score of two classes, softmax of more."""
    if _is_binary(model):
        return survival(_scores(model, data, times=-1.0))
    return softmax(_scores(model, data))


@lowers(lm.SGDClassifier, method="predict_proba")
def sgd(model: Any, data: Data) -> Sym:
    """Only two losses have probabilities; several classes are normalised one by one."""
    chances = _sgd_chances(model, data)
    return chances if _is_binary(model) else _normalised(chances)


def _sgd_chances(model: Any, data: Data) -> Sym:
    """Of each class by itself, `(rows, classes)`."""
    if model.loss == "log_loss":
        return survival(_scores(model, data, times=-1.0))
    if model.loss != "modified_huber":
        why = f"{model.loss} has no probabilities"
        raise NoConversionError(why, of="SGDClassifier")
    return (_scores(model, data).clip(-1.0, 1.0) + 1.0) / 2.0


@lowers(lm.SGDClassifier, method="predict_log_proba")
def log_sgd(model: Any, data: Data) -> Sym:
    """The logarithm of probabilities as the model rounds them: zeros become -inf."""
    chances = sgd(model, data)
    if _is_binary(model):
        chances = two_columns(chances.column(1).squeeze(1))
    return chances.map("Log")


def _normalised(chances: Sym) -> Sym:
    """Rows that add up to one; rows of zeros become uniform."""
    total = chances.sum(keepdims=True)
    nothing = total.equals(0.0)
    chances = nothing.where(1.0, chances)
    return chances / nothing.where(float(chances.width), total)


@lowers(lm.RidgeClassifier, lm.RidgeClassifierCV, method="decision_function")
def ridge_scores(model: Any, data: Data) -> Sym:
    """As other linear classifiers."""
    return decide(model, data)


@lowers(lm.RidgeClassifier, lm.RidgeClassifierCV, method="predict")
def ridge_classes(model: Any, data: Data) -> Sym | Labels:
    """As other linear classifiers; of several labels, each score's sign."""
    if model._label_binarizer.y_type_.startswith("multilabel"):  # noqa: SLF001 - as predict does
        return (decide(model, data) > 0.0).cast("int64")
    return classify(model, data)
