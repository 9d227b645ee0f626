"""Projections: data times a matrix."""

from typing import Any

import numpy as np
from sklearn import decomposition as dc
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import BernoulliRBM
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.checks import refuse_overflow
from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.kernels import kernel
from mlflow_serverless.convert.recipes.numeric import dot, doubles, expit, floats, plus


@lowers(dc.PCA, dc.IncrementalPCA)
def principal(model: Any, data: Data) -> Sym:
    """Data along the components, the mean taken off, whitened if asked."""
    value = dot(floats(data), model.components_.T)
    if model.mean_ is not None:
        shift = np.reshape(model.mean_, (1, -1)) @ model.components_.T
        value -= np.asarray(shift)
    if model.whiten:
        scale = np.sqrt(model.explained_variance_)
        tiny = np.finfo(scale.dtype).eps
        value /= np.where(scale < tiny, tiny, scale)
    return value


@lowers(dc.TruncatedSVD, NeighborhoodComponentsAnalysis)
def truncated(model: Any, data: Data) -> Sym:
    """Data along the components."""
    return dot(floats(data), model.components_.T)


@lowers(dc.FastICA)
def independent(model: Any, data: Data) -> Sym:
    """Centred data along the components."""
    value = floats(data)
    if model.whiten:
        value -= np.asarray(model.mean_)[None, :]
    return dot(value, model.components_.T)


@lowers(dc.SparsePCA, dc.MiniBatchSparsePCA)
def sparse(model: Any, data: Data) -> Sym:
    """Ridge regression of the centred data on the components."""
    components = np.asarray(model.components_, np.float64)
    inner = components @ components.T + float(model.ridge_alpha) * np.eye(
        len(components)
    )
    centred = doubles(data) - np.asarray(model.mean_)[None, :]
    result: Sym = centred @ np.linalg.solve(inner, components).T
    return result


@lowers(BernoulliRBM)
def hidden(model: Any, data: Data) -> Sym:
    """How likely each hidden unit is on."""
    weights = np.asarray(model.components_)
    return expit(plus(dot(floats(data), weights.T), model.intercept_hidden_))


@lowers(dc.FactorAnalysis)
def factors(model: Any, data: Data) -> Sym:
    """The expected factors, given the data."""
    components = np.asarray(model.components_)
    weighted = components / model.noise_variance_
    inverse = np.linalg.inv(np.eye(len(components)) + weighted @ components.T)
    centred = doubles(data) - np.asarray(model.mean_)[None, :]
    result: Sym = (centred @ weighted.T) @ inverse
    return result


@lowers(dc.KernelPCA)
def kernel_principal(model: Any, data: Data) -> Sym:
    """Centred kernels along the scaled eigenvectors."""
    points = np.asarray(model.X_fit_, np.float64)
    near = _kernel(model, data, points, float(model.gamma_))
    refuse_overflow(near)  # the centerer looks at them
    centre = model._centerer  # noqa: SLF001 - no public name
    rows = near.sum(keepdims=True) / float(len(points))
    near = near - np.asarray(centre.K_fit_rows_)[None, :] - rows
    near += float(centre.K_fit_all_)
    kept = np.flatnonzero(model.eigenvalues_)
    scaled = np.zeros_like(model.eigenvectors_)
    roots = np.sqrt(model.eigenvalues_[kept])
    scaled[:, kept] = model.eigenvectors_[:, kept] / roots
    result: Sym = near @ scaled
    return result


@lowers(Nystroem)
def nystroem(model: Any, data: Data) -> Sym:
    """Kernels with the kept rows, normalised."""
    points = np.asarray(model.components_, np.float64)
    gamma = 1.0 / points.shape[1] if model.gamma is None else float(model.gamma)
    near = _kernel(model, data, points, gamma)
    return near @ np.asarray(model.normalization_, np.float64).T


def _kernel(model: Any, data: Data, points: Array, gamma: float) -> Sym:
    if callable(model.kernel) or model.kernel_params:
        raise NoConversionError(why="its kernel is Python code", of=model)
    coef0 = 1.0 if model.coef0 is None else float(model.coef0)
    degree = 3.0 if model.degree is None else float(model.degree)
    return kernel(
        doubles(data), points, model.kernel, gamma=gamma, coef0=coef0, degree=degree
    )


@lowers(RBFSampler)
def random_waves(model: Any, data: Data) -> Sym:
    """Cosines of random projections."""
    turned = dot(floats(data), model.random_weights_)
    waves = (turned + np.asarray(model.random_offset_)[None, :]).map("Cos")
    return waves * float((2.0 / model.n_components) ** 0.5)


@lowers(GaussianRandomProjection, SparseRandomProjection)
def random_projection(model: Any, data: Data) -> Sym:
    """Data times the random matrix."""
    components = model.components_
    if not isinstance(components, np.ndarray):
        components = components.toarray()
    return dot(floats(data), components.T)


@lowers(PLSRegression, PLSCanonical, CCA, method="predict")
def partial_least_squares(model: Any, data: Data) -> Sym:
    """Centred data times coefficients, and the intercept."""
    centred = doubles(data) - np.asarray(model._x_mean)[None, :]  # noqa: SLF001
    value = centred @ np.asarray(model.coef_).T
    value += np.atleast_1d(model.intercept_)[None, :]
    flat = getattr(model, "_predict_1d", False)
    return value.squeeze(1) if flat and value.width == 1 else value


@lowers(PLSRegression, PLSCanonical, CCA)
def latent(model: Any, data: Data) -> Sym:
    """Standardised data along the rotations."""
    centred = doubles(data) - np.asarray(model._x_mean)[None, :]  # noqa: SLF001
    scaled = centred / np.asarray(model._x_std)[None, :]  # noqa: SLF001
    return scaled @ np.asarray(model.x_rotations_)


@lowers(PLSSVD)
def latent_svd(model: Any, data: Data) -> Sym:
    """Standardised data along the weights."""
    centred = doubles(data) - np.asarray(model._x_mean)[None, :]  # noqa: SLF001
    scaled = centred / np.asarray(model._x_std)[None, :]  # noqa: SLF001
    return scaled @ np.asarray(model.x_weights_)
