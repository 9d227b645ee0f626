"""Mixtures, envelopes, label propagation and Gaussian processes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.gaussian_process import (
    GaussianProcessClassifier,
    GaussianProcessRegressor,
    kernels,
)
from sklearn.gaussian_process._gpc import _BinaryGaussianProcessClassifierLaplace
from sklearn.linear_model import SGDOneClassSVM
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes import distance
from mlflow_serverless.convert.recipes.classify import labels_by_probability
from mlflow_serverless.convert.recipes.combine import normalised_logs
from mlflow_serverless.convert.recipes.numeric import doubles

MIXTURES = (GaussianMixture, BayesianGaussianMixture)


def _weighted_logs(model: Any, data: Data) -> Sym:
    """Log densities and log weights of each component, `(rows, components)`."""
    value, means = doubles(data), np.asarray(model.means_)
    probe = means[:1]
    # what the library says of one point, less what its distance says, is constant
    spread = _spreads(model, value)
    known = model._estimate_weighted_log_prob(probe)  # noqa: SLF001 - no public name
    constant = known[0] + 0.5 * _spread_at(model, probe[0])
    result: Sym = spread * -0.5 + constant[None, :]
    return result


def _factors(model: Any) -> list[Array]:
    """By component: a matrix that turns its density into a round one."""
    chol, width = np.asarray(model.precisions_cholesky_), model.means_.shape[1]
    match model.covariance_type:
        case "full":
            return list(chol)
        case "tied":
            return [chol] * len(model.means_)
        case "diag":
            return [np.diag(row) for row in chol]
    return [np.eye(width) * scale for scale in chol]


def _spreads(model: Any, value: Sym) -> Sym:
    parts = []
    for mean, factor in zip(model.means_, _factors(model), strict=True):
        turned = (value - mean[None, :]) @ factor
        parts.append((turned * turned).sum(keepdims=True))
    return value.graph.concat(parts)


def _spread_at(model: Any, point: Array) -> Array:
    pairs = zip(model.means_, _factors(model), strict=True)
    return np.array([np.sum(((point - m) @ f) ** 2) for m, f in pairs])


@lowers(*MIXTURES, method="predict")
def component(model: Any, data: Data) -> Sym:
    """The likeliest component."""
    return _weighted_logs(model, data).argmax()


@lowers(*MIXTURES, method="predict_proba")
def components(model: Any, data: Data) -> Sym:
    """How likely each component is."""
    return normalised_logs(_weighted_logs(model, data)).map("Exp")


@lowers(*MIXTURES, method="score_samples")
def log_density(model: Any, data: Data) -> Sym:
    """The logarithm of the whole density."""
    logs = _weighted_logs(model, data)
    top = logs.reduce("ReduceMax", keepdims=True)
    total = (logs - top).map("Exp").sum(keepdims=True).map("Log") + top
    return total.squeeze(1)


@lowers(EllipticEnvelope, method="score_samples")
def envelope_scores(model: Any, data: Data) -> Sym:
    """The opposite of the Mahalanobis distance."""
    away = doubles(data) - np.asarray(model.location_)[None, :]
    return -((away @ np.asarray(model.get_precision())) * away).sum()


@lowers(EllipticEnvelope, method="decision_function")
def envelope_decisions(model: Any, data: Data) -> Sym:
    """Scores less the offset."""
    return envelope_scores(model, data) - float(model.offset_)


@lowers(SGDOneClassSVM, method="decision_function")
def sgd_decisions(model: Any, data: Data) -> Sym:
    """A linear score less the offset."""
    value = doubles(data) @ np.reshape(model.coef_, (-1, 1)).astype(np.float64)
    return value.squeeze(1) - float(np.ravel(model.offset_)[0])


@lowers(SGDOneClassSVM, method="score_samples")
def sgd_scores(model: Any, data: Data) -> Sym:
    """The linear score."""
    return sgd_decisions(model, data) + float(np.ravel(model.offset_)[0])


@lowers(EllipticEnvelope, SGDOneClassSVM, method="predict")
def inlier(model: Any, data: Data) -> Sym:
    """1 inside, -1 outside."""
    envelope = isinstance(model, EllipticEnvelope)
    score = envelope_decisions(model, data) if envelope else sgd_decisions(model, data)
    graph, inside, kind = score.graph, score >= 0.0, "int64" if envelope else "int32"
    return inside.where(graph.constant(1, kind), graph.constant(-1, kind))


@lowers(LabelPropagation, LabelSpreading, method="predict_proba")
def propagated(model: Any, data: Data) -> Sym:
    """Label distributions of near points, by kernel or by neighbours."""
    points = np.asarray(model.X_, np.float64)
    labels = np.asarray(model.label_distributions_, np.float64)
    if model.kernel == "rbf":
        away = distance.expanded_as_sklearn(doubles(data), points)
        value = (away * -float(model.gamma)).map("Exp") @ labels
    elif model.kernel == "knn":
        away = distance.squared(doubles(data), points)
        _, places = distance.nearest(away, int(model.n_neighbors))
        value = places.graph.gather(labels, places).sum(axis=1)
    else:
        raise NoConversionError(why="its kernel is Python code", of=model)
    return value / value.sum(keepdims=True)


labels_by_probability(LabelPropagation, LabelSpreading)


@lowers(GaussianProcessRegressor, method="predict")
def process_mean(model: Any, data: Data) -> Sym:
    """The posterior mean."""
    if not hasattr(model, "X_train_"):
        raise NoConversionError(why="it was not fitted", of=model)
    points = np.asarray(model.X_train_, np.float64)
    alpha = np.asarray(model.alpha_, np.float64)
    wide = alpha if alpha.ndim == 2 else alpha[:, None]
    value = covariance(model.kernel_, doubles(data), points) @ wide
    scale, shift = np.atleast_1d(model._y_train_std), np.atleast_1d(model._y_train_mean)  # noqa: SLF001
    value = value * scale[None, :] + shift[None, :]
    return value.squeeze(1) if value.width == 1 else value


@lowers(_BinaryGaussianProcessClassifierLaplace, method="decision_function")
def process_score(model: Any, data: Data) -> Sym:
    """The latent mean, whose sign decides."""
    points = np.asarray(model.X_train_, np.float64)
    weights = np.asarray(model.y_train_ - model.pi_, np.float64)[:, None]
    near = covariance(model.kernel_, doubles(data), points)
    return (near @ weights).squeeze(1)


@lowers(GaussianProcessClassifier, method="predict")
def process_classes(model: Any, data: Data) -> Labels:
    """The sign of the latent mean; of several classes there is no closed form."""
    inner = model.base_estimator_
    if not isinstance(inner, _BinaryGaussianProcessClassifierLaplace):
        raise NoConversionError(why="it has more than two classes", of=model)
    second = (process_score(inner, data) > 0.0).cast("int64")
    return Labels(second, np.asarray(inner.classes_))


def covariance(kernel: Any, data: Sym, points: Array) -> Sym:
    """`kernel(data, points)`, `(rows, points)`."""
    recipe = _KERNELS.get(type(kernel))
    if recipe is None:
        why = f"kernel {kernel} has no recipe"
        raise NoConversionError(why, of="the Gaussian process")
    return recipe(kernel, data, points)


def _constant(data: Sym, points: Array, value: float) -> Sym:
    return data.column(0) * 0.0 + np.full((1, len(points)), value)


def _both(kernel: Any, data: Sym, points: Array) -> tuple[Sym, Sym]:
    first = covariance(kernel.k1, data, points)
    return first, covariance(kernel.k2, data, points)


def _sum(kernel: Any, data: Sym, points: Array) -> Sym:
    first, second = _both(kernel, data, points)
    return first + second


def _product(kernel: Any, data: Sym, points: Array) -> Sym:
    first, second = _both(kernel, data, points)
    return first * second


def _rational(kernel: Any, data: Sym, points: Array) -> Sym:
    near = distance.squared(data, points)
    base = near / (2.0 * kernel.alpha * kernel.length_scale**2) + 1.0
    result: Sym = base ** (-float(kernel.alpha))
    return result


def _scaled(data: Sym, points: Array, scale: Any) -> Sym:
    """Squared distances in units of *scale*."""
    widths = np.broadcast_to(np.asarray(scale, np.float64), points.shape[1:])
    return distance.squared(data / widths[None, :], points / widths)


def _matern(kernel: Any, data: Sym, points: Array) -> Sym:
    away = _scaled(data, points, kernel.length_scale).map("Sqrt")
    match float(kernel.nu):
        case 0.5:
            return (-away).map("Exp")
        case 1.5:
            value = away * float(np.sqrt(3.0))
            return (value + 1.0) * (-value).map("Exp")
        case 2.5:
            value = away * float(np.sqrt(5.0))
            return (value + 1.0 + value * value / 3.0) * (-value).map("Exp")
        case nu if nu == np.inf:
            return (away * away * -0.5).map("Exp")
    why = f"Matern of nu={kernel.nu} has no closed form"
    raise NoConversionError(why, of="the Gaussian process")


_KERNELS: dict[type, Callable[[Any, Sym, Array], Sym]] = {
    kernels.Sum: _sum,
    kernels.Product: _product,
    kernels.Matern: _matern,
    kernels.RationalQuadratic: _rational,
    kernels.ConstantKernel: lambda k, x, p: _constant(x, p, float(k.constant_value)),
    kernels.WhiteKernel: lambda _, x, p: _constant(x, p, 0.0),
    kernels.DotProduct: lambda k, x, p: x @ p.T + float(k.sigma_0) ** 2,
    kernels.RBF: lambda k, x, p: (_scaled(x, p, k.length_scale) * -0.5).map("Exp"),
}
