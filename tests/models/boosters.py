"""XGBoost and LightGBM models, one an option that changes what trees mean."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.models import tables

Fitted = tuple[Any, pd.DataFrame]

ROUNDS = 8


def _positions(labels: Any) -> Any:
    """Labels as 0, 1, ..."""
    return np.unique(labels, return_inverse=True)[1]


def _data() -> pd.DataFrame:
    return tables.numbers(400, gaps=0.1)


def categories(rows: int = 400) -> pd.DataFrame:
    """Two columns of codes, one of numbers."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "a": rng.integers(0, 60, rows).astype(float),
        "b": rng.integers(0, 6, rows).astype(float),
        "c": rng.normal(size=rows).round(1),
    })  # fmt: skip


def hostile(data: pd.DataFrame) -> pd.DataFrame:
    """*data* with gaps, extremes and codes that training never saw."""
    fresh = data.copy()
    fresh.iloc[:10, 0] = np.nan
    fresh.iloc[10:20, 0] = [-1, 999, 0.5, 59.9, 1e-36, 5e-324, -0.5, 0, 1e30, -1e30]
    fresh.iloc[20:30, :] = np.nan
    return fresh


def _xgb(**params: Any) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        import xgboost as xgb

        data = _data()
        kind = str(params.get("objective"))
        label = tables.target(data)
        if kind.startswith(("binary", "reg:logistic")):
            label = tables.two_classes(data)
        elif kind.startswith("multi"):
            label = np.unique(tables.three_classes(data), return_inverse=True)[1]
        elif kind.startswith(
            ("count", "reg:gamma", "reg:tweedie", "survival", "reg:sq")
        ):
            label = np.abs(label) + 0.1
        matrix = xgb.DMatrix(data, label)
        if kind == "survival:aft":
            matrix.set_float_info("label_lower_bound", label)
            matrix.set_float_info("label_upper_bound", label)
        return xgb.train({"max_depth": 4, "nthread": 1, **params}, matrix, ROUNDS), data

    return fitted


def _wrapped(kind: str, label: str, **params: Any) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        import xgboost as xgb

        data = _data()
        labels = {
            "two": tables.two_classes(data), "number": tables.target(data),
            "three": np.unique(tables.three_classes(data), return_inverse=True)[1],
            "many": np.c_[tables.target(data), tables.two_classes(data)],
            "labels": np.c_[tables.two_classes(data), 1 - tables.two_classes(data)],
        }  # fmt: skip
        options = {"n_estimators": ROUNDS, "max_depth": 4, "n_jobs": 1, **params}
        model = getattr(xgb, kind)(**options)
        held = {}
        if "early_stopping_rounds" in options:
            noise = np.random.default_rng(1).permutation(labels[label])
            held = {"eval_set": [(data, noise)], "verbose": False}
        return model.fit(data, labels[label], **held), data

    return fitted


def _codes(**params: Any) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        import xgboost as xgb

        data = categories()
        label = data["a"] % 3 * 2 + data["b"] % 2 + data["c"]
        model = xgb.XGBRegressor(
            n_estimators=ROUNDS, max_depth=4, feature_types=["c", "c", "q"],
            enable_categorical=True, n_jobs=1, **params,
        )  # fmt: skip
        return model.fit(data.to_numpy(), label), data

    return fitted


_OBJECTIVES = (
    "reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror",
    "reg:absoluteerror", "reg:gamma", "reg:tweedie", "count:poisson", "survival:cox",
    "survival:aft", "binary:logistic", "binary:logitraw", "binary:hinge",
    "reg:logistic", "rank:pairwise",
)  # fmt: skip

