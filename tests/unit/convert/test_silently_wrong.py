"""Models that stock converters get wrong without a word, one law each."""

import numpy as np
import pandas as pd
import pytest

from tests.fakes.lowering import same, served
from tests.models import tables

pytestmark = pytest.mark.filterwarnings("ignore")


def forest():
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(30, random_state=0)


def thresholds(model):
    return np.concatenate([tree.tree_.threshold for tree in model.estimators_])


def test_scaler_then_forest_on_rounded_data():
    """
    Float32 before the scaler, or float64 after it, moves rows across thresholds.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = tables.numbers(600)
    model = make_pipeline(StandardScaler(), forest())
    model.fit(data, tables.three_classes(data))
    fresh = tables.numbers(2000, seed=5)

    same(model.predict(fresh), served(model, fresh))
    native = model.predict_proba(fresh)
    same(native, served(model, fresh, "predict_proba"), rtol=1e-13)


def test_bare_forest_on_values_beside_thresholds():
    """
    A float64 within half a float32 step of a threshold goes where its float32 goes.
    """
    data = tables.numbers(600)
    model = forest().fit(data.to_numpy(), tables.three_classes(data))
    fresh = tables.beside(thresholds(model), 2000, 5)

    for unrolls in (False, True):
        got = served(model, fresh, "predict_proba", unrolls=unrolls)
        same(model.predict_proba(fresh), got, rtol=1e-13)


@pytest.mark.parametrize("unrolls", [False, True])
def test_forests_that_know_gaps(unrolls):
    """
    NaN goes where each split sends it, whether training had seen one or not.
    """
    from sklearn.ensemble import RandomForestRegressor

    gaps = tables.numbers(400, gaps=0.2)
    for seen in (gaps, tables.numbers(400)):
        model = RandomForestRegressor(20, random_state=0)
        model.fit(seen, tables.target(seen))

        same(model.predict(gaps), served(model, gaps, unrolls=unrolls), rtol=1e-13)


def test_columns_of_several_types_before_a_forest():
    """
    Integers, doubles and one-hot columns meet in float64 and are rounded once.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rng = np.random.default_rng(0)
    data = pd.DataFrame({
        "n": rng.integers(0, 2**31, 500), "x": rng.normal(size=500).round(2),
        "t": rng.choice(["a", "b", "c"], 500),
    })  # fmt: skip
    columns = make_column_transformer((OneHotEncoder(), ["t"]), remainder="passthrough")
    model = make_pipeline(columns, forest())
    model.fit(data, (data["n"] > 2**30) & (data["x"] > 0))

    same(model.predict(data), served(model, data))
    same(model.predict_proba(data), served(model, data, "predict_proba"), rtol=1e-13)


def boosted(data, label, **params):
    import lightgbm as lgb

    params = {"verbose": -1, "min_data_in_leaf": 5, **params}
    return lgb.train(params, lgb.Dataset(data, label), 15)


def test_lightgbm_on_large_magnitudes():
    """
    Seconds and identifiers differ by less than float32 can tell.
    """
    data = tables.large()
    label = (data["at"] % 3600 < 1800).astype(int) + data["x"]
    model = boosted(data, label)

    same(model.predict(data), served(model, data), rtol=1e-14)


@pytest.mark.parametrize("option", [
    {"linear_tree": True},
    {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    {"zero_as_missing": True},
    {"use_missing": False},
])  # fmt: skip
def test_lightgbm_options(option):
    """
    Linear leaves, averaged forests and zeros that are missing are what they say.
    """
    data = tables.numbers(400, gaps=0.1)
    model = boosted(data, tables.target(data), **option)
    fresh = tables.numbers(400, seed=4, gaps=0.1)
    fresh.iloc[:30] = np.nan
    fresh.iloc[30:60, 1] = 0.0
    fresh.iloc[60:80, 2] = 1e-36

    same(model.predict(fresh), served(model, fresh), rtol=1e-12)


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic"])
def test_xgboost_regressor_with_a_link(objective):
    """
    A regressor with a logistic objective answers probabilities, not margins.
    """
    import xgboost as xgb

    data = tables.numbers()
    model = xgb.XGBRegressor(objective=objective, n_estimators=8)
    model.fit(data, tables.two_classes(data))

    same(model.predict(data), served(model, data), rtol=1e-6)


def test_the_tuned_threshold_decides():
    """
    Labels follow the threshold that was tuned, not one half.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import (
        FixedThresholdClassifier,
        TunedThresholdClassifierCV,
    )

    data = tables.numbers(600)
    label = (tables.target(data) > 3).astype(int)
    for model in (
        TunedThresholdClassifierCV(LogisticRegression(), scoring="balanced_accuracy"),
        FixedThresholdClassifier(LogisticRegression(), threshold=0.1),
        FixedThresholdClassifier(LogisticRegression(), threshold=0.9, pos_label=0),
    ):
        model.fit(data, label)
        plain = model.estimator_.predict(data)

        same(model.predict(data), served(model, data))
        assert (model.predict(data) != plain).any()


def test_histogram_boosting_with_gaps_and_categories():
    """
    Missing values and category columns, which stock converters cannot write at all.
    """
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    data = tables.numbers(500, gaps=0.1)
    data["kind"] = np.random.default_rng(0).integers(0, 9, 500).astype(float)
    fresh = data.copy()
    fresh.loc[:40, "kind"] = [np.nan, *range(40)]
    for model, label in (
        (HistGradientBoostingRegressor, tables.target(data) + data["kind"] % 3),
        (HistGradientBoostingClassifier, tables.three_classes(data)),
    ):
        fitted = model(max_iter=8, categorical_features=["kind"]).fit(data, label)

        same(fitted.predict(fresh), served(fitted, fresh), rtol=1e-13)


def test_a_scaled_product_keeps_its_digits():
    """
    Onnxruntime fuses a float64 product with a scale into one that keeps the scale in
    float32; graphs are written so that it cannot.
    """
    from sklearn.svm import SVR

    data = tables.numbers()
    model = SVR(kernel="poly", degree=3, C=100).fit(data, tables.target(data))

    same(model.predict(data), served(model, data), rtol=1e-7, atol=1e-9)
