"""Transformers, each fitted on a table with what it is for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn import (
    decomposition,
    feature_selection,
    impute,
    kernel_approximation,
    preprocessing,
    random_projection,
)  # fmt: skip
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - registers
from sklearn.pipeline import FeatureUnion, make_pipeline

from tests.models import canonical, tables

Fitted = tuple[Any, pd.DataFrame, pd.DataFrame]
"""The transformer, the table it was fitted on, another one."""


def _numeric(transformer: Any, *, gaps: float = 0.0) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        seen, fresh = tables.numbers(gaps=gaps), tables.numbers(300, 1, gaps)
        return transformer.fit(seen, tables.three_classes(seen)), seen, fresh

    return fitted


def _untied(transformer: Any) -> Callable[[], Fitted]:
    """Tables in which no two rows are equally far from a third."""

    def fitted() -> Fitted:
        rng = np.random.default_rng(0)
        seen, fresh = tables.numbers(gaps=0.2), tables.numbers(300, 1, 0.2)
        seen, fresh = (t + rng.normal(size=t.shape) / 50 for t in (seen, fresh))
        return transformer.fit(seen), seen, fresh

    return fitted


def _text(
    transformer: Any, *columns: str, strange: bool = True
) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        seen, fresh = canonical.customers(), canonical.customers(300, 1)
        if strange:
            fresh.loc[::7, "city/town"] = "unseen ✓"
            fresh.loc[::9, "plan"] = ""
        names = list(columns)
        return (
            transformer.fit(seen[names], canonical.churn(seen)),
            seen[names],
            fresh[names],
        )

    return fitted


_encode = preprocessing.OneHotEncoder
_ignore = _encode(handle_unknown="ignore")
TRANSFORMERS: dict[str, Callable[[], Fitted]] = {
    "standard": _numeric(preprocessing.StandardScaler(), gaps=0.1),
    "minmax": _numeric(preprocessing.MinMaxScaler(clip=True), gaps=0.1),
    "maxabs": _numeric(preprocessing.MaxAbsScaler()),
    "robust": _numeric(preprocessing.RobustScaler(), gaps=0.1),
    "normal-l2": _numeric(preprocessing.Normalizer()),
    "normal-l1": _numeric(preprocessing.Normalizer("l1")),
    "normal-max": _numeric(preprocessing.Normalizer("max")),
    "binarizer": _numeric(preprocessing.Binarizer(threshold=0.3)),
    "polynomial": _numeric(preprocessing.PolynomialFeatures(3)),
    "interactions": _numeric(
        preprocessing.PolynomialFeatures((2, 3), interaction_only=True)
    ),
    "yeo-johnson": _numeric(preprocessing.PowerTransformer(), gaps=0.1),
    "quantile": _numeric(preprocessing.QuantileTransformer(), gaps=0.0),
    "bins-onehot": _numeric(
        preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")
    ),
    "bins-ordinal": _numeric(
        preprocessing.KBinsDiscretizer(4, encode="ordinal", strategy="uniform")
    ),
    "mean": _numeric(impute.SimpleImputer(), gaps=0.2),
    "median+indicator": _numeric(
        impute.SimpleImputer(strategy="median", add_indicator=True), gaps=0.2
    ),
    "constant": _numeric(
        impute.SimpleImputer(strategy="constant", fill_value=-1.0), gaps=0.2
    ),
    "marked": _numeric(impute.SimpleImputer(missing_values=0.1)),
    "indicator": _numeric(impute.MissingIndicator(), gaps=0.2),
    "log1p": _numeric(
        make_pipeline(
            preprocessing.MinMaxScaler(),
            preprocessing.FunctionTransformer(np.log1p, np.expm1),
        )
    ),
    "spline": _numeric(preprocessing.SplineTransformer(4)),
    "spline-linear": _numeric(
        preprocessing.SplineTransformer(6, extrapolation="linear", include_bias=False)
    ),
    "spline-continue": _numeric(
        preprocessing.SplineTransformer(3, degree=2, extrapolation="continue")
    ),
    "near-rows": _untied(impute.KNNImputer(n_neighbors=3, add_indicator=True)),
    "near-rows-distance": _untied(impute.KNNImputer(weights="distance")),
    "other-columns": _numeric(
        impute.IterativeImputer(max_iter=3, random_state=0), gaps=0.2
    ),
    "pca": _numeric(decomposition.PCA(3, whiten=True, random_state=0)),
    "svd": _numeric(decomposition.TruncatedSVD(3, random_state=0)),
    "ica": _numeric(decomposition.FastICA(3, random_state=0, max_iter=2000)),
    "factors": _numeric(decomposition.FactorAnalysis(2)),
    "spline-periodic": _numeric(
        preprocessing.SplineTransformer(5, extrapolation="periodic")
    ),
    "kernel-pca-cosine": _numeric(decomposition.KernelPCA(3, kernel="cosine")),
    "kernel-pca": _numeric(decomposition.KernelPCA(3, kernel="rbf")),
    "nystroem": _numeric(
        kernel_approximation.Nystroem(n_components=20, random_state=0)
    ),
    "waves": _numeric(kernel_approximation.RBFSampler(n_components=9, random_state=0)),
    "random": _numeric(random_projection.GaussianRandomProjection(3, random_state=0)),
    "k-best": _numeric(feature_selection.SelectKBest(k=2)),
    "variance": _numeric(feature_selection.VarianceThreshold(0.9)),
    "union": _numeric(
        FeatureUnion(
            [("a", preprocessing.StandardScaler()), ("b", decomposition.PCA(2))],
            transformer_weights={"a": 0.5},
        )
    ),
    "onehot-ignore": _text(_encode(handle_unknown="ignore"), "city/town", "plan"),
    "onehot-drop": _text(
        _encode(handle_unknown="ignore", drop="first"), "city/town", "plan"
    ),
    "onehot-binary": _text(
        _encode(drop="if_binary"), "is active?", "plan", strange=False
    ),
    "onehot-infrequent": _text(
        _encode(handle_unknown="infrequent_if_exist", min_frequency=130),
        "city/town", "plan",
    ),
    "onehot-ints": _text(_encode(handle_unknown="ignore"), "age (years)", "is active?"),
    "ordinal": _text(
        preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-2,
            encoded_missing_value=-1,
        ),
        "city/town", "plan",
    ),
    "ordinal-infrequent": _text(
        preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=3
        ),
        "city/town", "plan",
    ),
    "target": _text(
        preprocessing.TargetEncoder(random_state=0), "city/town", "plan"
    ),
    "text-imputer": _text(
        make_pipeline(
            impute.SimpleImputer(strategy="constant", fill_value="?"),
            _encode(handle_unknown="ignore"),
        ),
        "city/town", "plan",
    ),
    "mixed-imputer": _text(
        make_pipeline(impute.SimpleImputer(strategy="most_frequent"), _ignore),
        "city/town", "age (years)", "plan",
    ),
    "text-indicator": _text(
        make_pipeline(
            impute.MissingIndicator(missing_values=np.nan, features="all"),
        ),
        "city/town", "plan",
    ),
    "columns": _text(
        ColumnTransformer(
            [
                ("slice", preprocessing.StandardScaler(), slice(0, 1)),
                ("mask", "passthrough", [False, False, False, True]),
                ("names", _ignore, make_column_selector("plan")),
                ("gone", "drop", ["income $"]),
            ],
            transformer_weights={"slice": 3.0},
        ),
        "age (years)", "income $", "plan", "is active?",
    ),
    "remainder": _text(
        ColumnTransformer(
            [("a", _encode(handle_unknown="ignore"), ["plan"])],
            remainder=impute.SimpleImputer(),
        ),
        "age (years)", "income $", "plan", "balance",
    ),
}  # fmt: skip
"""Name to a function that fits it."""
