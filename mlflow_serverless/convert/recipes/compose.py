"""Estimators made of others, and those that only hand data on."""

from typing import Any

from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import Frame, frame_of, side_by_side, sourced
from mlflow_serverless.convert.lower.registry import Data, Result, lower, lowers
from mlflow_serverless.convert.lower.symbol import Sym
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
    if isinstance(result, Sym):
        return _traced(transformer, frame_of(data), result)
    if isinstance(result, Frame):
        return result
    why = "it transforms to labels"
    raise NoConversionError(why, of=transformer)


def _traced(transformer: Any, frame: Frame, result: Sym) -> Data:
    """*result*, with the column of the request that each of its own is made of."""
    if not isinstance(transformer, OneToOneFeatureMixin) or len(result.shape) != 2:
        return result
    if result.width != frame.width or not result.dtype.startswith(("float", "string")):
        return result
    return sourced(result, frame.sources)


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
