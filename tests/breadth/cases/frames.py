"""Pipelines as people log them: mixed DataFrames, odd names, labels of every kind."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained
from tests.models.canonical import churn, customers, preprocessing


def cases() -> Iterator[Case]:
    """One preprocessing before many models; labels; dtypes; shapes of data."""
    yield from _finals()
    yield from _labels()
    yield from _inputs()


def _finals() -> Iterator[Case]:
    from sklearn import ensemble as en
    from sklearn import linear_model as lm
    from sklearn import neighbors, svm, tree

    both = ("predict", "predict_proba")
    made: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
        "LogisticRegression": (lambda: lm.LogisticRegression(max_iter=500), both),
        "RandomForestClassifier": (
            lambda: en.RandomForestClassifier(25, random_state=0), both),
        "DecisionTreeClassifier": (
            lambda: tree.DecisionTreeClassifier(random_state=0), both),
        "GradientBoostingClassifier": (
            lambda: en.GradientBoostingClassifier(n_estimators=20), both),
        "KNeighborsClassifier": (neighbors.KNeighborsClassifier, both),
        "SVC": (svm.SVC, ("predict",)),
        "XGBClassifier": (_xgb, both),
        "LGBMClassifier": (_lgbm, both),
    }  # fmt: skip
    for name, (make, methods) in made.items():
        yield Case(
            name=f"mixed columns, {name}", group="frame", methods=methods,
            train=lambda m=make, n=name: _mixed(m(), numbered=n == "XGBClassifier"),
        )  # fmt: skip
    yield Case(name="mixed columns, HistGradientBoosting", group="frame",
               methods=both, train=_histogram)  # fmt: skip
    yield Case(name="mixed columns, regression", group="frame", train=_regression)


def _xgb() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=12, max_depth=4, n_jobs=1)


def _lgbm() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=12, num_leaves=12, n_jobs=1, verbose=-1)


def _mixed(final: Any, *, numbered: bool = False) -> Trained:
    from sklearn.pipeline import Pipeline

    data = customers(300)
    labels = churn(data)
    if numbered:
        labels = np.unique(labels, return_inverse=True)[1]
    model = Pipeline([("prepare", preprocessing()), ("last", final)])
    return Trained(model.fit(data, labels), data)


def _histogram() -> Trained:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    data = customers(300)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    first = ColumnTransformer(
        [("codes", codes, ["plan"])], remainder="passthrough",
    ).set_output(transform="default")  # fmt: skip
    kept = data.drop(columns="city/town")
    last = HistGradientBoostingClassifier(
        max_iter=12, categorical_features=[0], random_state=0
    )
    return Trained(make_pipeline(first, last).fit(kept, churn(data)), kept)


def _regression() -> Trained:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    data = customers(300)
    inner = make_pipeline(preprocessing(), Ridge())
    model = TransformedTargetRegressor(inner, func=np.log1p, inverse_func=np.expm1)
    return Trained(model.fit(data, tables.amount(_numbers(data))), data)


def _numbers(data: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "a": data["age (years)"], "b": data["balance"], "c": data["is active?"] * 1.0,
        "d": data["income $"], "e": data["plan"] == "pro",
    }).astype(float)  # fmt: skip


def _labels() -> Iterator[Case]:
    from sklearn.linear_model import LogisticRegression

    kinds: dict[str, Callable[[Any], Any]] = {
        "booleans": lambda y: y > 1,
        "texts": lambda y: np.array(["ä", "b c", ""], dtype=object)[y],
        "numpy texts": lambda y: np.array(["no", "yes", "maybe"])[y],
        "negative": lambda y: y * 10 - 10,
        "floats": lambda y: y.astype(float) / 2 * 2,
        "int8": lambda y: y.astype(np.int8),
        "large": lambda y: y.astype(np.int64) + 2**40,
    }
    for kind, labels in kinds.items():
        yield Case(
            name=f"labels: {kind}", group="frame", methods=("predict", "predict_proba"),
            train=lambda f=labels: _labelled(LogisticRegression(), f),
        )  # fmt: skip


def _labelled(model: Any, labels: Callable[[Any], Any]) -> Trained:
    data = tables.numbers()
    return Trained(model.fit(data, labels(tables.three(data))), data)


def _inputs() -> Iterator[Case]:
    shapes: dict[str, Callable[[], Any]] = {
        "float32 columns": lambda: tables.numbers().astype(np.float32),
        "int32 columns": lambda: tables.counts().astype(np.int32),
        "boolean columns": lambda: tables.numbers() > 0,
        "float64 matrix": lambda: tables.numbers().to_numpy(),
        "float32 matrix": lambda: tables.numbers().to_numpy(np.float32),
        "int64 matrix": lambda: tables.counts().to_numpy(),
        "mixed numbers": _kinds,
        "one column": lambda: tables.numbers()[["a"]],
        "odd names": lambda: tables.numbers().set_axis(
            ["a b", "a_b", "größe", "-", "1"], axis=1
        ),
        "large values": _large,
    }
    for shape, data in shapes.items():
        for name, make in _models().items():
            yield Case(
                name=f"{shape}, {name}", group="frame", methods=("predict",),
                train=lambda d=data, m=make: _fitted(m(), d()),
            )  # fmt: skip


def _models() -> dict[str, Callable[[], Any]]:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def forest() -> Any:
        return RandomForestRegressor(15, random_state=0)

    return {
        "scaled forest": lambda: make_pipeline(StandardScaler(), forest()),
        "scaled line": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    }


def _fitted(model: Any, data: Any) -> Trained:
    target = tables.score(tables.numbers()).round(2)
    if hasattr(model, "predict_proba"):
        target = target > 0
    return Trained(model.fit(data, target), data)


def _kinds() -> pd.DataFrame:
    data = tables.numbers()
    return pd.DataFrame({
        "whole": (data["b"] * 10).round().astype(np.int64),
        "small": tables.counts()["a"].astype(np.int32),
        "single": data["a"].astype(np.float32),
        "double": data["c"],
        "flag": data["d"] > 0,
    })  # fmt: skip


def _large() -> pd.DataFrame:
    """Epoch seconds, identifiers beyond float32, and money."""
    data = tables.numbers()
    return pd.DataFrame({
        "when": (1.7e9 + data["a"] * 86_400).astype(np.int64),
        "id": np.arange(len(data)) * 7_919 + 2**33,
        "cents": (data["b"] * 1e7).round(),
    })  # fmt: skip
