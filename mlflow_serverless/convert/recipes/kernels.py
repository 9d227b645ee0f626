"""Support vector machines, and what else compares rows with kept ones."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import normalize
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes import distance
from mlflow_serverless.convert.recipes.classify import log_probabilities
from mlflow_serverless.convert.recipes.combine import added, one_hot
from mlflow_serverless.convert.recipes.numeric import doubles


def kernel(  # noqa: PLR0913 - a kernel has this many parameters
    data: Sym,
    points: Array,
    name: Any,
    *,
    gamma: float,
    coef0: float,
    degree: float,
    apart: Callable[[Sym, Array], Sym] = distance.expanded_as_sklearn,
) -> Sym:
    """
    The kernel of each row with each of *points*, `(rows, points)`.

    *apart* gives squared distances as the library does: what overflows in
    scikit-learn's own is NaN, and infinite in libsvm's.
    """
    match name:
        case "linear":
            return data @ points.T
        case "rbf":
            return (apart(data, points) * -gamma).map("Exp")
        case "poly" | "polynomial":
            return _power((data @ points.T) * gamma + coef0, degree)
        case "sigmoid":
            return ((data @ points.T) * gamma + coef0).map("Tanh")
        case "laplacian":
            away = distance.between(data, points, "manhattan")
            return (away * -gamma).map("Exp")
        case "cosine":
            near: Sym = _unit(data) @ normalize(points).T
            return near
    why = f"kernel {name!r} is not one we can write down"
    raise NoConversionError(why, of="the kernel machine")


def _unit(data: Sym) -> Sym:
    """Rows of length one; scikit-learn leaves rows that are shorter than this."""
    norm = (data * data).sum(keepdims=True).map("Sqrt")
    return data / (norm < 10 * np.finfo(np.float64).eps).where(1.0, norm)


def _power(value: Sym, degree: float) -> Sym:
    """By squaring where the degree is whole, as libsvm multiplies."""
    if degree != int(degree) or degree < 1:
        return value ** float(degree)
    left, total = int(degree), None
    while left:
        if left % 2:
            total = value if total is None else total * value
        value, left = value * value, left // 2
    return value if total is None else total


def _kernel_of(model: Any, data: Data) -> Sym:
    points = model.support_vectors_
    if not isinstance(points, np.ndarray):
        raise NoConversionError(why="its vectors are sparse", of=model)
    return kernel(
        doubles(data), points, model.kernel,
        gamma=float(model._gamma), coef0=float(model.coef0), degree=model.degree,  # noqa: SLF001
        apart=distance.squared,
    )  # fmt: skip


def _pairs(model: Any, data: Data) -> Sym:
    """Libsvm's own decisions, one for each pair of classes."""
    counts = np.asarray(model._n_support)  # noqa: SLF001 - no public name
    starts = np.concatenate([[0], np.cumsum(counts)])
    coef = np.asarray(model._dual_coef_)
    pairs = list(combinations(range(len(counts)), 2))
    weights = np.zeros((coef.shape[1], len(pairs)))
    own = np.zeros(weights.shape, bool)
    for p, (i, j) in enumerate(pairs):
        first, second = (slice(starts[k], starts[k + 1]) for k in (i, j))
        weights[first, p] = coef[j - 1, first]
        weights[second, p] = coef[i, second]
        own[first, p] = own[second, p] = True
    near, offset = _kernel_of(model, data), np.asarray(model._intercept_)[None, :]
    if own.all() or model.kernel == "rbf":
        return near @ weights + offset
    # an infinity of another pair's vector would be NaN here, times zero
    parts = [
        near.take(np.flatnonzero(own[:, p])) @ weights[own[:, p], p][:, None]
        for p in range(len(pairs))
    ]
    return near.graph.concat(parts) + offset


def _votes(first_wins: Sym, size: int) -> Sym:
    """How many pairs each class wins, `(rows, size)`."""
    pairs = np.array(list(combinations(range(size), 2)))
    graph = first_wins.graph
    won = first_wins.where(graph.constant(pairs[:, 0]), graph.constant(pairs[:, 1]))
    return one_hot(won, size).sum(axis=1)


@lowers(SVC, NuSVC, method="decision_function")
def decide(model: Any, data: Data) -> Sym:
    """Decisions of two classes, of pairs, or votes with confidence as tie-break."""
    raw, size = _pairs(model, data), len(model.classes_)
    if size == 2:
        return (-raw).squeeze(1)
    if model.decision_function_shape == "ovo":
        return raw
    return one_against_rest(raw < 0.0, -raw, size)


def one_against_rest(second_wins: Sym, confidence: Sym, size: int) -> Sym:
    """Votes of all pairs, and confidences squeezed below half a vote."""
    pairs = list(combinations(range(size), 2))
    # only a class's own pairs: an infinity of another would be NaN, times zero
    own = [[p for p, pair in enumerate(pairs) if k in pair] for k in range(size)]
    signs = [[-1.0 if pairs[p][0] == k else 1.0 for p in own[k]] for k in range(size)]
    places = confidence.graph.constant(np.array(own, np.int64))
    mine = confidence.graph.gather(confidence, places, axis=1) * np.array([signs])
    total = mine.sum()
    squeezed = total / ((total.map("Abs") + 1.0) * 3.0)
    return _votes(~second_wins, size) + squeezed


