"""Every model of the table."""

import warnings
from collections.abc import Iterator

from tests.breadth.case import Case, Unbuilt
from tests.breadth.cases import (
    boosters_lightgbm,
    boosters_xgboost,
    frames,
    sklearn_meta,
    sklearn_options,
    sklearn_predictors,
    sklearn_transformers,
)

SHELVES = (
    sklearn_predictors, sklearn_meta, sklearn_options, sklearn_transformers, frames,
    boosters_xgboost, boosters_lightgbm,
)  # fmt: skip


def everything() -> Iterator[Case | Unbuilt]:
    """All cases, in the order of the page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the libraries will deprecate
        made = [case for shelf in SHELVES for case in shelf.cases()]
    yield from made
