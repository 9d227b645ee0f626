"""What one row of the table is about: a model that is trained, and how it is asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model, and the rows it was fitted on."""

    model: Any
    data: Any
    """DataFrame or float array: what the signature is inferred from."""
    flavor: str = "sklearn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: trained when it is its turn."""

    name: str
    group: str
    """The table it stands in: `classifier`, `transformer`, `xgboost`, ..."""
    train: Callable[[], Trained]
    methods: tuple[str, ...] = ("predict",)
    """`predict_fn`s to save it with; each is a row of its own."""
    extra: Callable[[Any], Iterable[pd.DataFrame]] | None = None
    """From the training rows to further ones for the independent check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbuilt:
    """An estimator of the library that cannot serve, and why."""

    name: str
    group: str
    why: str
