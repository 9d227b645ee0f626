"""What predictors tell about the values they were trained on."""

from typing import Any

import numpy as np

from mlflow_serverless.verify.samples.forests import (
    Tree,
    grow,
    histogram_tree,
    lightgbm_trees,
    sklearn_tree,
    xgboost_trees,
)
from mlflow_serverless.verify.samples.knowledge import Feature, Features, Notebook

_KEPT_ROWS = ("_fit_X", "support_vectors_", "X_train_", "cluster_centers_", "means_")
"""Attributes that hold rows, or means of rows, of the training data."""


def learn_predictor(step: Any, features: Features, notebook: Notebook) -> None:
    """Write down the splits, ranges and categories that *step* shows."""
    for read in READERS:
        read(step, features, notebook)


def _sklearn_trees(step: Any, features: Features, notebook: Notebook) -> None:
    members, subsets = _members(step)
    groups: dict[Features, list[Tree]] = {}
    for number, member in enumerate(members):
        if hasattr(member, "tree_"):
            seen = _subset(features, subsets, number)
            groups.setdefault(seen, []).append(sklearn_tree(member.tree_))
    for seen, trees in groups.items():
        notebook.forest(grow(trees, single=True, strict=False), seen)


def _members(step: Any) -> tuple[list[Any], Any]:
    if hasattr(step, "tree_"):
        return [step], None
    return members_of(step), getattr(step, "estimators_features_", None)


def members_of(step: Any) -> list[Any]:
    """An ensemble's members; numpy would take apart those that have a length."""
    found = getattr(step, "estimators_", [])
    return list(found.ravel()) if isinstance(found, np.ndarray) else list(found)


def _subset(features: Features, subsets: Any, number: int) -> Features:
    """The features that one member of a bagging ensemble sees."""
    if subsets is None:
        return features
    return tuple(features[int(i)] for i in subsets[number])


def _histogram(step: Any, features: Features, notebook: Notebook) -> None:
    rounds = getattr(step, "_predictors", None)
    if not rounds or getattr(step, "_preprocessor", None) is not None:
        return  # with categories the features are put in another order
    trees = [histogram_tree(tree.nodes) for stage in rounds for tree in stage]
    notebook.forest(grow(trees, single=False, strict=False), features)


def _xgboost(step: Any, features: Features, notebook: Notebook) -> None:
    if not type(step).__module__.startswith("xgboost"):
        return
    booster = step.get_booster() if hasattr(step, "get_booster") else step
    trees = xgboost_trees(booster)
    if trees:
        notebook.forest(grow(trees, single=True, strict=True), features)


def _lightgbm(step: Any, features: Features, notebook: Notebook) -> None:
    if not type(step).__module__.startswith("lightgbm"):
        return
    booster = getattr(step, "booster_", step)
    trees = lightgbm_trees(booster)
    if trees:
        notebook.forest(grow(trees, single=False, strict=False), features)
    for number, found in enumerate(_lightgbm_infos(booster)):
        if number < len(features):
            _lightgbm_info(features[number], found, notebook)


def _lightgbm_infos(booster: Any) -> list[str]:
    """Each feature's range `[low:high]`, or its categories `a:b:c`, or `none`."""
    text = booster.model_to_string()
    start = text.find("feature_infos=")
    return (
        text[start:].split("\n", 1)[0].partition("=")[2].split() if start >= 0 else []
    )


def _lightgbm_info(feature: Feature | None, found: str, notebook: Notebook) -> None:
    if found.startswith("["):
        low, _, high = found.strip("[]").partition(":")
        notebook.saw(feature, np.array([float(low), float(high)]))
    elif found != "none":
        notebook.categories(feature, [float(item) for item in found.split(":")])


def _catboost(step: Any, features: Features, notebook: Notebook) -> None:
    """Borders by column; trees are not walked, one border a column is enough there."""
    if not type(step).__module__.startswith("catboost"):
        return
    for number, found in step.get_borders().items():
        borders = np.asarray(found, float)
        if number < len(features) and borders.size:
            notebook.splits(features[number], borders, single=True)
            notebook.saw(features[number], np.array([borders[0], borders[-1]]))


def _kept(step: Any, features: Features, notebook: Notebook) -> None:
    for name in _KEPT_ROWS:
        rows = getattr(step, name, None)
        if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind == "f":
            for number in range(min(rows.shape[1], len(features))):
                column = rows[:, number].astype(float)
                notebook.saw(features[number], np.array([column.min(), column.max()]))


def _gaussian(step: Any, features: Features, notebook: Notebook) -> None:
    if not (hasattr(step, "theta_") and hasattr(step, "var_")):
        return
    spread = 3 * np.sqrt(step.var_)
    for number, feature in enumerate(features):
        ends = np.concatenate(
            [step.theta_[:, number] - spread[:, number],
             step.theta_[:, number] + spread[:, number]]
        )  # fmt: skip
        notebook.saw(feature, ends)


def _isotonic(step: Any, features: Features, notebook: Notebook) -> None:
    if hasattr(step, "X_min_") and hasattr(step, "X_max_"):
        notebook.saw(features[0], np.array([step.X_min_, step.X_max_], float))


READERS = (
    _isotonic, _sklearn_trees, _histogram, _xgboost, _lightgbm, _catboost, _kept,
    _gaussian,
)  # fmt: skip
"""Each looks for its own kind of predictor, and passes over all others."""
