"""Estimators made of others, and those that only hand data on."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.builder import Sym
from mlflow_serverless.convert.lower.frame import Frame, frame_of, side_by_side
from mlflow_serverless.convert.lower.registry import Data, Result, lower, lowers
from mlflow_serverless.convert.recipes.numeric import doubles

METHODS = (
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform",
    "predict_joint_log_proba", "score_samples",
)  # fmt: skip
"""What models are asked for."""


def _pipeline(method: str) -> None:
    @lowers(Pipeline, method=method)
    def through(pipeline: Any, data: Data) -> Result:
        *before, (_, last) = pipeline.steps
        for _, step in before:
            data = apply(step, data)
        if _passes(last):
            return data
        return lower(last, method, data)


for _method in METHODS:
    _pipeline(_method)


def apply(transformer: Any, data: Data) -> Data:
    """What *transformer* makes of *data*."""
    if _passes(transformer):
        return data
    result = lower(transformer, "transform", data)
    if isinstance(result, Sym | Frame):
        return result
    why = "it transforms to labels"
    raise NoConversionError(why, of=transformer)


@lowers(ColumnTransformer)
def column_transformer(transformer: Any, data: Data) -> Frame:
    """Each transformer's columns, side by side."""
    frame = frame_of(data)
    weights = transformer.transformer_weights or {}
    parts: list[Data] = []
    for name, step, _ in transformer.transformers_:
        positions = transformer._transformer_to_input_indices[name]  # noqa: SLF001
        if (isinstance(step, str) and step == "drop") or not len(positions):
            continue
        part = apply(step, _selected(transformer, frame, positions))
        parts.append(_weighted(part, weights.get(name)))
    return side_by_side(parts)


def _selected(transformer: Any, frame: Frame, positions: Any) -> Frame:
    """By name where both sides have names, as scikit-learn selects; else by place."""
    names = getattr(transformer, "feature_names_in_", None)
    if names is None or None in frame.names:
        return frame.take(positions)
    return frame.by_name([names[i] for i in positions])


@lowers(FeatureUnion)
def feature_union(union: Any, data: Data) -> Frame:
    """Every transformer's view of the same data, side by side."""
    weights = union.transformer_weights or {}
    kept = [(n, t) for n, t in union.transformer_list if not _drops(t)]
    return side_by_side([_weighted(apply(t, data), weights.get(n)) for n, t in kept])


def _weighted(part: Data, weight: float | None) -> Data:
    return part if weight is None else doubles(part) * float(weight)


def _passes(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _drops(step: Any) -> bool:
    return isinstance(step, str) and step == "drop"


def _log1p(value: Sym) -> Sym:
    """log(1 + x) without losing small x: the graph's own log is corrected for 1 + x."""
    one_more = value + 1.0
    same = one_more.equals(1.0)
    safe = same.where(2.0, one_more)
    exact = safe.map("Log") * (value / (safe - 1.0))
    endless = one_more.equals(np.inf)
    return same.where(value, endless.where(one_more, exact))


_FUNCTIONS: dict[Any, Callable[[Sym], Sym]] = {
    np.log1p: _log1p,
    np.log: lambda value: value.map("Log"),
    np.log2: lambda value: value.map("Log") / np.log(2.0),
    np.log10: lambda value: value.map("Log") / np.log(10.0),
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


@lowers(FunctionTransformer)
def function_transformer(transformer: Any, data: Data) -> Data:
    """Numpy's own functions, and none at all; others are code that we cannot read."""
    func = transformer.func
    if func is None:
        return data
    if func not in _FUNCTIONS or transformer.kw_args:
        name = getattr(func, "__name__", repr(func))
        why = f"its function {name} is Python code"
        raise NoConversionError(why, of="FunctionTransformer")
    return _FUNCTIONS[func](doubles(data))
