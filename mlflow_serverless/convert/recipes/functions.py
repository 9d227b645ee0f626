"""Elementwise functions as numpy computes them, and their inverses."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import check_array

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, lower_matrix, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.numeric import doubles


def log1p(value: Sym) -> Sym:
    """log(1 + x) without losing small x: the graph's own log is corrected for 1 + x."""
    one_more = value + 1.0
    same = one_more.equals(1.0)
    safe = same.where(2.0, one_more)
    exact = safe.map("Log") * (value / (safe - 1.0))
    endless = one_more.equals(np.inf)
    return same.where(value, endless.where(one_more, exact))


def expm1(value: Sym) -> Sym:
    """exp(x) - 1 without losing small x, corrected likewise."""
    raised = value.map("Exp")
    less = raised - 1.0
    same = raised.equals(1.0)
    far = less.equals(-1.0) | raised.equals(np.inf)
    safe = (same | far).where(2.0, raised)
    exact = less * (value / safe.map("Log"))
    return same.where(value, far.where(less, exact))


FUNCTIONS: dict[Any, Callable[[Sym], Sym]] = {
    np.log1p: log1p,
    np.expm1: expm1,
    np.log: lambda value: value.map("Log"),
    np.log2: lambda value: value.map("Log") / float(np.log(2.0)),
    np.log10: lambda value: value.map("Log") / float(np.log(10.0)),
    np.exp: lambda value: value.map("Exp"),
    np.sqrt: lambda value: value.map("Sqrt"),
    np.square: lambda value: value * value,
    np.abs: lambda value: value.map("Abs"),
    np.negative: lambda value: -value,
    np.reciprocal: lambda value: value.map("Reciprocal"),
    np.sign: lambda value: value.map("Sign"),
    np.floor: lambda value: value.map("Floor"),
    np.ceil: lambda value: value.map("Ceil"),
    np.rint: lambda value: value.map("Round"),
    np.sin: lambda value: value.map("Sin"),
    np.cos: lambda value: value.map("Cos"),
    np.tanh: lambda value: value.map("Tanh"),
}
"""numpy functions that a graph has, too."""


def _only_checks(func: Any) -> bool:
    """scikit-learn's own input check, which histogram boosting puts into a step."""
    return isinstance(func, partial) and func.func is check_array


def _function(transformer: Any, func: Any, options: Any, data: Data) -> Data:
    if func is None or _only_checks(func):
        return data
    if func not in FUNCTIONS or options:
        name = getattr(func, "__name__", repr(func))
        why = f"its function {name} is Python code"
        raise NoConversionError(why, of=transformer)
    return FUNCTIONS[func](doubles(data))


@lowers(FunctionTransformer)
def function_transformer(transformer: Any, data: Data) -> Data:
    """Numpy's own functions, and none at all; others are code that we cannot read."""
    return _function(transformer, transformer.func, transformer.kw_args, data)


@lowers(FunctionTransformer, method="inverse_transform")
def inverse_function(transformer: Any, data: Data) -> Data:
    """The inverse that was given."""
    options = transformer.inv_kw_args
    return _function(transformer, transformer.inverse_func, options, data)


@lowers(StandardScaler, method="inverse_transform")
def inverse_standard(scaler: Any, data: Data) -> Sym:
    """Back to the target's units."""
    value = doubles(data)
    if scaler.with_std:
        value *= np.asarray(scaler.scale_)
    return value + np.asarray(scaler.mean_) if scaler.with_mean else value


@lowers(MinMaxScaler, method="inverse_transform")
def inverse_min_max(scaler: Any, data: Data) -> Sym:
    """Back to the fitted range."""
    return (doubles(data) - np.asarray(scaler.min_)) / np.asarray(scaler.scale_)


@lowers(MaxAbsScaler, method="inverse_transform")
def inverse_max_abs(scaler: Any, data: Data) -> Sym:
    """Times the largest magnitude."""
    return doubles(data) * np.asarray(scaler.scale_)


@lowers(RobustScaler, method="inverse_transform")
def inverse_robust(scaler: Any, data: Data) -> Sym:
    """Back to the fitted quantiles."""
    value = doubles(data)
    if scaler.with_scaling:
        value *= np.asarray(scaler.scale_)
    return value + np.asarray(scaler.center_) if scaler.with_centering else value


@lowers(PowerTransformer, method="inverse_transform")
def inverse_power(transformer: Any, data: Data) -> Sym:
    """Yeo-Johnson backwards, by column."""
    value = doubles(data)
    if transformer.standardize:
        scaler = transformer._scaler  # noqa: SLF001 - no public name
        value = lower_matrix(scaler, "inverse_transform", value)
    if transformer.method != "yeo-johnson":
        raise NoConversionError(why="box-cox has no inverse recipe", of=transformer)
    parts = [
        _back(value.column(i), float(exponent))
        for i, exponent in enumerate(transformer.lambdas_)
    ]
    return value.graph.concat(parts)


def _back(value: Sym, exponent: float) -> Sym:
    low, high = value.clip(None, 0.0), value.clip(0.0, None)
    if abs(exponent) < np.spacing(1.0):
        rise = expm1(high)
    else:
        rise = expm1(log1p(high * exponent) / exponent)
    if abs(exponent - 2.0) <= np.spacing(1.0):
        fall = -expm1(-low)
    else:
        fall = -expm1(log1p(low * (exponent - 2.0)) / (2.0 - exponent))
    return (value >= 0.0).where(rise, fall)
