"""Rows at the splits of trees: exactly at, and one step of the number line beside.

Two ways, each linear in the number of splits. *Grouped*: every row puts one threshold
of every column to the proof, so all thresholds of a model fit into as many rows as
its busiest column has. *Directed*: a row is steered down to one node by the conditions
on the way, so that deep nodes are reached too, which grouped rows rarely do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import Column
from mlflow_serverless.verify.samples.columns import FLOATS, INTEGERS, fit
from mlflow_serverless.verify.samples.knowledge import (
    ColumnFacts,
    Floats,
    Forest,
    Grown,
    Ints,
)

Arrays = dict[int, NDArray[Any]]
"""Column position to values, in the column's dtype."""

REPEATS = 16
"""Most times one threshold is shown, each time among other values."""


NEAR = (*FLOATS, *INTEGERS)
"""Column types whose values can lie at a threshold."""

THRIFTY = (0, 4, 5)
"""Of six neighbours, those that decide where float32 is compared."""


def beside(values: Floats, kind: str, *, single: bool) -> NDArray[Any]:
    """
    Each value and its neighbours in a column of *kind*, in its dtype, `(n, k)`.

    Where trees compare float32, the float32 neighbours are added to the column's own:
    value, one step up, one down, in float64 first, then the same in float32.
    """
    if kind in INTEGERS:
        steps = [np.floor(values), np.ceil(values), np.floor(values) - 1]
        return fit(np.stack(steps, axis=1), kind)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
        near = [
            narrow,
            np.nextafter(narrow, np.float32(np.inf)),
            np.nextafter(narrow, np.float32(-np.inf)),
        ]
    if kind == "float":
        return np.stack(near, axis=1)
    own = [values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf)]
    wide = [item.astype(np.float64) for item in near] if single else []
    return np.stack([*own, *wide], axis=1)


def grouped(
    columns: Sequence[Column],
    facts: Sequence[ColumnFacts],
    base: Mapping[int, NDArray[Any]],
    budget: int,
    rng: np.random.Generator,
) -> tuple[Arrays, int, int]:
    """
    Rows that together show every threshold and its neighbours.

    Args:
        columns: Of the signature.
        facts: What is known of each.
        base: Drawn values to fill up with, as many rows as there may be.
        budget: Most rows.
        rng: Decides who meets whom.

    Returns:
        The columns, thresholds shown, thresholds there are.
    """
    at: dict[int, NDArray[Any]] = {}
    shown = there = 0
    for i, (column, known) in enumerate(zip(columns, facts, strict=True)):
        splits = known.thresholds
        if not splits.size or column.type not in NEAR:
            continue
        at[i], count = _shown(splits, column.type, budget, single=known.single)
        shown, there = shown + count, there + len(splits)
    busiest = max((len(values) for values in at.values()), default=0)
    rows = busiest * repeats(busiest, budget)
    made = {i: values[:rows].copy() for i, values in base.items()}
    for i, values in at.items():
        made[i] = _filled(values, rows, rng)
    return made, shown, there