XGBOOST: dict[str, Callable[[], Fitted]] = {
    **{name: _xgb(objective=name) for name in _OBJECTIVES},
    "softprob": _xgb(objective="multi:softprob", num_class=3),
    "softmax": _xgb(objective="multi:softmax", num_class=3),
    "quantiles": _xgb(
        objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], tree_method="hist"
    ),
    "base-score": _xgb(objective="binary:logistic", base_score=0.2),
    "dart": _xgb(booster="dart", rate_drop=0.5, seed=3),
    "linear": _xgb(booster="gblinear"),
    "linear-many": _xgb(booster="gblinear", objective="multi:softprob", num_class=3),
    "parallel": _xgb(num_parallel_tree=4, subsample=0.5),
    "classifier": _wrapped("XGBClassifier", "two"),
    "classifier-three": _wrapped("XGBClassifier", "three"),
    "classifier-softmax": _wrapped("XGBClassifier", "three", objective="multi:softmax"),
    "classifier-labels": _wrapped("XGBClassifier", "labels"),
    "stopped-early": _wrapped(
        "XGBClassifier", "two", early_stopping_rounds=2, n_estimators=30
    ),
    "missing": _wrapped("XGBRegressor", "number", missing=0.1),
    "forest": _wrapped("XGBRFClassifier", "three"),
    "regressor": _wrapped("XGBRegressor", "number"),
    "many": _wrapped("XGBRegressor", "many"),
    "vector-leaves": _wrapped(
        "XGBRegressor", "many", multi_strategy="multi_output_tree"
    ),
    "categories": _codes(max_cat_to_onehot=1, max_cat_threshold=64),
    "categories-onehot": _codes(max_cat_to_onehot=100),
}
"""Name to a function that trains it."""


def _lgb(label: str = "number", **params: Any) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        import lightgbm as lgb

        data = _data()
        if label == "codes":
            data = categories()
        values = {
            "number": lambda: tables.target(data),
            "positive": lambda: np.abs(tables.target(data)) + 0.1,
            "two": lambda: tables.two_classes(data),
            "three": lambda: _positions(tables.three_classes(data)),
            "codes": lambda: data["a"] % 3 * 2 + data["b"] % 2 + data["c"],
            "constant": lambda: np.ones(len(data)),
        }[label]()  # fmt: skip
        names = ["a", "b"] if label == "codes" else "auto"
        options = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, **params}
        # LightGBM takes no signs in names
        plain = data.set_axis(
            data.columns if label == "codes" else list("vwxyz"), axis=1
        )
        dataset = lgb.Dataset(plain, values, categorical_feature=names)
        return lgb.train(options, dataset, ROUNDS), plain

    return fitted


def _lgb_wrapped(kind: str, label: str, **params: Any) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        import lightgbm as lgb

        data = _data().set_axis(list("vwxyz"), axis=1)
        labels = {
            "two": tables.two_classes(data), "three": tables.three_classes(data),
            "flags": tables.two_classes(data) > 0, "number": tables.target(data),
        }[label]  # fmt: skip
        model = getattr(lgb, kind)(n_estimators=ROUNDS, verbose=-1, n_jobs=1, **params)
        return model.fit(data, labels), data

    return fitted


_RANDOM = {"bagging_freq": 1, "bagging_fraction": 0.6}

LIGHTGBM: dict[str, Callable[[], Fitted]] = {
    **{
        name: _lgb("positive", objective=name)
        for name in (
            "poisson", "gamma", "tweedie", "regression_l1", "huber", "fair", "quantile",
            "mape",
        )
    },
    "regression": _lgb(), "sqrt": _lgb("positive", reg_sqrt=True),
    "constant": _lgb("constant"), "binary": _lgb("two", objective="binary"),
    "steep": _lgb("two", objective="binary", sigmoid=2.5),
    "entropy": _lgb("two", objective="cross_entropy"),
    "entropy-lambda": _lgb("two", objective="cross_entropy_lambda"),
    "multiclass": _lgb("three", objective="multiclass", num_class=3),
    "one-versus-all": _lgb(
        "three", objective="multiclassova", num_class=3, sigmoid=0.7
    ),
    "rf": _lgb(boosting="rf", **_RANDOM),
    "rf-binary": _lgb("two", objective="binary", boosting="rf", **_RANDOM),
    "rf-multiclass": _lgb(
        "three", objective="multiclass", num_class=3, boosting="rf", **_RANDOM
    ),
    "dart": _lgb(boosting="dart"), "zero-as-missing": _lgb(zero_as_missing=True),
    "no-missing": _lgb(use_missing=False), "linear": _lgb(linear_tree=True),
    "linear-multiclass": _lgb(
        "three", objective="multiclass", num_class=3, linear_tree=True
    ),
    "categories": _lgb("codes", max_cat_to_onehot=1),
    "categories-onehot": _lgb("codes", max_cat_to_onehot=100),
    "categories-zero": _lgb("codes", zero_as_missing=True),
    "classifier": _lgb_wrapped("LGBMClassifier", "two"),
    "classifier-texts": _lgb_wrapped("LGBMClassifier", "three"),
    "classifier-flags": _lgb_wrapped("LGBMClassifier", "flags"),
    "regressor": _lgb_wrapped("LGBMRegressor", "number"),
}  # fmt: skip
"""Name to a function that trains it."""
