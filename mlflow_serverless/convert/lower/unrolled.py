"""Trees as Gather steps: every tree goes down one level at a time, all rows at once.

The forest is nothing but constants, so a session with it opens in the time it takes to
map them. It serves the first requests while the tree operator is being built.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_serverless.convert.lower.symbol import Array, Sym

if TYPE_CHECKING:
    from mlflow_serverless.convert.lower.trees import Forest

_LT = 1


@dataclass(frozen=True, slots=True)
class _Levels:
    """Nodes in order of depth, the two children of a node side by side."""

    order: Array
    """Old position of each node."""
    left: Array
    """New position of the left child; a leaf is its own."""
    roots: Array
    depth: int


def leaves(forest: "Forest", data: Sym) -> Sym:
    """The leaf each row falls into in each tree, int32 positions `(rows, trees)`."""
    levels, at = _descend(forest, data)
    return data.graph.gather(levels.order.astype(np.int32), at)


def sums(forest: "Forest", data: Sym) -> Sym:
    """As `trees.sums`."""
    levels, at = _descend(forest, data)
    graph = data.graph
    value = graph.gather(forest.value[levels.order], at)
    if forest.target is None:
        return value.sum(keepdims=True)
    one_hot = np.eye(forest.targets)[forest.target]
    return value @ one_hot.astype(forest.value.dtype)


def _descend(forest: "Forest", data: Sym) -> tuple[_Levels, Sym]:
    """
    Walk all trees at once: `node = child[node] + (value > threshold)`, in a loop.

    NaN is settled before the walk: each row is laid out twice, NaN as +inf and as -inf,
    and a node looks into the half that sends NaN its way.
    """
    graph, width = data.graph, data.width
    levels = _levels(forest)
    leaf = forest.left[levels.order] < 0
    looks = np.where(leaf, 0, forest.feature[levels.order])
    lost = data.is_nan()
    limit = _limits(forest, data.dtype)[levels.order]
    if np.isinf(limit[~leaf]).any():  # "is it there at all?": only NaN is beyond
        far = float(np.finfo(limit.dtype).max)
        data, limit = data.clip(None, far), np.minimum(limit, far)
    rows = lost.where(np.inf, data)
    if forest.missing_left is not None and forest.missing_left.any():
        rows = graph.concat([rows, lost.where(-np.inf, data)])
        looks += np.where(leaf, 0, width * forest.missing_left[levels.order])
    feature = graph.constant(looks.astype(np.int32))
    threshold = graph.constant(np.where(leaf, np.inf, limit).astype(data.dtype))
    children = graph.constant(levels.left.astype(np.int32))

    def step(state: Sequence[Sym]) -> tuple[list[Sym], Sym]:
        (at,) = state
        right = _pick(rows, graph.gather(feature, at)) > graph.gather(threshold, at)
        on = graph.constant(np.array(True)).map("Identity")  # noqa: FBT003 - a tensor
        return [graph.gather(children, at) + right.cast("int32")], on

    (at,) = graph.loop(levels.depth, [_start(data, levels.roots)], step)
    return levels, at


def _limits(forest: "Forest", dtype: str) -> Array:
    """
    Thresholds t such that `x > t` goes right, exact for every x of *dtype*.

    No float32 lies between a float64 and the next float32 below it, so a threshold
    that is rounded down parts all float32 values as the exact one does; and `x < t` is
    `x <= ` the number before t.
    """
    exact = forest.threshold
    limit = exact.astype(dtype)
    down = limit.dtype.type(-np.inf)
    too_far = (limit > exact) if forest.mode != _LT else np.ones(len(limit), bool)
    return np.where(too_far, np.nextafter(limit, down), limit)


def _pick(data: Sym, columns: Sym) -> Sym:
    return data.graph.op(
        "GatherElements", data, columns, dtype=data.dtype, shape=columns.shape, axis=1
    )


def _start(data: Sym, roots: Array) -> Sym:
    graph = data.graph
    rows = graph.op("Shape", data, dtype="int64", shape=(1,), start=0, end=1)
    size = graph.concat([rows, graph.constant(np.array([len(roots)]))], axis=0)
    first = graph.constant(roots.astype(np.int32)[None, :])
    return graph.op("Expand", first, size, dtype="int32", shape=(None, len(roots)))


def _levels(forest: "Forest") -> _Levels:
    """Renumber nodes level by level; time and memory grow linearly with nodes."""
    level, levels, depth = forest.roots, [forest.roots], 0
    while True:
        inner = level[forest.left[level] >= 0]
        if not len(inner):
            break
        level = np.stack([forest.left[inner], forest.right[inner]], axis=1).ravel()
        levels.append(level)
        depth += 1
    order = np.concatenate(levels)
    place = np.empty(forest.nodes, np.int64)
    place[order] = np.arange(len(order))
    child = forest.left[order]
    left = np.where(child < 0, np.arange(len(order)), place[child])
    return _Levels(order, left, np.arange(len(forest.roots)), depth)
