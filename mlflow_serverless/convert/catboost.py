"""The CatBoost flavour, straight from the model's own JSON.

CatBoost rounds values to float32, goes right where `x > border`, and adds float64
leaves. Its symmetric ("oblivious") trees ask one question a level, so a leaf's number
is the answers read as bits. NaN is compared as smaller or larger than every border,
as the feature says. Categories, texts and embeddings are hashed or estimated inside
CatBoost, which no graph can repeat exactly: those models are left to the native engine.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.load import load_native
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import Data, Labels
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.model import ServableModel

EXPONENTIAL = {"Poisson", "Tweedie"}
"""Losses whose regressors answer with exp(sum)."""

_PAIRED = "RMSEWithUncertainty"
"""Answers with the mean and the variance, which is exp(2 * sum)."""

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What the JSON says, in our words."""

    trees: tuple[Tree, ...]
    columns: Array
    """Which column each float feature reads, by the feature's number."""
    nan_right: Array
    """Whether NaN is larger than every border, by the feature's number."""
    scale: float
    bias: Array
    """Added to the scaled sums, float64 `(outputs,)`."""
    loss: str

    @property
    def outputs(self) -> int:
        """Sums a row has."""
        return len(self.bias)


def source(model: ServableModel) -> Source:
    """The trees in *model*'s folder, ready to be drafted."""
    native = load_native(model.folder, "catboost")
    trained = read(native)

    def draft(graph: Builder) -> Draft:
        graph.recipes.append(f"{type(native).__name__}.predict")
        return draft_of(
            graph, model.signature, lambda frame: answer(native, trained, frame)
        )

    return Source(estimator=type(native).__name__, draft=draft)


def read(native: Any) -> Trained:
    """
    The trees of *native*.

    Raises:
        NoConversionError: It reads other features than numbers.
    """
    content = _content(native)
    _refuse_unlike(content["features_info"])
    features = content["features_info"].get("float_features", [])
    size = 1 + max((f["feature_index"] for f in features), default=0)
    columns, nan_right = np.zeros(size, np.int64), np.zeros(size, bool)
    for feature in features:
        columns[feature["feature_index"]] = feature["flat_feature_index"]
        treatment = feature.get("nan_value_treatment")
        nan_right[feature["feature_index"]] = treatment == "AsTrue"
    scale, bias = content["scale_and_bias"]
    params = content.get("model_info", {}).get("params", {})
    return Trained(
        trees=tuple(content.get("oblivious_trees") or content.get("trees") or ()),
        columns=columns,
        nan_right=nan_right,
        scale=float(scale),
        bias=np.atleast_1d(np.asarray(bias, np.float64)),
        loss=str(params.get("loss_function", {}).get("type", "")),
    )


def _content(native: Any) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        native.save_model(str(file), format="json")
        content: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return content


def _refuse_unlike(features: Mapping[str, Any]) -> None:
    others = sorted(
        name.removesuffix("_features").replace("_", " ")
        for name, found in features.items()
        if name.endswith("_features") and name != "float_features" and found
    )
    if others or features.get("ctrs"):
        kinds = ", ".join(others) or "categorical"
        why = f"it reads {kinds} features, which CatBoost encodes in ways of its own"
        raise NoConversionError(why, of="CatBoost")


def answer(native: Any, model: Trained, data: Data) -> Sym | Labels:
    """What `predict` gives: labels of classifiers, else linked sums."""
    sums = _sums(model, data)
    if type(native).__name__ == "CatBoostClassifier":
        return _classified(native, model, sums)
    value = sums.squeeze(1) if model.outputs == 1 else sums
    if type(native).__name__ != "CatBoostRegressor":
        return value
    if model.loss in EXPONENTIAL:
        return value.map("Exp")
    if model.loss == _PAIRED:
        return value.graph.concat([
            value.column(0), (value.column(1) * 2.0).map("Exp")
        ])  # fmt: skip
    return value


def _classified(native: Any, model: Trained, sums: Sym) -> Sym | Labels:
    """Two classes: a threshold; several: `(rows, 1)` labels; several labels: 0 or 1."""
    if model.outputs == 1:
        limit = float(native.get_probability_threshold())
        border = float(np.log(limit / (1 - limit))) if 0 < limit < 1 else 0.0
        classes = np.asarray(native.classes_)
        return Labels((sums.squeeze(1) > border).cast("int64"), classes)
    if model.loss in {"MultiLogloss", "MultiCrossEntropy"}:
        return (sums > 0.0).cast("int64")
    return Labels(sums.argmax().unsqueeze(1), np.asarray(native.classes_))


