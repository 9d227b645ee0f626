"""Which recipe lowers which estimator's method.

A recipe is a function from a fitted estimator and symbolic data to symbolic results.
It is found by the estimator's exact class: a subclass may compute something else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import Frame
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.unfit import refuse_unfit

Data = Sym | Frame


@dataclass(frozen=True, slots=True)
class Labels:
    """Which class each row has: a position in *classes*."""

    index: Sym
    """int64 `(rows,)`."""
    classes: Array


@dataclass(frozen=True, slots=True)
class ManyLabels:
    """Classes of several outputs, each `Labels` of its own."""

    parts: tuple[Labels, ...]


Result = Sym | Frame | Labels | ManyLabels
Recipe = Callable[[Any, Data], Result]
R = TypeVar("R", bound=Recipe)

_RECIPES: dict[tuple[type, str], Recipe] = {}
_FALLBACKS: list[Callable[[Any, str, Data], Result]] = []


def lowers(*kinds: type, method: str = "transform") -> Callable[[R], R]:
    """Register a recipe for *method* of these estimator classes."""

    def register(recipe: R) -> R:
        for kind in kinds:
            _RECIPES[kind, method] = recipe
        return recipe

    return register


def falls_back(other: Callable[[Any, str, Data], Result]) -> None:
    """Try *other* for what has no recipe of ours."""
    _FALLBACKS.append(other)


def lower(estimator: Any, method: str, data: Data) -> Result:
    """
    Symbols for `estimator.method(data)`.

    Raises:
        NoConversionError: There is no recipe, or the recipe cannot do this one.
    """
    recipe = _RECIPES.get((type(estimator), method))
    if hasattr(estimator, method):
        refuse_unfit(estimator, method, data)
    if recipe is not None:
        data.graph.recipes.append(f"{type(estimator).__name__}.{method}")
        return recipe(estimator, data)
    if not hasattr(estimator, method):
        why = f"it has no method {method}"
        raise NoConversionError(why, of=estimator)
    for other in _FALLBACKS:
        return other(estimator, method, data)
    why = f"there is no recipe for its {method}"
    raise NoConversionError(why, of=estimator)


def lower_matrix(estimator: Any, method: str, data: Data) -> Sym:
    """As `lower`, where the answer is one matrix (or vector)."""
    result = lower(estimator, method, data)
    if isinstance(result, Labels):
        return result.index.graph.gather(result.classes, result.index)
    if isinstance(result, ManyLabels):
        columns = [p.index.graph.gather(p.classes, p.index) for p in result.parts]
        return columns[0].graph.concat([c.unsqueeze(1) for c in columns])
    return result.matrix() if isinstance(result, Frame) else result


def has_method(estimator: Any, method: str) -> bool:
    """Whether the estimator itself answers to *method*, as it was fitted."""
    return callable(getattr(estimator, method, None))
