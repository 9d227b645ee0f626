"""XGBoost, straight from its own JSON.

XGBoost computes in float32: rows are rounded to it, `x < t` goes left, leaves are added
one tree after the other to the base margin. The graph does the same in the same order,
so margins agree to the last bit; only links (exp, sigmoid, softmax) may differ in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xgboost as xgb

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.recipes.numeric import (
    floored,
    singles,
    two_columns,
    whole,
)

LOGIT = {"binary:logistic", "reg:logistic"}
LOG = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}
IDENTITY = {
    "reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror",
    "reg:absoluteerror", "reg:quantileerror", "reg:expectileerror", "reg:linear",
    "rank:pairwise", "rank:ndcg", "rank:map", "binary:hinge",
    "binary:logitraw", "multi:softprob", "multi:softmax",
}  # fmt: skip
"""How the base score becomes a margin."""


Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What a booster's JSON says, in our words."""

    objective: str
    groups: int
    """Margins a row has: classes or targets."""
    base: Array
    """Base margins, float32 `(groups,)`."""
    booster: Mapping[str, Any]
    kind: str
    """gbtree, dart or gblinear."""
    categorical: tuple[int, ...]
    """Features whose values are category codes."""


@lowers(xgb.Booster, method="predict")
def booster(model: Any, data: Data) -> Sym:
    """What `Booster.predict` gives: every tree, through the objective's link."""
    loaded = _read(model)
    return _linked(loaded, _margins(loaded, data, np.nan, None))