def _sums(model: Trained, data: Data) -> Sym:
    """float64 `(rows, outputs)`: leaves of every tree, scaled, with the bias."""
    value = matrix_of(data).cast("float32").cast("float64")
    if not model.trees:
        why = "it has no trees"
        raise NoConversionError(why, of="CatBoost")
    forest = trees.joined([_forest(tree, model) for tree in model.trees])
    if forest.value.ndim == 1:
        total = trees.sums(forest, value)
    else:
        total = trees.vectors(forest, value).sum(axis=1)
    return total * model.scale + model.bias[None, :]


def _forest(tree: Tree, model: Trained) -> Forest:
    if "splits" in tree or "leaf_values" in tree:
        return _oblivious(tree, model)
    return _grown(tree, model)


def _oblivious(tree: Tree, model: Trained) -> Forest:
    """
    A symmetric tree as a full binary one, nodes numbered level by level.

    Level `k` asks split `k`; going right sets bit `k` of the leaf's number.
    """
    splits = tree.get("splits") or []
    depth = len(splits)
    levels = [np.arange(2**k) for k in range(depth)]
    inner = 2**depth - 1
    asked = [_split(split) for split in splits]
    feature = np.concatenate([
        np.full(len(level), asked[k][0]) for k, level in enumerate(levels)
    ] or [np.zeros(0, np.int64)]).astype(np.int64)  # fmt: skip
    border = np.concatenate([
        np.full(len(level), asked[k][1]) for k, level in enumerate(levels)
    ] or [np.zeros(0)])  # fmt: skip
    leaves = _leaves(tree["leaf_values"], model)[_bits_reversed(depth)]
    none = np.full(2**depth, -1, np.int64)
    here = np.arange(inner)
    return Forest(
        feature=np.append(model.columns[feature], np.zeros(2**depth, np.int64)),
        threshold=np.append(border, np.zeros(2**depth)),
        left=np.append(2 * here + 1, none),
        right=np.append(2 * here + 2, none),
        value=np.concatenate([np.zeros((inner, *leaves.shape[1:])), leaves]),
        roots=np.zeros(1, np.int64),
        missing_left=np.append(~model.nan_right[feature], none > 0),
    )


def _bits_reversed(depth: int) -> Array:
    """Leaf numbers from left to right: the first split is the lowest bit."""
    number = np.zeros(2**depth, np.int64)
    place = np.arange(2**depth)
    for k in range(depth):
        number |= ((place >> (depth - 1 - k)) & 1) << k
    return number


def _leaves(values: Sequence[float], model: Trained) -> Array:
    """By leaf: a number, or one for each output."""
    array = np.asarray(values, np.float64)
    return array if model.outputs == 1 else array.reshape(-1, model.outputs)


def _split(split: Mapping[str, Any]) -> tuple[int, float]:
    """Which float feature, and the border it has to exceed."""
    if split.get("split_type", "FloatFeature") != "FloatFeature":
        why = f"it splits by {split['split_type']}"
        raise NoConversionError(why, of="CatBoost")
    return int(split["float_feature_index"]), float(np.float32(split["border"]))


def _grown(tree: Tree, model: Trained) -> Forest:
    """A tree grown by depth or by loss: nested nodes, flattened."""
    nodes = list(_walk(tree))
    place = {id(node): i for i, node in enumerate(nodes)}
    asked = [_split(n["split"]) if "split" in n else (0, 0.0) for n in nodes]
    feature = np.array([number for number, _ in asked], np.int64)

    def child(side: str) -> Array:
        ends = [place[id(n[side])] if "split" in n else -1 for n in nodes]
        return np.array(ends, np.int64)

    blank: float | list[float] = 0.0 if model.outputs == 1 else [0.0] * model.outputs
    value = np.array([n.get("value", blank) for n in nodes], np.float64)
    return Forest(
        feature=model.columns[feature],
        threshold=np.array([border for _, border in asked]),
        left=child("left"),
        right=child("right"),
        value=value if model.outputs == 1 else value.reshape(-1, model.outputs),
        roots=np.zeros(1, np.int64),
        missing_left=~model.nan_right[feature],
    )


def _walk(tree: Tree) -> Iterator[Tree]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if "split" in node:
            waiting += [node["left"], node["right"]]
