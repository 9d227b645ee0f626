"""numpy's habits, for recipes that must round where scikit-learn rounds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import Data
from mlflow_serverless.convert.lower.symbol import Sym


def floats(data: Data) -> Sym:
    """*data* as scikit-learn's FLOAT_DTYPES takes it: float32 stays, else float64."""
    matrix = matrix_of(data)
    return matrix if matrix.dtype == "float32" else matrix.cast("float64")


def doubles(data: Data) -> Sym:
    """*data* as float64."""
    return matrix_of(data).cast("float64")


def singles(data: Data) -> Sym:
    """*data* rounded to float32, as tree estimators take it."""
    return matrix_of(data).cast("float32")


def rounded(kind: str, data: Sym, other: ArrayLike) -> Sym:
    """`data` changed in place by a float64 array: kept in the data's own type."""
    wide = data.graph.binary(kind, data.cast("float64"), np.asarray(other, np.float64))
    return wide.cast(data.dtype)


def dot(data: Sym, weights: Any) -> Sym:
    """`data @ weights` in the type that numpy promotes both to."""
    weights = np.asarray(weights)
    kind = np.result_type(data.dtype, weights.dtype).name
    result: Sym = data.cast(kind) @ weights.astype(kind)
    return result


def plus(data: Sym, constant: Any) -> Sym:
    """`data + constant` in the type that numpy promotes both to."""
    array = np.asarray(constant)
    kind = np.result_type(data.dtype, array.dtype).name if array.ndim else data.dtype
    return data.cast(kind) + array.astype(kind)


def affine(data: Sym, weights: Any, constant: Any) -> Sym:
    """`data @ weights + constant`, each step in the type that numpy promotes to."""
    weights, constant = np.asarray(weights), np.asarray(constant)
    kind = np.result_type(data.dtype, weights.dtype)
    if len(data.shape) != 2 or np.result_type(kind, constant.dtype) != kind:
        return plus(dot(data, weights), constant)
    return data.graph.affine(data.cast(kind.name), weights, constant)


def two_columns(positive: Sym) -> Sym:
    """`[1 - p, p]` of the probability `(rows,)` of the second class."""
    first = positive.graph.binary(
        "Sub", positive.graph.constant(1.0, positive.dtype), positive
    )
    return positive.graph.concat([first.unsqueeze(1), positive.unsqueeze(1)])


def expit(value: Sym) -> Sym:
    """
    The logistic function as scipy computes it, down to what it makes zero of.

    The operator `Sigmoid` makes 0 of whatever is below 1e-308 on the way, where scipy
    keeps 1e-170 and drops what is below 1 / the largest number: once divided by a sum
    as small, or in a logarithm, all is different.
    """
    return survival(-value)


def survival(value: Sym) -> Sym:
    """
    The logistic function of *-value*: one less that of *value*, to its last digit.

    Where a probability is near one, `1 - expit(value)` keeps of the other only what is
    left of it beside one.
    """
    return (value.map("Exp") + 1.0).map("Reciprocal")


def truncated(value: Sym) -> Sym:
    """Cut to whole numbers towards zero."""
    return value.map("Abs").map("Floor") * value.map("Sign")


def floored(value: Sym) -> Sym:
    """Cut to whole numbers downwards."""
    return value.map("Floor")


def whole(data: Sym, columns: Sequence[int], cut: Callable[[Sym], Sym]) -> Sym:
    """*data* with these columns *cut* to whole numbers, as category codes are read."""
    if not columns:
        return data
    chosen = np.isin(np.arange(data.width), list(columns))[None, :]
    return data.graph.constant(chosen).where(cut(data), data)