@lowers(SVC, NuSVC, method="predict")
def classify(model: Any, data: Data) -> Labels:
    """The class that wins most pairs, the first of equals."""
    classes = np.asarray(model.classes_)
    if model.break_ties and len(classes) > 2:
        return Labels(decide(model, data).argmax(), classes)
    votes = _votes(_pairs(model, data) > 0.0, len(classes))
    return Labels(votes.argmax(), classes)


@lowers(SVR, NuSVR, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """Kernels times coefficients."""
    value = _kernel_of(model, data) @ np.asarray(model._dual_coef_).T
    return (value + np.asarray(model._intercept_)[None, :]).squeeze(1)


@lowers(OneClassSVM, method="decision_function")
def inside(model: Any, data: Data) -> Sym:
    """Positive inside."""
    return regress(model, data)


@lowers(OneClassSVM, method="score_samples")
def inside_scores(model: Any, data: Data) -> Sym:
    """Decisions before the offset."""
    return regress(model, data) + float(np.ravel(model.offset_)[0])


@lowers(OneClassSVM, method="predict")
def inside_classes(model: Any, data: Data) -> Sym:
    """1 inside, -1 outside."""
    within = regress(model, data) > 0.0
    graph = within.graph
    return within.where(graph.constant(1, "int64"), graph.constant(-1, "int64"))


@lowers(KernelRidge, method="predict")
def kernel_ridge(model: Any, data: Data) -> Sym:
    """Kernels times dual coefficients."""
    if callable(model.kernel) or model.kernel_params:
        raise NoConversionError(why="its kernel is Python code", of=model)
    points = np.asarray(model.X_fit_, np.float64)
    gamma = 1.0 / points.shape[1] if model.gamma is None else float(model.gamma)
    near = kernel(
        doubles(data), points, model.kernel, gamma=gamma, coef0=float(model.coef0),
        degree=model.degree,
    )  # fmt: skip
    dual = np.asarray(model.dual_coef_, np.float64)
    value = near @ (dual if dual.ndim == 2 else dual[:, None])
    return value if dual.ndim == 2 else value.squeeze(1)


_FLOOR = 1e-7
"""libsvm keeps pairwise probabilities this far from 0 and 1."""


@lowers(SVC, NuSVC, method="predict_proba")
def chances(model: Any, data: Data) -> Sym:
    """Pairwise probabilities by Platt's sigmoid, coupled as libsvm couples them."""
    a, b = np.asarray(model._probA), np.asarray(model._probB)  # noqa: SLF001
    if not a.size:
        raise NoConversionError(why="it was fitted without probabilities", of=model)
    size = len(model.classes_)
    bent = _pairs(model, data) * a[None, :] + b[None, :]
    first = (-bent).map("Sigmoid").clip(_FLOOR, 1.0 - _FLOOR)
    return _coupled(_ratios(first, size), size)


log_probabilities(SVC, NuSVC)


def _ratios(first: Sym, size: int) -> list[list[Sym]]:
    """`r[i][j]`: how likely class i is against class j, each `(rows, 1)`."""
    ratio: list[list[Sym]] = [[first] * size for _ in range(size)]
    for p, (i, j) in enumerate(combinations(range(size), 2)):
        ratio[i][j] = first.column(p)
        ratio[j][i] = -first.column(p) + 1.0
    return ratio


def _coupled(ratio: list[list[Sym]], size: int) -> Sym:
    """Wu, Lin and Weng's second method, each row for as long as libsvm iterates it."""
    graph = ratio[0][1].graph
    rows = [
        graph.concat([
            added([ratio[k][t] * ratio[k][t] for k in range(size) if k != t])
            if i == t
            else -(ratio[i][t] * ratio[t][i])
            for i in range(size)
        ])
        for t in range(size)
    ]  # fmt: skip
    start = graph.fill(rows[0], 1.0 / size, "float64")
    going = graph.fill(rows[0].column(0), 1.0, "float64")

    def round_of(state: Sequence[Sym]) -> tuple[list[Sym], Sym]:
        chance, active = state
        product = graph.concat([(row * chance).sum(keepdims=True) for row in rows])
        total = (chance * product).sum(keepdims=True)
        error = (product - total).map("Abs").reduce("ReduceMax", keepdims=True)
        still = active * (error >= 0.005 / size).cast("float64")
        moved = _swept(rows, chance, product, total)
        after = (still > 0.0).where(moved, chance)
        more = still.reshape(-1).reduce("ReduceMax", axis=0) > 0.0
        return [after, still], more

    return graph.loop(max(100, size), [start, going], round_of)[0]


def _swept(rows: list[Sym], chance: Sym, product: Sym, total: Sym) -> Sym:
    """One sweep over the classes."""
    for t, row in enumerate(rows):
        own = row.column(t)
        step = (total - product.column(t)) / own
        scale = step + 1.0
        inner = step * (step * own + product.column(t) * 2.0)
        total = (total + inner) / scale / scale
        product = (product + step * row) / scale
        chance = (chance + step * np.eye(len(rows))[None, t]) / scale
    return chance
