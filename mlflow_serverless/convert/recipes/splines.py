"""Splines, as the polynomials they are between knots."""

from typing import Any

import numpy as np
from scipy.interpolate import PPoly
from sklearn.preprocessing import SplineTransformer

from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.numeric import floats


@lowers(SplineTransformer)
def splines(model: Any, data: Data) -> Sym:
    """The values of every basis spline of every column."""
    value = floats(data)
    wide = value.cast("float64")
    parts = [
        _basis(model, spline, wide.column(i))
        for i, spline in enumerate(model.bsplines_)
    ]
    if not model.include_bias:
        parts = [part.take(np.arange(part.width - 1)) for part in parts]
    return value.graph.concat(parts).cast(value.dtype)


def _basis(model: Any, spline: Any, column: Sym) -> Sym:
    """`(rows, splines)` of one column."""
    degree, knots = int(spline.k), np.asarray(spline.t)
    low, high = float(knots[degree]), float(knots[-degree - 1])
    if model.extrapolation == "continue":
        return _polynomials(spline, column, column)
    inside = column.clip(low, high)
    if model.extrapolation == "error":
        refuse((column < low) | (column > high), "outside")
    if model.extrapolation == "periodic":
        turned = _turned(column, low, high)
        return _polynomials(spline, turned, turned)
    value = _polynomials(spline, inside, inside)
    if model.extrapolation in {"constant", "error"}:
        return value
    slopes = spline.derivative()
    below = (column - low).clip(None, 0.0) * np.atleast_2d(slopes(low))
    above = (column - high).clip(0.0, None) * np.atleast_2d(slopes(high))
    return value + below + above


def _turned(column: Sym, low: float, high: float) -> Sym:
    """The same place in the first period, by Python's remainder."""
    period = high - low
    graph, past = column.graph, column - low
    rest = graph.op(
        "Mod", past, graph.constant(period, column.dtype), dtype=column.dtype,
        shape=column.shape, fmod=1,
    )  # fmt: skip
    return (rest < 0.0).where(rest + period, rest) + low


def _polynomials(spline: Any, column: Sym, where: Sym) -> Sym:
    """Each basis spline's polynomial of the interval that holds *where*."""
    degree = int(spline.k)
    inner = slice(degree, len(spline.t) - degree - 1)
    starts = np.asarray(spline.t)[inner]
    single = [(spline.t, weights, degree) for weights in np.asarray(spline.c).T]
    pieces = [PPoly.from_spline(each).c[:, inner] for each in single]
    factors = np.stack(pieces, axis=2)
    graph = column.graph
    place = (where >= starts[None, :]).cast("int64").sum(keepdims=True)
    place = graph.binary("Sub", place, np.array(1))
    place = graph.binary("Max", place, np.array(0)).squeeze(1)
    step = column - graph.gather(starts, place).unsqueeze(1)
    total = graph.gather(factors[0], place)
    for factor in factors[1:]:
        total = total * step + graph.gather(factor, place)
    return total
