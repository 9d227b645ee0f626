"""Decision trees of any library, as flat arrays, and the two ways to run them.

Every library's forest becomes a `Forest`: arrays over all nodes of all trees. It runs
as one `ai.onnx.ml` v5 TreeEnsemble, quick for ever after, or (`Builder.unrolls`) as
Gather steps over constants, which is ready in milliseconds however large the forest.

A v5 leaf carries one number for one target. Where leaves carry vectors (class
probabilities, several outputs) each tree answers with the position of its leaf, and
the vectors are looked up: nodes are stored once, not once for each class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from onnx import numpy_helper

from mlflow_serverless.convert.lower import unrolled
from mlflow_serverless.convert.lower.builder import ML
from mlflow_serverless.convert.lower.symbol import Array, Sym

LEQ, LT, MEMBER = 0, 1, 6
"""How a node compares: `x <= t`, `x < t`, `x` is one of a set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """
    All nodes of all trees; leaves have no children.

    Positions are into these arrays, whichever tree the node is of.
    """

    feature: Array
    """Column a node looks at, int64 `(nodes,)`; of leaves, anything."""
    threshold: Array
    """float64 `(nodes,)`."""
    left: Array
    """Where to go if the comparison holds, int64 `(nodes,)`; -1 marks a leaf."""
    right: Array
    value: Array
    """What leaves say: `(nodes,)`, or `(nodes, k)` for vectors."""
    roots: Array
    """int64 `(trees,)`."""
    mode: int = LEQ
    missing_left: Array | None = None
    """Whether NaN goes left, bool `(nodes,)`; None: always right."""
    target: Array | None = None
    """Which sum each tree adds to, int64 `(trees,)`; None: all to one."""
    targets: int = 1
    members: dict[int, Array] = field(default_factory=dict)
    """Sets of the nodes that compare by MEMBER, by position."""

    @property
    def nodes(self) -> int:
        """How many nodes there are, leaves included."""
        return len(self.left)


def joined(parts: Sequence[Forest]) -> Forest:
    """Forests of one kind (mode, targets) as one, trees in order."""
    sizes = [part.nodes for part in parts]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def moved(name: str) -> Array:
        arrays = [
            np.where(getattr(part, name) < 0, -1, getattr(part, name) + start)
            for part, start in zip(parts, starts, strict=True)
        ]
        return np.concatenate(arrays)

    missing = None
    if any(part.missing_left is not None for part in parts):
        missing = np.concatenate([
            np.zeros(p.nodes, bool) if p.missing_left is None else p.missing_left
            for p in parts
        ])  # fmt: skip
    target = None
    if any(part.target is not None for part in parts):
        target = np.concatenate([
            np.zeros(len(p.roots), np.int64) if p.target is None else p.target
            for p in parts
        ])  # fmt: skip
    return replace(
        parts[0],
        feature=np.concatenate([part.feature for part in parts]),
        threshold=np.concatenate([part.threshold for part in parts]),
        left=moved("left"),
        right=moved("right"),
        value=np.concatenate([part.value for part in parts]),
        roots=moved("roots"),
        missing_left=missing,
        target=target,
        members={
            int(node + start): values
            for part, start in zip(parts, starts, strict=True)
            for node, values in part.members.items()
        },
    )


def sums(forest: Forest, data: Sym) -> Sym:
    """
    What the trees add up to, `(rows, targets)`.

    Trees are added in order, so the sum is the one a sequential loop makes. As an
    operator, trees compare and add in *data*'s element type.
    """
    data.graph.tree_nodes += forest.nodes
    if data.graph.unrolls and not forest.members:
        return unrolled.sums(forest, data)
    return _ensemble(forest, data, forest.targets)


