"""Reading the trees out of a fitted model; one reader a library.

Only arrays that the libraries keep or print are read, so the cost is linear in nodes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlflow_serverless.verify.samples.knowledge import Floats, Forest, Ints

Tree = tuple[Ints, Floats, Ints, Ints]
"""feature, threshold, left, right of one tree."""


def grow(trees: Sequence[Tree], *, single: bool, strict: bool) -> Forest:
    """Lay trees end to end; children become positions in the whole."""
    sizes = np.array([len(tree[0]) for tree in trees], np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    shift = [
        (np.where(left >= 0, left + root, -1), np.where(right >= 0, right + root, -1))
        for (_, _, left, right), root in zip(trees, roots, strict=True)
    ]
    return Forest(
        feature=np.concatenate([tree[0] for tree in trees]),
        threshold=np.concatenate([tree[1] for tree in trees]),
        left=np.concatenate([pair[0] for pair in shift]),
        right=np.concatenate([pair[1] for pair in shift]),
        roots=roots,
        single=single,
        strict=strict,
    )


def sklearn_tree(tree: Any) -> Tree:
    """`sklearn.tree`'s arrays; leaves are marked -2 there."""
    leaf = tree.children_left < 0
    return (
        np.where(leaf, -1, tree.feature).astype(np.int64),
        tree.threshold.astype(np.float64),
        np.where(leaf, -1, tree.children_left).astype(np.int64),
        np.where(leaf, -1, tree.children_right).astype(np.int64),
    )


def histogram_tree(nodes: Any) -> Tree:
    """`HistGradientBoosting`'s node records."""
    leaf = nodes["is_leaf"].astype(bool)
    plain = ~leaf & ~nodes["is_categorical"].astype(bool)
    return (
        np.where(plain, nodes["feature_idx"].astype(np.int64), -1),
        nodes["num_threshold"].astype(np.float64),
        np.where(leaf, -1, nodes["left"].astype(np.int64)),
        np.where(leaf, -1, nodes["right"].astype(np.int64)),
    )


def xgboost_trees(booster: Any) -> list[Tree]:
    """From the JSON form of the booster, which keeps its nodes as arrays."""
    import json  # noqa: PLC0415

    model = json.loads(bytes(booster.save_raw("json")))["learner"]
    booster_part = model["gradient_booster"]
    booster_part = booster_part.get("gbtree", booster_part)  # dart wraps a gbtree
    found = booster_part.get("model", {}).get("trees", [])
    return [_xgboost_tree(tree) for tree in found]


def _xgboost_tree(tree: dict[str, Any]) -> Tree:
    left = np.array(tree["left_children"], np.int64)
    categorical = np.array(tree.get("split_type", np.zeros(len(left))), np.int64)
    feature = np.array(tree["split_indices"], np.int64)
    return (
        np.where((left < 0) | (categorical != 0), -1, feature),
        # printed as the shortest decimal of a float32, so read as one
        np.array(tree["split_conditions"], np.float32).astype(np.float64),
        left,
        np.array(tree["right_children"], np.int64),
    )


def lightgbm_trees(booster: Any) -> list[Tree]:
    """From the text form of the booster; leaves follow the inner nodes."""
    blocks = booster.model_to_string().split("\nTree=")[1:]
    return [tree for block in blocks for tree in _lightgbm_tree(block)]


def _lightgbm_tree(block: str) -> Iterator[Tree]:
    lines = (line.partition("=") for line in block.splitlines() if "=" in line)
    fields = {key: value for key, _, value in lines}
    if "split_feature" not in fields:
        return  # a stump without a split
    feature = np.array(fields["split_feature"].split(), np.int64)
    inner = len(feature)
    categorical = np.array(fields["decision_type"].split(), np.int64) & 1
    none = np.full(inner + 1, -1, np.int64)

    def children(key: str) -> Ints:
        found = np.array(fields[key].split(), np.int64)
        return np.concatenate([np.where(found >= 0, found, inner + ~found), none])

    yield (
        np.concatenate([np.where(categorical == 1, -1, feature), none]),
        np.concatenate(
            [np.array(fields["threshold"].split(), float), np.zeros(inner + 1)]
        ),
        children("left_child"),
        children("right_child"),
    )
