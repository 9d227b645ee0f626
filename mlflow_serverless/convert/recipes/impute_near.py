"""Missing values from near rows, or from other columns, one after the other."""

from typing import Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - registers
from sklearn.impute import IterativeImputer, KNNImputer

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import Frame, side_by_side
from mlflow_serverless.convert.lower.registry import Data, lower_matrix, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes import distance
from mlflow_serverless.convert.recipes.impute import missing_indicator, missing_mask
from mlflow_serverless.convert.recipes.numeric import doubles


@lowers(KNNImputer)
def near_rows(imputer: Any, data: Data) -> Frame:
    """The mean of the nearest rows that have the value."""
    value = doubles(data)
    points = np.array(imputer._fit_X, np.float64)  # noqa: SLF001 - no public name
    points[imputer._mask_fit_X] = np.nan  # noqa: SLF001
    if not imputer._valid_mask.all() or callable(imputer.weights):  # noqa: SLF001
        why = "a column was empty in training, or its weights are Python code"
        raise NoConversionError(why, of=imputer)
    if _repeats(points):
        why = (
            "values of its kept rows repeat; where only such a column is known, rows "
            "are equally near, and scikit-learn takes those that its partition leaves"
        )
        raise NoConversionError(why, of=imputer)
    missing = missing_mask(value, imputer.missing_values)
    value = missing.where(np.nan, value)
    away = _partial_distances(value, missing, points)
    columns = [
        _filled(imputer, away, points[:, i], value.column(i), missing.column(i))
        for i in range(value.width)
    ]
    parts: list[Data] = [value.graph.concat(columns)]
    return _with_indicator(imputer, parts, missing)


def _repeats(points: Array) -> bool:
    """Whether any column has a value twice."""
    known = (column[~np.isnan(column)] for column in points.T)
    return any(len(np.unique(column)) < len(column) for column in known)


def _with_indicator(imputer: Any, parts: list[Data], missing: Sym) -> Frame:
    if imputer.indicator_ is not None:
        parts.append(missing_indicator(imputer.indicator_, missing))
    return side_by_side(parts)


def _partial_distances(value: Sym, missing: Sym, points: Array) -> Sym:
    """Squared distances over shared columns, scaled up; infinite where none is."""
    known = missing.where(0.0, value)
    here, there = (~missing).cast("float64"), (~np.isnan(points)).astype(np.float64)
    total = None
    for i in range(points.shape[1]):
        step = known.column(i) - np.nan_to_num(points[None, :, i])
        part = step * step * here.column(i) * there[None, :, i]
        total = part if total is None else total + part
    assert total is not None  # an imputer of no columns cannot be fitted
    shared = here @ there.T
    none = shared.equals(0.0)
    scaled = total / none.where(1.0, shared) * float(points.shape[1])
    return none.where(np.inf, scaled)


def _filled(imputer: Any, away: Sym, column: Array, value: Sym, missing: Sym) -> Sym:
    donors = np.flatnonzero(~np.isnan(column))
    near, places = distance.nearest(
        away.take(donors), min(int(imputer.n_neighbors), len(donors))
    )
    weights = near.map("IsInf", dtype="bool").where(0.0, _weights(imputer, near))
    total = weights.sum(keepdims=True)
    given = (weights.graph.gather(column[donors], places) * weights).sum(keepdims=True)
    lost = total.equals(0.0)
    mean = lost.where(float(column[donors].mean()), given / lost.where(1.0, total))
    return missing.where(mean, value)


def _weights(imputer: Any, near: Sym) -> Sym:
    """One, or one over the distance; where some are zero, those alone count."""
    if imputer.weights == "uniform":
        return near.graph.fill(near, 1.0, "float64")
    touches = near.equals(0.0).cast("float64")
    alone = touches.sum(keepdims=True) > 0.0
    return alone.where(touches, near.map("Sqrt").map("Reciprocal"))


@lowers(IterativeImputer)
def other_columns(imputer: Any, data: Data) -> Frame:
    """Each column from the others, round after round, as it was fitted."""
    value = doubles(data)
    if imputer.sample_posterior or imputer._is_empty_feature.any():  # noqa: SLF001
        why = "it draws at random, or a column was empty in training"
        raise NoConversionError(why, of=imputer)
    missing = missing_mask(value, imputer.missing_values)
    filled = lower_matrix(imputer.initial_imputer_, "transform", value)
    columns = [filled.column(i) for i in range(filled.width)]
    graph = value.graph
    for feature, others, estimator in imputer.imputation_sequence_:
        seen = graph.concat([columns[i] for i in others])
        said = lower_matrix(estimator, "predict", seen).cast("float64")
        low, high = imputer._min_value[feature], imputer._max_value[feature]  # noqa: SLF001
        said = said.reshape(-1, 1).clip(_bound(low), _bound(high))
        columns[feature] = missing.column(feature).where(said, columns[feature])
    result = missing.where(graph.concat(columns), value)
    return _with_indicator(imputer, [result], missing)


def _bound(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