def _shown(
    splits: Floats, kind: str, budget: int, *, single: bool
) -> tuple[NDArray[Any], int]:
    """What to show of one column's splits within *budget*, and how many splits."""
    near = beside(splits, kind, single=single)
    if near.size > budget and near.shape[1] == 6:
        near = near[:, THRIFTY]
    most = max(budget // near.shape[1], 1)
    if len(near) > most:
        near = near[np.linspace(0, len(near) - 1, most).astype(np.intp)]
    return np.unique(near), len(near)


def repeats(rows: int, budget: int) -> int:
    """How often to show *rows* again, in other company: small models can afford it."""
    return max(1, min(REPEATS, budget // max(rows, 1)))


def _filled(values: NDArray[Any], rows: int, rng: np.random.Generator) -> NDArray[Any]:
    """All of *values* in random order, repeated to fill *rows*."""
    times = -(-rows // len(values))
    return np.concatenate([rng.permutation(values) for _ in range(times)])[:rows]


def directed(
    columns: Sequence[Column],
    grown: Grown,
    base: Mapping[int, NDArray[Any]],
    budget: int,
    rng: np.random.Generator,
) -> tuple[Arrays, int, int]:
    """
    Rows steered to split nodes, with that node's own value at its threshold.

    Returns:
        The columns, nodes aimed at, nodes there are.
    """
    nodes = np.flatnonzero(_usable(columns, grown))
    width = 6 if 6 * len(nodes) <= budget else 3
    aimed = _choose(nodes, max(budget // width, 1), rng)
    repeated = np.tile(aimed, repeats(width * len(aimed), budget))
    interval = path_bounds(grown.forest, repeated, len(grown.features))
    count = len(repeated)
    made = {i: np.repeat(values[:count], width) for i, values in base.items()}
    for number, feature in enumerate(grown.features):
        if feature is None or columns[feature.column].type not in NEAR:
            continue
        kind = columns[feature.column].type
        inside = _inside(
            feature.raw(interval[0][:, number]),
            feature.raw(interval[1][:, number]),
            base[feature.column][:count].astype(np.float64),
        )
        values = np.repeat(fit(inside, kind), width)
        mine = grown.forest.feature[repeated] == number
        at = feature.raw(grown.forest.threshold[repeated][mine])
        near = beside(at, kind, single=grown.forest.single)
        values[np.repeat(mine, width)] = _columns(near, width).ravel()
        made[feature.column] = values
    return made, len(aimed), len(nodes)


def _columns(near: NDArray[Any], width: int) -> NDArray[Any]:
    """*width* of the neighbours, again from the first where there are fewer."""
    has = near.shape[1]
    return near[:, THRIFTY if width < has else np.arange(width) % has]


def _usable(columns: Sequence[Column], grown: Grown) -> NDArray[np.bool_]:
    """Split nodes whose feature is a numeric column."""
    numeric = np.array(
        [f is not None and columns[f.column].type in NEAR for f in grown.features]
    )
    feature = grown.forest.feature
    fits = (feature >= 0) & (feature < len(numeric))
    usable: NDArray[np.bool_] = fits & numeric[np.where(fits, feature, 0)]
    return usable


def _choose(nodes: Ints, most: int, rng: np.random.Generator) -> Ints:
    if len(nodes) <= most:
        return nodes
    return np.sort(rng.choice(nodes, most, replace=False))


def path_bounds(forest: Forest, nodes: Ints, features: int) -> tuple[Floats, Floats]:
    """
    The interval of each feature in which a row comes to each of *nodes*.

    Returns:
        Two `(len(nodes), features)` arrays: above which, and up to which.
    """
    low = np.full((len(nodes), features), -np.inf)
    high = np.full((len(nodes), features), np.inf)
    parent = np.full(len(forest.feature), -1, np.int64)
    inner = np.flatnonzero(forest.left >= 0)
    parent[forest.left[inner]] = inner
    parent[forest.right[inner]] = inner
    here, rows = nodes.copy(), np.arange(len(nodes))
    while True:
        above = parent[here]
        climbing = above >= 0
        if not climbing.any():
            return low, high
        rows, above, here = rows[climbing], above[climbing], here[climbing]
        _narrow(forest, (low, high), rows, above, went_left=forest.left[above] == here)
        here = above


def _narrow(
    forest: Forest,
    interval: tuple[Floats, Floats],
    rows: Ints,
    above: Ints,
    *,
    went_left: NDArray[np.bool_],
) -> None:
    low, high = interval
    feature, at = forest.feature[above], forest.threshold[above]
    plain = feature >= 0  # categorical splits have no interval
    left, right = plain & went_left, plain & ~went_left
    np.minimum.at(high, (rows[left], feature[left]), at[left])
    np.maximum.at(low, (rows[right], feature[right]), at[right])


def _inside(one: Floats, other: Floats, wish: Floats) -> Floats:
    """*wish* where it lies strictly between the bounds, else a value that does."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    with np.errstate(invalid="ignore"):
        width = np.where(np.isfinite(low) & np.isfinite(high), high - low, 1.0)
        middle = np.where(
            np.isfinite(low),
            low + width / 2,
            np.where(np.isfinite(high), high - 0.5, wish),
        )
    return np.where((wish > low) & (wish < high), wish, middle)
