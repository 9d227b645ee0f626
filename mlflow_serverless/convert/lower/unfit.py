"""Values that one step makes and a later one raises for.

scikit-learn looks at what it is given before every step: a logarithm of zero, an
overflow in a product or a category encoded as NaN is found by the step after it. The
runtime looks at what a request itself holds, so here it is only what was computed.
Whether an estimator minds is asked of the estimator.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.frame import Frame
from mlflow_serverless.convert.lower.symbol import Sym

COMPOSITES = ("steps", "transformers_", "transformer_list")
"""Attributes of what only hands data on: its parts are asked one by one."""

STARTS = (0.0, 1.0, 0.5)
"""Values of which a row may be acceptable, tried in turn."""

BEYOND_FLOAT32 = 1e39


@dataclass(frozen=True, slots=True)
class Minds:
    """What an estimator raises for."""

    nan: bool
    infinite: bool
    large: bool
    """Whether it rounds to float32 first, which makes large numbers infinite."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return self.nan or self.infinite


def refuse_unfit(estimator: Any, method: str, data: "Sym | Frame") -> None:
    """Refuse rows in which *data*, as far as computed, is what *estimator* minds."""
    graph = data.graph
    blocks = [block for block in _computed(data) if block[0] not in graph.looked]
    if not blocks or _hands_on(estimator):
        return
    minds = _minds(estimator, method, data)
    for known, block in blocks:
        if minds:
            graph.looked.add(known)
            refuse(_where(block(), minds), "overflow")


Block = tuple[tuple[Any, ...], Callable[[], Sym]]
"""What a matrix is known by, and the matrix; made only if it is looked at."""


def _computed(data: "Sym | Frame") -> list[Block]:
    """Matrices of computed numbers."""
    graph = data.graph
    if isinstance(data, Sym):
        if graph.given.holds(data):
            return []
        return [
            ((data.name,), lambda: data if len(data.shape) > 1 else data.unsqueeze(1))
        ]
    found: dict[str, list[int]] = {}
    for at, column in enumerate(data.columns):
        if column.block is not None and not graph.given.holds(column.block):
            found.setdefault(column.block.name, []).append(at)
    return [
        ((name, *(data.columns[at].index for at in places)), _taken(data, places))
        for name, places in found.items()
    ]


def _taken(data: Frame, places: list[int]) -> Callable[[], Sym]:
    return lambda: data.take(places).matrix()


def _hands_on(estimator: Any) -> bool:
    """Whether its parts see columns of their own, and are met one by one."""
    inner: dict[str, Any] = getattr(estimator, "get_params", dict)()
    return any(
        hasattr(part, name)
        for part in (estimator, *inner.values())
        for name in COMPOSITES
    )


def _minds(estimator: Any, method: str, data: "Sym | Frame") -> Minds:
    """What *estimator* raises for, in a row of numbers that it answers otherwise."""
    width = data.width if isinstance(data, Frame) or len(data.shape) > 1 else 1
    kind = "float32" if isinstance(data, Sym) and data.dtype == "float32" else "float64"
    ask = getattr(estimator, method)
    rows = (np.full((1, width), start, kind) for start in STARTS)
    row = next((row for row in rows if not _raises(ask, row)), None)
    if row is None:
        tags = getattr(estimator, "__sklearn_tags__", None)
        allows = tags is not None and tags().input_tags.allow_nan
        return Minds(nan=not allows, infinite=True, large=False)
    return Minds(
        nan=_raises(ask, _spoilt(row, np.nan)),
        infinite=_raises(ask, _spoilt(row, np.inf)),
        large=kind == "float64" and _raises(ask, _spoilt(row, BEYOND_FLOAT32)),
    )


def _spoilt(row: NDArray[Any], value: float) -> NDArray[Any]:
    made = row.copy()
    made[0, 0] = value
    return made


def _raises(ask: Callable[[Any], Any], row: NDArray[Any]) -> bool:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            ask(row)
        except Exception:  # noqa: BLE001 - a library raises what it likes
            return True
    return False


def _where(value: Sym, minds: Minds) -> Sym:
    """The rows in which *value* is minded: bool `(rows, 1)`."""
    seen = value.cast("float32") if minds.large else value
    if minds.nan and minds.infinite:
        # what is finite is zero times zero; anything else is NaN, and so is the sum
        return (seen * 0.0).sum(keepdims=True).is_nan()
    found = seen.is_nan() if minds.nan else seen.map("IsInf", dtype="bool")
    most = found.cast("int64").reduce("ReduceMax", keepdims=True)
    return most.equals(1)