@lowers(xgb.XGBRegressor, xgb.XGBRFRegressor, xgb.XGBRanker, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """As the booster answers, up to the best iteration."""
    return _answers(model, data)


@lowers(xgb.XGBClassifier, xgb.XGBRFClassifier, method="predict")
def classify(model: Any, data: Data) -> Labels | Sym:
    """Class positions, or 0 and 1 for each of several labels."""
    chances = _answers(model, data)
    if model.objective == "multi:softmax":
        return chances.cast("int32")
    classes = np.arange(max(int(model.n_classes_), 2))
    if len(chances.shape) == 1:
        return Labels((chances > 0.5).cast("int64"), classes)
    if int(model.n_classes_) != 2:
        return Labels(chances.argmax(), classes)
    return (chances > 0.5).cast("float64")


@lowers(xgb.XGBClassifier, xgb.XGBRFClassifier, method="predict_proba")
def probabilities(model: Any, data: Data) -> Sym:
    """Probabilities of every class."""
    if model.objective == "multi:softmax":
        loaded = _read(model.get_booster())
        return _softmax(_margins(loaded, data, model.missing, _rounds(model)))
    chances = _answers(model, data)
    return two_columns(chances) if len(chances.shape) == 1 else chances


def _answers(model: Any, data: Data) -> Sym:
    loaded = _read(model.get_booster())
    return _linked(loaded, _margins(loaded, data, model.missing, _rounds(model)))


def _rounds(model: Any) -> int | None:
    """How many rounds the scikit-learn wrappers use: up to the best, if known."""
    try:
        return int(model.best_iteration) + 1
    except AttributeError:
        return None


def _read(model: Any) -> _Model:
    content = json.loads(bytes(model.save_raw("json")))["learner"]
    params, booster_ = content["learner_model_param"], content["gradient_booster"]
    objective = content["objective"]["name"]
    groups = max(int(params["num_class"]), int(params.get("num_target", 1)), 1)
    scores = np.array(json.loads(f"[{params['base_score'].strip('[]')}]"), np.float32)
    kinds = content.get("feature_types") or []
    inner = booster_.get("gbtree", {})
    return _Model(
        objective=objective,
        groups=groups,
        base=np.broadcast_to(_to_margin(objective, scores), (groups,)),
        booster={**booster_, **inner, "name": booster_["name"]},
        kind=booster_["name"],
        categorical=tuple(i for i, kind in enumerate(kinds) if kind == "c"),
    )


def _to_margin(objective: str, scores: Array) -> Array:
    one = np.float32(1)
    if objective in LOGIT:
        return np.asarray(-np.log(one / scores - one))
    if objective in LOG:
        return np.asarray(np.log(scores))
    if objective in IDENTITY:
        return scores
    why = f"its objective {objective!r} is unknown here"
    raise NoConversionError(why, of="XGBoost")


def _linked(model: _Model, margins: Sym) -> Sym:
    """Margins as the objective presents them."""
    if model.objective == "multi:softprob":
        return _softmax(margins)
    if model.objective == "multi:softmax":
        return margins.argmax().cast("float32")
    value = margins.squeeze(1) if model.groups == 1 else margins
    if model.objective in LOGIT:
        return value.cast("float64").map("Sigmoid").cast("float32")
    if model.objective in LOG:
        return value.cast("float64").map("Exp").cast("float32")
    if model.objective == "binary:hinge":
        return (value > 0.0).cast("float32")
    return value


def _softmax(margins: Sym) -> Sym:
    wide = margins.cast("float64")
    raised = (wide - wide.reduce("ReduceMax", keepdims=True)).map("Exp")
    return (raised / raised.sum(keepdims=True)).cast("float32")


def _margins(model: _Model, data: Data, missing: Any, rounds: int | None) -> Sym:
    """float32 `(rows, groups)`."""
    value = _without(matrix_of(data), missing)
    if model.kind == "gblinear":
        return _linear(model, value)
    chosen = _trees(model, rounds)
    value = whole(value, model.categorical, floored)
    if _vector_leaves(chosen):
        parts = [_forest(tree, model.groups) for tree in chosen]
        added = trees.vectors(trees.joined(parts), value).cast("float32")
        return added.sum(axis=1) + model.base[None, :]
    return trees.sums(_with_base(model, chosen), value)


def _without(matrix: Sym, missing: Any) -> Sym:
    """float32, NaN where a value is *missing* (NaN is missing in any case)."""
    value = singles(matrix)
    if missing is None or np.isnan(missing):
        return value
    return value.equals(float(missing)).where(np.nan, value)


def _trees(model: _Model, rounds: int | None) -> list[Tree]:
    """Trees of the first *rounds* rounds, each with its group and dart weight."""
    content = model.booster["model"]
    weights = model.booster.get("weight_drop", [1.0] * len(content["trees"]))
    every: list[Tree] = [
        {**tree, "group": group, "weight": weight}
        for tree, group, weight in zip(
            content["trees"], content["tree_info"], weights, strict=True
        )
    ]
    if _recoded(content):
        why = "its categories are kept as values of a DataFrame's category columns"
        raise NoConversionError(why, of="XGBoost")
    if rounds is None:
        return every
    starts = content["iteration_indptr"]
    return every[: starts[min(rounds, len(starts) - 1)]]


def _recoded(content: Mapping[str, Any]) -> bool:
    return bool((content.get("cats") or {}).get("enc"))


def _vector_leaves(chosen: Sequence[Tree]) -> bool:
    return any(int(t["tree_param"]["size_leaf_vector"] or 1) > 1 for t in chosen)


def _with_base(model: _Model, chosen: Sequence[Tree]) -> Forest:
    """The trees after one constant tree a group: sums start at the base margin."""
    bases = [_constant(value, group) for group, value in enumerate(model.base)]
    forest = trees.joined([*bases, *(_forest(tree, 1) for tree in chosen)])
    if model.groups > 1:
        return replace(forest, targets=model.groups)
    return replace(forest, target=None)


def _constant(value: float, group: int) -> Forest:
    none = np.full(1, -1, np.int64)
    return Forest(
        feature=np.zeros(1, np.int64), threshold=np.zeros(1, np.float32),
        left=none, right=none, value=np.full(1, value, np.float32),
        roots=np.zeros(1, np.int64), mode=trees.LT, target=np.full(1, group),
    )  # fmt: skip


def _forest(tree: Tree, width: int) -> Forest:
    left = np.array(tree["left_children"], np.int64)
    right = np.array(tree["right_children"], np.int64)
    default_left = np.array(tree["default_left"], bool)
    conditions = np.array(tree["split_conditions"], np.float32)
    members = _members(tree)
    swapped = np.array(sorted(members), np.int64)
    # XGBoost sends members of the set to the right
    left[swapped], right[swapped] = right[swapped], left[swapped]
    default_left[swapped] = ~default_left[swapped]
    value = conditions if width == 1 else _leaf_vectors(tree, left, right, width)
    return Forest(
        feature=np.array(tree["split_indices"], np.int64),
        threshold=conditions,
        left=left,
        right=right,
        value=value * np.float32(tree["weight"]),
        roots=np.zeros(1, np.int64),
        mode=trees.LT,
        missing_left=default_left,
        target=np.full(1, tree["group"], np.int64),
        members=members,
    )


def _leaf_vectors(tree: Tree, left: Array, right: Array, width: int) -> Array:
    """Vectors by node; newer files number leaves in `right_children`."""
    if "leaf_weights" not in tree:
        return np.array(tree["base_weights"], np.float32).reshape(-1, width)
    table = np.array(tree["leaf_weights"], np.float32).reshape(-1, width)
    return table[np.where(left < 0, right, 0)]


def _members(tree: Tree) -> dict[int, Array]:
    categories = np.array(tree["categories"], np.float32)
    return {
        node: np.sort(categories[start : start + size])
        for node, start, size in zip(
            tree["categories_nodes"],
            tree["categories_segments"],
            tree["categories_sizes"],
            strict=True,
        )
    }


def _linear(model: _Model, value: Sym) -> Sym:
    weights = np.array(model.booster["model"]["weights"], np.float64)
    table = weights.reshape(-1, model.groups)
    present = value.is_nan().where(0.0, value).cast("float64")
    # the linear booster starts every group at the first one's base
    total: Sym = present @ table[:-1] + (table[-1] + model.base[0])[None, :]
    return total.cast("float32")
