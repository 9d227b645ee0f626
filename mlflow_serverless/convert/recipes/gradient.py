"""Gradient boosting, both of scikit-learn's kinds."""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.recipes.classify import log_probabilities
from mlflow_serverless.convert.recipes.combine import softmax
from mlflow_serverless.convert.recipes.compose import apply
from mlflow_serverless.convert.recipes.forests import as_trees_see, forest_of
from mlflow_serverless.convert.recipes.numeric import (
    doubles,
    expit,
    singles,
    two_columns,
)

STAGED = (GradientBoostingClassifier, GradientBoostingRegressor)
CLASSIFIERS = (GradientBoostingClassifier, HistGradientBoostingClassifier)


def _staged(model: Any, data: Data) -> Sym:
    """Raw predictions `(rows, k)`: the initial ones, then tree after tree."""
    stages, width = model.estimators_.shape
    members = model.estimators_.ravel().tolist()
    rate = model.learning_rate
    forest = forest_of(members, [rate * m.tree_.value[:, 0, 0] for m in members])
    start = _constant_start(model)
    if start is None:
        return _added(forest, width, stages, data) + _start(model, data)
    return _added(_led_by(forest, start), width, stages + 1, data)


def _added(forest: Forest, width: int, rounds: int, data: Data) -> Sym:
    if width > 1:
        target = np.tile(np.arange(width), rounds)
        forest = replace(forest, target=target, targets=width)
    return trees.sums(forest, as_trees_see(data))


def _led_by(forest: Forest, start: Array) -> Forest:
    """The forest after one constant tree for each sum."""
    count = len(start)
    none = np.full(count, -1, np.int64)
    first = Forest(
        feature=np.zeros(count, np.int64), threshold=np.zeros(count), left=none,
        right=none, value=start, roots=np.arange(count), mode=forest.mode,
    )  # fmt: skip
    return trees.joined([first, forest])


def _constant_start(model: Any) -> Array | None:
    """Initial raw predictions, if they are the same for every row."""
    if isinstance(model.init_, str | DummyClassifier | DummyRegressor):
        row = np.zeros((1, model.n_features_in_), np.float32)
        return np.asarray(model._raw_predict_init(row)[0])  # noqa: SLF001
    return None


def _start(model: Any, data: Data) -> Sym:
    """Initial raw predictions of an estimator of the user's own."""
    seen = singles(data)
    if isinstance(model, GradientBoostingRegressor):
        value = lower_matrix(model.init_, "predict", seen).cast("float64")
        return value.reshape(-1, 1)
    eps = float(np.finfo(np.float64).eps)
    chances = lower_matrix(model.init_, "predict_proba", seen).cast("float64")
    chances = chances.clip(eps, 1 - eps)
    if len(model.classes_) > 2:
        logs = chances.map("Log")
        return logs - logs.reduce("ReduceMean", keepdims=True)
    second = chances.column(1)
    odds = (second / (-second + 1.0)).map("Log")
    return odds * 0.5 if model.loss == "exponential" else odds


def _histogram(model: Any, data: Data) -> Sym:
    """Raw predictions `(rows, k)`: the baseline, then tree after tree."""
    prepared = model._preprocessor  # noqa: SLF001 - no public name
    value = doubles(data if prepared is None else apply(prepared, data))
    members = [p for stage in model._predictors for p in stage]  # noqa: SLF001
    baseline = np.ravel(model._baseline_prediction)  # noqa: SLF001
    forest = trees.joined([_histogram_tree(member) for member in members])
    forest = _led_by(forest, baseline.astype(np.float64))
    width = len(baseline)
    if width > 1:
        target = np.arange(len(forest.roots)) % width
        forest = replace(forest, target=target, targets=width)
    return trees.sums(forest, value)


def _histogram_tree(member: Any) -> Forest:
    nodes = member.nodes
    leaf = nodes["is_leaf"].astype(bool)
    return Forest(
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        value=nodes["value"].astype(np.float64),
        roots=np.zeros(1, np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        members={
            int(node): _bits(member.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
            for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
        },
    )


def _bits(words: Array) -> Array:
    """The set that a bitset of 32-bit words holds."""
    content = np.ascontiguousarray(words, dtype="<u4").view(np.uint8)
    found = np.flatnonzero(np.unpackbits(content, bitorder="little"))
    return found.astype(np.float64)


def _raw(model: Any, data: Data) -> Sym:
    return (
        _staged(model, data) if isinstance(model, STAGED) else _histogram(model, data)
    )


@lowers(*CLASSIFIERS, method="decision_function")
def decide(model: Any, data: Data) -> Sym:
    """Raw predictions; one a row where there are two classes."""
    raw = _raw(model, data)
    return raw.squeeze(1) if raw.shape[1] == 1 else raw


@lowers(*CLASSIFIERS, method="predict_proba")
def probabilities(model: Any, data: Data) -> Sym:
    """Raw predictions through the loss's link."""
    raw = decide(model, data)
    if len(raw.shape) == 2:
        return softmax(raw)
    steep = 2.0 if model.loss == "exponential" else 1.0
    return two_columns(expit(raw * steep))


@lowers(*CLASSIFIERS, method="predict")
def classify(model: Any, data: Data) -> Labels:
    """By raw prediction; a raw zero is the second class only in the staged kind."""
    raw = decide(model, data)
    classes = np.asarray(model.classes_)
    if len(raw.shape) == 2:
        return Labels(raw.argmax(), classes)
    second = raw >= 0.0 if isinstance(model, STAGED) else raw > 0.0
    return Labels(second.cast("int64"), classes)


@lowers(GradientBoostingRegressor, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """Raw predictions."""
    return _raw(model, data).squeeze(1)


@lowers(HistGradientBoostingRegressor, method="predict")
def regress_histogram(model: Any, data: Data) -> Sym:
    """Raw predictions through the loss's inverse link."""
    raw = _raw(model, data).squeeze(1)
    link = type(model._loss.link).__name__  # noqa: SLF001 - no public name
    if link == "LogLink":
        return raw.map("Exp")
    if link == "IdentityLink":
        return raw
    raise NoConversionError(why=f"link {link} is unknown here", of=model)


log_probabilities(*CLASSIFIERS)
