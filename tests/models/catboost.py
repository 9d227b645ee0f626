"""CatBoost models of every kind that is converted, and data for them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

SMALL = {
    "iterations": 12, "depth": 4, "verbose": 0, "random_seed": 0, "thread_count": 1,
    "allow_writing_files": False,
}  # fmt: skip


def readings(rows: int = 400, *, gaps: bool = True) -> pd.DataFrame:
    """Rounded floats with gaps, and whole numbers."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        rng.normal(size=(rows, 3)).round(1), columns=["heat", "load %", "drift"]
    )
    if gaps:
        data.loc[rng.random(rows) < 0.1, "load %"] = np.nan
    data["age"] = rng.integers(0, 90, rows).astype(float)
    return data


def _score(data: pd.DataFrame) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(1)
    score: np.ndarray[Any, Any] = (
        data["heat"] + data["age"] / 45 - data["load %"].fillna(2)
    ).to_numpy() + rng.normal(0, 0.3, len(data))
    return score


def _classifier(target: Callable[[Any], Any], **options: Any) -> Any:
    def fit(data: pd.DataFrame) -> Any:
        from catboost import CatBoostClassifier

        model = CatBoostClassifier(**{**SMALL, **options})
        return model.fit(data, target(_score(data)))

    return fit


def _regressor(target: Callable[[Any], Any] = lambda s: s, **options: Any) -> Any:
    def fit(data: pd.DataFrame) -> Any:
        from catboost import CatBoostRegressor

        model = CatBoostRegressor(**{**SMALL, **options})
        return model.fit(data, target(_score(data)))

    return fit


def _three(names: tuple[Any, ...]) -> Callable[[Any], Any]:
    return lambda s: np.array(names)[np.digitize(s, [-0.5, 0.8])]


def _strict(data: pd.DataFrame) -> Any:
    """A decision threshold of its own."""
    model = _classifier(lambda s: s > 0)(data)
    model.set_probability_threshold(0.8)
    return model


KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "binary": _classifier(lambda s: (s > 0).astype(int)),
    "binary-text": _classifier(lambda s: np.where(s > 0, "ja", "nein")),
    "binary-bool": _classifier(lambda s: s > 0),
    "binary-float": _classifier(lambda s: (s > 0).astype(float)),
    "binary-threshold": _strict,
    "multiclass": _classifier(_three((0, 1, 2))),
    "multiclass-text": _classifier(_three(("low", "mid", "high"))),
    "one-vs-all": _classifier(_three((3, 5, 7)), loss_function="MultiClassOneVsAll"),
    "several-labels": _classifier(
        lambda s: np.c_[s > 0, s > 1, s < 0.5].astype(int),
        loss_function="MultiLogloss",
    ),
    "by-depth": _classifier(_three((0, 1, 2)), grow_policy="Depthwise"),
    "regression": _regressor(),
    "nan-max": _regressor(nan_mode="Max"),
    "by-loss": _regressor(grow_policy="Lossguide"),
    "poisson": _regressor(np.exp, loss_function="Poisson"),
    "tweedie": _regressor(np.exp, loss_function="Tweedie:variance_power=1.5"),
    "uncertainty": _regressor(loss_function="RMSEWithUncertainty"),
    "several-targets": _regressor(
        lambda s: np.c_[s, -s * 2], loss_function="MultiRMSE"
    ),
    "quantiles": _regressor(loss_function="MultiQuantile:alpha=0.1,0.5,0.9"),
}
"""By what is special about them."""


def with_categories(data: pd.DataFrame) -> tuple[Any, pd.DataFrame]:
    """A model that reads a column of texts as categories."""
    from catboost import CatBoostClassifier

    mixed = data.assign(town=np.where(data["heat"] > 0, "Wien", "Graz"))
    model = CatBoostClassifier(**SMALL, cat_features=["town"])
    return model.fit(mixed, _score(data) > 0), mixed
