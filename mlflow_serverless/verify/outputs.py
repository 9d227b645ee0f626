"""Answers in one shape, whatever the model returned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outputs:
    """Named arrays, rows first; one array named `""` where the answer is bare."""

    form: str
    """`array`, `table` or `tensors`: what the answer looks like on the wire."""
    arrays: Mapping[str, NDArray[Any]]

    @property
    def rows(self) -> int:
        """How many rows were answered."""
        first = next(iter(self.arrays.values()), None)
        return 0 if first is None or first.ndim == 0 else len(first)


def normalise(answer: object) -> Outputs:
    """
    What a pyfunc model returned, as named arrays.

    Raises:
        TypeError: It is nothing that an answer can be (a generator, an object).
    """
    if isinstance(answer, pd.DataFrame):
        return Outputs("table", {str(n): _series(answer[n]) for n in answer.columns})
    if isinstance(answer, pd.Series):
        # Without a name it is column 0, as for MLflow's server.
        name = 0 if answer.name is None else answer.name
        return Outputs("table", {str(name): _series(answer)})
    if isinstance(answer, Mapping):
        return Outputs("tensors", {str(k): _array(v) for k, v in answer.items()})
    if isinstance(answer, list | tuple) and answer and isinstance(answer[0], Mapping):
        return normalise(pd.DataFrame(list(answer)))
    return Outputs("array", {"": _array(answer)})


def _series(series: "pd.Series[Any]") -> NDArray[Any]:
    values = series.to_numpy()
    return _tidy(np.asarray(values))


def _array(value: object) -> NDArray[Any]:
    if hasattr(value, "toarray"):  # scipy's sparse matrices
        value = value.toarray()
    if hasattr(value, "detach"):  # torch
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype == object and array.ndim == 0:
        why = f"an answer of type {type(value).__name__} cannot be compared"
        raise TypeError(why)
    return _tidy(array)


def _tidy(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers that came as objects become numbers; text becomes objects."""
    if array.dtype.kind in "US":
        return array.astype(object)
    if array.dtype == object:
        kinds = {type(item) for item in array.ravel()}
        numbers = (bool, int, float, np.generic)
        if len(kinds) == 1 and issubclass(next(iter(kinds)), numbers):
            return np.asarray(array.tolist())
    return array


def join_outputs(parts: list[Outputs]) -> Outputs:
    """Answers to consecutive batches, as one."""
    first = parts[0]
    return Outputs(
        first.form,
        {
            name: np.concatenate([part.arrays[name] for part in parts])
            for name in first.arrays
        },
    )


def kind_of(array: NDArray[Any]) -> str:
    """`score`, `integer`, `boolean`, `text` or `other`: what JSON makes of it."""
    kinds = {"f": "score", "i": "integer", "u": "integer", "b": "boolean"}
    if array.dtype == object:
        texts = all(isinstance(item, str) for item in array.ravel())
        return "text" if texts else "other"
    return kinds.get(array.dtype.kind, "other")
