"""Missing values."""

from typing import Any

import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from mlflow_serverless.convert.lower.frame import (
    Frame,
    frame_of,
    matrix_of,
    side_by_side,
    sourced,
)
from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Sym


@lowers(SimpleImputer)
def simple_imputer(imputer: Any, data: Data) -> Frame:
    """Statistics in the place of what is missing; columns without any are dropped."""
    frame = frame_of(data)
    statistics = np.asarray(imputer.statistics_, dtype=object)
    kinds = [column.dtype == "string" for column in frame.columns]
    # texts and numbers together are Python objects there, and columns of their own here
    mixed = any(kinds) and not all(kinds)
    runs = [[i] for i in range(frame.width)] if mixed else [list(range(frame.width))]
    matrices = [frame.take(run).matrix() for run in runs]
    gaps = [missing_mask(matrix, imputer.missing_values) for matrix in matrices]
    parts: list[Data] = []
    for run, matrix, missing in zip(runs, matrices, gaps, strict=True):
        kept = [i for i, place in enumerate(run) if _keeps(imputer, statistics[place])]
        if kept:
            filling = _filling(matrix, statistics[[run[i] for i in kept]])
            filled = missing.take(kept).where(filling, matrix.take(kept))
            parts.append(sourced(filled, [frame.sources[run[i]] for i in kept]))
    if imputer.indicator_ is not None:
        whole = frame.graph.concat(gaps)
        parts.append(missing_indicator(imputer.indicator_, whole))
    return side_by_side(parts)


def _keeps(imputer: Any, statistic: Any) -> bool:
    """Whether a column is handed on: without any value in training it is not."""
    return bool(imputer.keep_empty_features) or not is_nan(statistic)


@lowers(MissingIndicator)
def missing_indicator(indicator: Any, data: Data) -> Sym:
    """Which values were missing, as 0 and 1."""
    mask = matrix_of(data)
    if mask.dtype != "bool":
        mask = missing_mask(mask, indicator.missing_values)
    if indicator.features == "missing-only":
        mask = mask.take(indicator.features_)
    return mask.cast("float64")


def missing_mask(matrix: Sym, marker: Any) -> Sym:
    """Where *matrix* holds *marker*, told apart as scikit-learn does."""
    if matrix.dtype == "string":
        return matrix.equals(text_of(marker))
    if is_nan(marker):
        return matrix.is_nan()
    if marker is None or isinstance(marker, str):
        return matrix.graph.fill(matrix, 0, "bool")  # no number is that
    return matrix.equals(float(marker))


def text_of(value: Any) -> str:
    """What *value* is inside a string tensor."""
    if value is None:
        return NULL_TEXT
    return NAN_TEXT if is_nan(value) else str(value)


def is_nan(value: Any) -> bool:
    """Whether *value* is the float NaN."""
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _filling(matrix: Sym, statistics: Any) -> Any:
    if matrix.dtype == "string":
        texts = [text_of(value) for value in statistics]
        return np.array(texts, dtype=object)[None, :]
    return statistics.astype(matrix.dtype)[None, :]
