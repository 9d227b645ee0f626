"""Linear models: a product, an intercept, and a link."""

from typing import Any

import numpy as np
from sklearn import linear_model as lm
from sklearn import svm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.classify import (
    by_score,
    labels_by_score,
    log_probabilities,
)
from mlflow_serverless.convert.recipes.combine import softmax
from mlflow_serverless.convert.recipes.numeric import dot as product
from mlflow_serverless.convert.recipes.numeric import expit, floats, plus, two_columns

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


def linear(model: Any, data: Data) -> Sym:
    """`X @ coef + intercept`: `(rows,)` of one target, else `(rows, targets)`."""
    coef = np.asarray(model.coef_)
    weights = coef.T if coef.ndim == 2 else coef[:, None]
    value = plus(product(floats(data), weights), np.atleast_1d(model.intercept_))
    return value.squeeze(1) if coef.ndim == 1 else value


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


labels_by_score(*CLASSIFIERS)
log_probabilities(
    *LOGISTIC, lm.SGDClassifier,
)  # fmt: skip


@lowers(*LOGISTIC, method="predict_proba")
def logistic(model: Any, data: Data) -> Sym:
    """Logistic of the score of two classes, softmax of more."""
    scores, kind = decide(model, data), getattr(model, "multi_class", "auto")
    if len(scores.shape) == 1:
        # before 1.8 two classes could be asked to be treated as many
        return two_columns(expit(scores * (2.0 if kind == "multinomial" else 1.0)))
    if kind == "ovr" or model.solver == "liblinear":
        return _normalised(expit(scores))
    return softmax(scores)


@lowers(LinearDiscriminantAnalysis, method="predict_proba")
def discriminant(model: Any, data: Data) -> Sym:
    """Logistic of the score of two classes, softmax of more."""
    scores = decide(model, data)
    if len(scores.shape) == 1:
        return two_columns(expit(scores))
    return softmax(scores)


@lowers(lm.SGDClassifier, method="predict_proba")
def sgd(model: Any, data: Data) -> Sym:
    """Only two losses have probabilities; several classes are normalised one by one."""
    scores = decide(model, data)
    if model.loss == "log_loss":
        chances = expit(scores)
        if len(chances.shape) == 1:
            return two_columns(chances)
        return _normalised(chances)
    if model.loss != "modified_huber":
        why = f"{model.loss} has no probabilities"
        raise NoConversionError(why, of="SGDClassifier")
    chances = (scores.clip(-1.0, 1.0) + 1.0) / 2.0
    return two_columns(chances) if len(chances.shape) == 1 else _normalised(chances)


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
    scores = decide(model, data)
    if model._label_binarizer.y_type_.startswith("multilabel"):  # noqa: SLF001 - as predict does
        return (scores > 0.0).cast("int64")
    return Labels(by_score(scores), np.asarray(model.classes_))
