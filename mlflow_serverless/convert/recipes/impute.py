"""Missing values."""

from typing import Any

import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from mlflow_serverless.convert.lower.frame import Frame, matrix_of, side_by_side
from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Sym


@lowers(SimpleImputer)
def simple_imputer(imputer: Any, data: Data) -> Frame:
    """Statistics in the place of what is missing; columns without any are dropped."""
    matrix = matrix_of(data)
    missing = missing_mask(matrix, imputer.missing_values)
    statistics = np.asarray(imputer.statistics_, dtype=object)
    kept = np.arange(len(statistics))
    if not imputer.keep_empty_features:
        kept = np.array([i for i in kept if not is_nan(statistics[i])], np.int64)
    filling = _filling(matrix, statistics[kept])
    parts: list[Data] = [missing.take(kept).where(filling, matrix.take(kept))]
    if imputer.indicator_ is not None:
        parts.append(missing_indicator(imputer.indicator_, missing))
    return side_by_side(parts)


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
