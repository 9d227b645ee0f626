"""What can be known of the training data from the trained model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Feature:
    """A model's feature that is one raw column, moved and stretched."""

    column: int
    """Position in the signature."""
    center: float = 0.0
    scale: float = 1.0
    """feature = (raw - center) / scale."""

    def raw(self, values: Floats) -> Floats:
        """Column values whose feature is *values*, up to rounding."""
        return values * self.scale + self.center


Features = tuple[Feature | None, ...]
"""Where each feature comes from; None where it is no single column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """All trees of a model, their nodes in one row of arrays."""

    feature: Ints
    """Feature split on; -1 at leaves and categorical splits."""
    threshold: Floats
    left: Ints
    """Index of the child for `value <= threshold` (`<` if *strict*); -1 at leaves."""
    right: Ints
    roots: Ints
    single: bool
    """Whether values are compared as float32."""
    strict: bool
    """Whether a value at the threshold goes right."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A forest, and where its features come from."""

    forest: Forest
    features: Features


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """What is known of one column."""

    thresholds: Floats
    """Split values in the column's own terms, sorted, distinct."""
    low: float | None = None
    high: float | None = None
    """Where its values lay, about."""
    categories: tuple[object, ...] = ()
    """Values it had, if it is a category."""
    single: bool = False
    """Whether some split compares it as float32."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of all columns, and of the trees behind them."""

    columns: tuple[ColumnFacts, ...]
    forests: tuple[Grown, ...] = ()


class Notebook:
    """Where findings are written down while an estimator is walked through."""

    def __init__(self, columns: int) -> None:
        self._values: list[list[Floats]] = [[] for _ in range(columns)]
        self._splits: list[list[Floats]] = [[] for _ in range(columns)]
        self._kinds: list[dict[object, None]] = [{} for _ in range(columns)]
        self._single = [False] * columns
        self._forests: list[Grown] = []

    def saw(self, feature: Feature | None, values: Floats) -> None:
        """The feature took, or lay around, these *values*."""
        if feature is not None:
            self._values[feature.column].append(feature.raw(np.ravel(values)))

    def splits(self, feature: Feature | None, at: Floats, *, single: bool) -> None:
        """The feature is split at these values."""
        if feature is not None and at.size:
            self._splits[feature.column].append(feature.raw(at))
            self._single[feature.column] |= single

    def categories(self, feature: Feature | None, found: list[object]) -> None:
        """The feature took exactly these values."""
        if feature is not None:
            self._kinds[feature.column].update(dict.fromkeys(found))

    def forest(self, forest: Forest, features: Features) -> None:
        """Trees over *features*; every split counts as one of its column."""
        self._forests.append(Grown(forest, features))
        inner = forest.feature >= 0
        order = np.argsort(forest.feature[inner], kind="stable")
        which, starts = np.unique(forest.feature[inner][order], return_index=True)
        pieces = np.split(forest.threshold[inner][order], starts[1:])
        for number, piece in zip(which.tolist(), pieces, strict=False):
            if number < len(features):
                self.splits(features[number], np.unique(piece), single=forest.single)

    def knowledge(self) -> Knowledge:
        """All of it, in order."""
        return Knowledge(
            tuple(self._facts(i) for i in range(len(self._values))),
            tuple(self._forests),
        )

    def _facts(self, column: int) -> ColumnFacts:
        thresholds = _distinct(self._splits[column])
        around = _distinct([*self._values[column], thresholds])
        return ColumnFacts(
            thresholds=thresholds,
            low=float(around[0]) if around.size else None,
            high=float(around[-1]) if around.size else None,
            categories=tuple(self._kinds[column]),
            single=self._single[column],
        )


def _distinct(parts: list[Floats]) -> Floats:
    if not parts:
        return np.empty(0)
    values = np.unique(np.concatenate(parts))
    return values[np.isfinite(values)]