def vectors(forest: Forest, data: Sym) -> Sym:
    """The vectors of the leaves each row falls into, `(rows, trees, k)` float64."""
    graph = data.graph
    graph.tree_nodes += forest.nodes
    if graph.unrolls and not forest.members:
        leaf = unrolled.leaves(forest, data)
        return graph.gather(forest.value.astype(np.float64), leaf)
    is_leaf = forest.left < 0
    number = np.where(is_leaf, np.cumsum(is_leaf) - 1, 0)
    trees = len(forest.roots)
    counting = replace(
        forest, value=number.astype(np.float64), target=np.arange(trees), targets=trees
    )
    leaf = _ensemble(counting, data, trees).cast("int64")
    return graph.gather(forest.value[is_leaf].astype(np.float64), leaf)


def _ensemble(forest: Forest, data: Sym, targets: int) -> Sym:
    forest = _rooted(forest)
    inner = forest.left >= 0
    place = np.where(inner, np.cumsum(inner) - 1, np.cumsum(~inner) - 1)
    left, right = forest.left[inner], forest.right[inner]
    modes = np.full(int(inner.sum()), forest.mode, np.uint8)
    modes[place[list(forest.members)]] = MEMBER
    missing = None
    if forest.missing_left is not None and forest.missing_left[inner].any():
        missing = forest.missing_left[inner].astype(np.int64).tolist()
    kind = np.dtype(data.dtype)
    return data.graph.op(
        "TreeEnsemble",
        data,
        dtype=data.dtype,
        shape=(data.shape[0], targets),
        domain=ML,
        n_targets=targets,
        aggregate_function=1,
        post_transform=0,
        tree_roots=place[forest.roots].tolist(),
        nodes_featureids=forest.feature[inner].tolist(),
        nodes_splits=numpy_helper.from_array(forest.threshold[inner].astype(kind)),
        nodes_modes=numpy_helper.from_array(modes),
        nodes_truenodeids=place[left].tolist(),
        nodes_falsenodeids=place[right].tolist(),
        nodes_trueleafs=(~inner[left]).astype(np.int64).tolist(),
        nodes_falseleafs=(~inner[right]).astype(np.int64).tolist(),
        nodes_missing_value_tracks_true=missing,
        leaf_targetids=_leaf_targets(forest, ~inner).tolist(),
        leaf_weights=numpy_helper.from_array(forest.value[~inner].astype(kind)),
        membership_values=_memberships(forest, kind),
    )


def _rooted(forest: Forest) -> Forest:
    """The same forest with a comparison at each root: v5 knows no bare leaf."""
    bare = forest.left[forest.roots] < 0
    if not bare.any():
        return forest
    leaves = forest.roots[bare]
    roots = forest.roots.copy()
    roots[bare] = forest.nodes + np.arange(len(leaves))
    zeros = np.zeros(len(leaves))
    missing = forest.missing_left
    return replace(
        forest,
        feature=np.concatenate([forest.feature, zeros.astype(np.int64)]),
        threshold=np.concatenate([forest.threshold, zeros]),
        left=np.concatenate([forest.left, leaves]),
        right=np.concatenate([forest.right, leaves]),
        value=np.concatenate([forest.value, zeros]),
        roots=roots,
        missing_left=None if missing is None else np.append(missing, zeros > 0),
    )


def _leaf_targets(forest: Forest, is_leaf: Array) -> Array:
    if forest.target is None:
        return np.zeros(int(is_leaf.sum()), np.int64)
    return forest.target[tree_of(forest)][is_leaf]


def tree_of(forest: Forest) -> Array:
    """Which tree each node is of, int64 `(nodes,)`; found level by level."""
    owner = np.zeros(forest.nodes, np.int64)
    level = forest.roots
    tree = np.arange(len(level))
    while len(level):
        owner[level] = tree
        inner = forest.left[level] >= 0
        level, tree = level[inner], tree[inner]
        level = np.concatenate([forest.left[level], forest.right[level]])
        tree = np.concatenate([tree, tree])
    return owner


def _memberships(forest: Forest, kind: np.dtype[np.generic]) -> object:
    """Sets in order of their nodes, a NaN after each; None if there are none."""
    if not forest.members:
        return None
    end = np.array([np.nan])
    parts = [np.append(forest.members[n], end) for n in sorted(forest.members)]
    return numpy_helper.from_array(np.concatenate(parts).astype(kind))
