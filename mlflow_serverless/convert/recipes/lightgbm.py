"""LightGBM, straight from its own text format.

LightGBM computes in float64: `x <= t` goes left, leaves are added one tree after the
other. What NaN and zero mean differs by split (`missing_type`), which becomes data: NaN
goes where the split sends it, and zeros that count as missing become NaN beforehand.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.recipes.numeric import (
    doubles,
    truncated,
    two_columns,
    whole,
)

ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero (`kZeroThreshold`, a float32)."""

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NONE, _ZERO_MISSING = 0, 1
"""`missing_type`, bits 2 and 3 of `decision_type`."""

IDENTITY = {
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank",
    "rank_xendcg", "custom", "",
}  # fmt: skip

Tree = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What the text says, in our words."""

    objective: str
    options: Mapping[str, str]
    groups: int
    averages: bool
    """Whether the trees are averaged (`boosting=rf`)."""
    trees: tuple[Tree, ...]


@lowers(lgb.Booster, method="predict")
def booster(model: Any, data: Data) -> Sym:
    """What `Booster.predict` gives: probabilities, means, or scores."""
    read = _read(model)
    return _linked(read, _scores(read, data))


@lowers(lgb.LGBMRegressor, lgb.LGBMRanker, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """As the booster answers."""
    return booster(model.booster_, data)


@lowers(lgb.LGBMClassifier, method="predict_proba")
def probabilities(model: Any, data: Data) -> Sym:
    """Probabilities of every class; raw scores of an objective of the user's own."""
    value = booster(model.booster_, data)
    if callable(model.objective_) or len(value.shape) == 2:
        return value
    return two_columns(value)


@lowers(lgb.LGBMClassifier, method="predict")
def classify(model: Any, data: Data) -> Labels | Sym:
    """The first class with the largest probability."""
    value = probabilities(model, data)
    if callable(model.objective_):
        return value
    return Labels(value.argmax(), np.asarray(model.classes_))


def _read(model: Any) -> _Model:
    head, *rest = _sections(model.model_to_string())
    name, *words = head.get("objective", "").split() or [""]
    options = dict(word.partition(":")[::2] for word in words)
    return _Model(
        objective=name,
        options=options,
        groups=int(head["num_tree_per_iteration"]),
        averages="average_output" in head,
        trees=tuple(rest),
    )


def _sections(text: str) -> Iterator[Tree]:
    """The header, then one mapping a tree."""
    section: dict[str, str] = {}
    for line in text.split("\n"):
        if line.startswith("Tree=") or line == "end of trees":
            yield section
            section = {}
        if line == "end of trees":
            return
        key, _, value = line.partition("=")
        section[key] = value
    yield section


def _linked(model: _Model, scores: Sym) -> Sym:
    """Scores as the objective presents them."""
    if model.objective == "multiclass":
        raised = (scores - scores.reduce("ReduceMax", keepdims=True)).map("Exp")
        return raised / raised.sum(keepdims=True)
    value = scores.squeeze(1) if model.groups == 1 else scores
    if model.objective in LINKS:
        return LINKS[model.objective](value, float(model.options.get("sigmoid", "1")))
    if model.objective not in IDENTITY:
        why = f"its objective {model.objective!r} is unknown here"
        raise NoConversionError(why, of="LightGBM")
    return value * value.map("Abs") if "sqrt" in model.options else value


def _logistic(value: Sym, steepness: float) -> Sym:
    """1 / (1 + exp(-x)), written out as LightGBM computes it."""
    raised = (-(value * steepness)).map("Exp")
    return (raised + 1.0).map("Reciprocal")


def _exponential(value: Sym, _: float) -> Sym:
    return value.map("Exp")


LINKS: dict[str, Callable[[Sym, float], Sym]] = {
    "binary": _logistic,
    "multiclassova": _logistic,
    "cross_entropy": lambda value, _: _logistic(value, 1.0),
    "cross_entropy_lambda": lambda value, _: (value.map("Exp") + 1.0).map("Log"),
    "poisson": _exponential,
    "gamma": _exponential,
    "tweedie": _exponential,
}


