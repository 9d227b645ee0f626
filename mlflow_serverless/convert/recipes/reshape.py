"""Nonlinear transformations of columns."""

from itertools import groupby
from typing import Any

import numpy as np
from sklearn.preprocessing import (
    KBinsDiscretizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    TargetEncoder,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.frame import frame_of
from mlflow_serverless.convert.lower.registry import Data, lower_matrix, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.encode import codes
from mlflow_serverless.convert.recipes.functions import expm1, log1p
from mlflow_serverless.convert.recipes.numeric import floats


@lowers(PolynomialFeatures)
def polynomial(model: Any, data: Data) -> Sym:
    """Products of columns, multiplied from the last column to the first."""
    value = floats(data)
    rows = [_factors(powers) for powers in model.powers_]
    parts = [_products(value, list(group)) for _, group in groupby(rows, key=len)]
    return value.graph.concat(parts)


def _factors(powers: Array) -> list[int]:
    return [i for i, power in enumerate(powers) for _ in range(int(power))]


def _products(value: Sym, rows: list[list[int]]) -> Sym:
    """Products of as many columns each as the others."""
    if not rows[0]:
        one = value.take([0])
        return value.graph.fill(one, 1.0, value.dtype)
    columns = np.array(rows)
    total = value.take(columns[:, -1])
    for place in range(columns.shape[1] - 2, -1, -1):
        total = value.take(columns[:, place]) * total
    return total


@lowers(PowerTransformer)
def power(model: Any, data: Data) -> Sym:
    """Box-Cox or Yeo-Johnson by column, then standardised."""
    value = floats(data)
    curve = _box_cox if model.method == "box-cox" else _yeo_johnson
    wide = value.cast("float64")
    if model.method == "box-cox":
        refuse(wide <= 0.0, "outside", frame_of(data).sources)
    parts = [curve(wide.column(i), float(e)) for i, e in enumerate(model.lambdas_)]
    result = value.graph.concat(parts).cast(value.dtype)
    if not model.standardize:
        return result
    return lower_matrix(model._scaler, "transform", result)  # noqa: SLF001 - no public name


def _box_cox(value: Sym, exponent: float) -> Sym:
    if abs(exponent) < 1e-19:
        return value.map("Log")
    return expm1(value.map("Log") * exponent) / exponent


def _yeo_johnson(value: Sym, exponent: float) -> Sym:
    """Two branches that meet at zero; NaN stays."""
    low = value.clip(None, 0.0)
    high = value.clip(0.0, None)
    rise = log1p(high)
    if abs(exponent) >= np.spacing(1.0):
        rise = expm1(rise * exponent) / exponent
    fall = -log1p(-low)
    if abs(exponent - 2.0) > np.spacing(1.0):
        fall = -expm1(-fall * (2.0 - exponent)) / (2.0 - exponent)
    return (value >= 0.0).where(rise, fall)


@lowers(KBinsDiscretizer)
def bins(model: Any, data: Data) -> Sym:
    """The bin of each value, as a number or one-hot."""
    value, parts = floats(data), []
    for i, edges in enumerate(model.bin_edges_):
        inner = np.asarray(edges)[1:-1]
        place = (value.column(i) >= inner[None, :]).cast("int64").sum(keepdims=True)
        if not len(inner):
            place = value.graph.fill(value.column(i), 0)
        if model.encode != "ordinal":
            width = int(model.n_bins_[i])
            place = place.equals(np.arange(width)[None, :])
        parts.append(place.cast("float64"))
    kind = "float32" if value.dtype == "float32" and model.encode == "ordinal" else ""
    joined = value.graph.concat(parts)
    return joined.cast(kind) if kind else joined


@lowers(QuantileTransformer)
def quantiles(model: Any, data: Data) -> Sym:
    """Where each value lies among the quantiles, looked up from both sides."""
    if model.output_distribution != "uniform":
        raise NoConversionError(why="the normal quantile has no recipe", of=model)
    value = floats(data)
    wide = value.cast("float64")
    levels = np.asarray(model.references_)
    parts = [
        _quantile(wide.column(i), np.asarray(model.quantiles_[:, i]), levels)
        for i in range(value.width)
    ]
    return value.graph.concat(parts).cast(value.dtype)


def _quantile(column: Sym, found: Array, levels: Array) -> Sym:
    upward = _between(column, found, levels)
    downward = _between(-column, -found[::-1], -levels[::-1])
    middle = (upward - downward) * 0.5
    low, high = float(found[0]), float(found[-1])
    middle = column.equals(high).where(1.0, middle)
    return column.equals(low).where(0.0, middle)


def _between(column: Sym, at: Array, to: Array) -> Sym:
    """`numpy.interp` of `(rows, 1)`; equal neighbours in *at* are skipped."""
    graph = column.graph
    inside = column.clip(float(at[0]), float(at[-1]))
    below = (inside >= at[None, :]).cast("int64").sum(keepdims=True)
    place = graph.binary("Max", graph.binary("Sub", below, np.array(1)), np.array(0))
    widths = np.diff(at)
    rises = np.where(widths > 0, np.diff(to) / np.where(widths > 0, widths, 1.0), 0.0)
    step = inside - graph.gather(at, place)
    value = graph.gather(np.append(rises, 0.0), place) * step + graph.gather(to, place)
    # below all of them numpy takes the first, not the last of equal first ones
    return (column < float(at[0])).where(float(to[0]), value)


@lowers(TargetEncoder)
def target_means(model: Any, data: Data) -> Sym:
    """The target's mean of each category; of unknown ones, of all."""
    frame = frame_of(data)
    kinds = len(model.classes_) if model.target_type_ == "multiclass" else 1
    parts = []
    for i in range(frame.width):
        categories = model.categories_[i]
        place = codes(frame.single(i), categories)
        for kind in range(kinds):
            means = np.asarray(model.encodings_[i * kinds + kind], np.float64)
            overall = np.ravel(model.target_mean_)[kind]
            parts.append(frame.graph.gather(np.append(means, overall), place))
    return frame.graph.concat(parts)
