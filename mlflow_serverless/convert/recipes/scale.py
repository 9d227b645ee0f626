"""Column-wise scaling."""

from typing import Any

import numpy as np
from sklearn.preprocessing import (
    Binarizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.numeric import floats, rounded


@lowers(StandardScaler)
def standard_scaler(scaler: Any, data: Data) -> Sym:
    """Centre and scale in the data's own precision; statistics are rounded to it."""
    value = floats(data)
    if scaler.with_mean:
        value -= np.asarray(scaler.mean_)
    if scaler.with_std:
        value /= np.asarray(scaler.scale_)
    return value


@lowers(MinMaxScaler)
def min_max_scaler(scaler: Any, data: Data) -> Sym:
    """Map the fitted range to `feature_range`."""
    value = rounded("Mul", floats(data), scaler.scale_)
    value = rounded("Add", value, scaler.min_)
    return value.clip(*scaler.feature_range) if scaler.clip else value


@lowers(MaxAbsScaler)
def max_abs_scaler(scaler: Any, data: Data) -> Sym:
    """Divide by the largest magnitude."""
    value = rounded("Div", floats(data), scaler.scale_)
    return value.clip(-1.0, 1.0) if getattr(scaler, "clip", False) else value


@lowers(RobustScaler)
def robust_scaler(scaler: Any, data: Data) -> Sym:
    """Centre on the median, scale by the quantile range."""
    value = floats(data)
    if scaler.with_centering:
        value = rounded("Sub", value, scaler.center_)
    if scaler.with_scaling:
        value = rounded("Div", value, scaler.scale_)
    return value


@lowers(Normalizer)
def normalizer(scaler: Any, data: Data) -> Sym:
    """Divide each row by its norm; rows of zeros stay."""
    value = floats(data)
    if scaler.norm == "l2":
        norm = value.reduce("ReduceL2", keepdims=True)
    elif scaler.norm == "l1":
        norm = value.map("Abs").sum(keepdims=True)
    else:
        norm = value.map("Abs").reduce("ReduceMax", keepdims=True)
    # scikit-learn takes a norm this small for zero
    tiny = float(10 * np.finfo(value.dtype).eps)
    return value / (norm < tiny).where(1.0, norm)


@lowers(Binarizer)
def binarizer(scaler: Any, data: Data) -> Sym:
    """1 above the threshold, else 0."""
    value = floats(data)
    return (value > float(scaler.threshold)).cast(value.dtype)