def _scores(model: _Model, data: Data) -> Sym:
    """float64 `(rows, groups)`."""
    value = _prepared(model, doubles(data))
    if any(tree.get("is_linear") == "1" for tree in model.trees):
        total = _linear(model, value)
    else:
        total = trees.sums(_whole_forest(model), value)
    if model.averages:
        return total / float(len(model.trees) // model.groups)
    return total


def _whole_forest(model: _Model) -> Forest:
    forest = trees.joined([_forest(tree) for tree in model.trees])
    if model.groups == 1:
        return forest
    target = np.arange(len(model.trees)) % model.groups
    return replace(forest, target=target, targets=model.groups)


def _prepared(model: _Model, value: Sym) -> Sym:
    """Data as splits see it: tiny is zero, some zeros are missing, codes are whole."""
    value = (value.map("Abs") <= ZERO).where(0.0, value)
    categorical, zeros = set[int](), set[int]()
    for tree in model.trees:
        feature, kind = _ints(tree, "split_feature"), _ints(tree, "decision_type")
        categorical |= set(feature[kind & _CATEGORICAL > 0].tolist())
        zeros |= set(feature[(kind >> 2) & 3 == _ZERO_MISSING].tolist())
    if zeros:
        chosen = np.isin(np.arange(value.width), sorted(zeros))[None, :]
        value = (value.equals(0.0) & chosen).where(np.nan, value)
    return whole(value, sorted(categorical), truncated)


def _forest(tree: Tree) -> Forest:
    leaves = int(tree["num_leaves"])
    inner = leaves - 1
    feature, kind = _ints(tree, "split_feature"), _ints(tree, "decision_type")
    limit = _floats(tree, "threshold")
    members = _members(tree, kind, limit)
    # without missing values in training, NaN is compared as zero
    as_zero = (kind >> 2) & 3 == _NONE
    default_left = np.where(as_zero, limit >= 0, kind & _DEFAULT_LEFT > 0)
    default_left[list(members)] = False
    tail = np.zeros(leaves)
    return Forest(
        feature=np.append(feature, tail.astype(np.int64)),
        threshold=np.append(limit, tail),
        left=np.append(_children(tree, "left_child", inner), tail.astype(np.int64) - 1),
        right=np.append(
            _children(tree, "right_child", inner), tail.astype(np.int64) - 1
        ),
        value=np.append(np.zeros(inner), _floats(tree, "leaf_value")),
        roots=np.zeros(1, np.int64),
        missing_left=np.append(default_left, tail > 0),
        members=members,
    )


def _children(tree: Tree, name: str, inner: int) -> Array:
    """Positions after the inner nodes for leaves, which the text writes as `~leaf`."""
    child = _ints(tree, name)
    return np.where(child < 0, inner + ~child, child)


def _members(tree: Tree, kind: Array, limit: Array) -> dict[int, Array]:
    """Sets of the categorical splits, unpacked from their bits."""
    if int(tree.get("num_cat", "0")) == 0:
        return {}
    bounds, words = _ints(tree, "cat_boundaries"), _ints(tree, "cat_threshold")
    sets = {}
    for node in np.flatnonzero(kind & _CATEGORICAL):
        which = int(limit[node])
        part = words[bounds[which] : bounds[which + 1]].astype("<u4")
        bits = np.unpackbits(part.view(np.uint8), bitorder="little")
        sets[int(node)] = np.flatnonzero(bits).astype(np.float64)
    return sets


def _linear(model: _Model, value: Sym) -> Sym:
    """Leaves that are linear in some features, constant where one of those is NaN."""
    graph, width = value.graph, value.width
    parts = [_linear_leaves(tree, width) for tree in model.trees]
    forests = [
        replace(_forest(tree), value=part)
        for tree, part in zip(model.trees, parts, strict=True)
    ]
    leaf = trees.vectors(trees.joined(forests), value)
    flat, start = leaf.take([0]).squeeze(2), leaf.take([1]).squeeze(2)
    slope = leaf.take(np.arange(2, 2 + width))
    used = leaf.take(np.arange(2 + width, 2 + 2 * width))
    known = value.is_nan().where(0.0, value).unsqueeze(1)
    terms = (used > 0.0).where(slope * known, 0.0)
    lost = (used * value.is_nan().cast("float64").unsqueeze(1)).sum() > 0.0
    each = lost.where(flat, start + terms.sum())
    one_hot = np.eye(model.groups)[np.arange(len(parts)) % model.groups]
    graph.warnings.append("linear leaves need rows x trees x columns numbers at a time")
    return each @ one_hot


def _linear_leaves(tree: Tree, width: int) -> Array:
    """By node: leaf value, constant, coefficients, and which features are used."""
    leaves = int(tree["num_leaves"])
    table = np.zeros((2 * leaves - 1, 2 + 2 * width))
    rows = table[leaves - 1 :]
    rows[:, 0] = _floats(tree, "leaf_value")
    rows[:, 1] = _floats(tree, "leaf_const")
    counts = _ints(tree, "num_features")
    at = np.repeat(np.arange(leaves), counts)
    features = _ints(tree, "leaf_features")
    rows[at, 2 + features] = _floats(tree, "leaf_coeff")
    rows[at, 2 + width + features] = 1.0
    return table


def _ints(tree: Tree, name: str) -> Array:
    return np.array(tree.get(name, "").split(), dtype=np.int64)


def _floats(tree: Tree, name: str) -> Array:
    return np.array(tree.get(name, "").split(), dtype=np.float64)
