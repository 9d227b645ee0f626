"""Which values are NaN or infinite only where the request itself holds that."""

from collections.abc import Sequence

import numpy as np

from mlflow_serverless.convert.lower.symbol import Array, Sym

FINITE = {"TreeEnsemble"}
"""Operators whose results are finite, whatever they are given."""

MOVES = {
    "Abs", "Cast", "Ceil", "Concat", "Expand", "Floor", "Gather", "GatherElements",
    "Identity", "LabelEncoder", "Max", "Min", "Neg", "Reshape", "Round", "Sign",
    "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze", "Where",
}  # fmt: skip
"""Operators whose results are finite if what they are given is."""


class Given:
    """The values of a graph that were moved about, but not computed."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def holds(self, value: Sym) -> bool:
        """Whether *value* was in the request, is constant, or cannot be NaN."""
        return not value.dtype.startswith("float") or value.name in self._names

    def add(self, name: str) -> None:
        """*name* is an input."""
        self._names.add(name)

    def constant(self, name: str, array: Array) -> None:
        """*name* is *array*."""
        if array.dtype.kind == "f" and bool(np.isfinite(array).all()):
            self._names.add(name)

    def result(self, kind: str, inputs: Sequence[Sym], names: Sequence[str]) -> None:
        """*names* are what operator *kind* makes of *inputs*."""
        if kind in FINITE or (kind in MOVES and all(map(self.holds, inputs))):
            self._names.update(names)
