"""What is known of the training data is read from the fitted model, exactly."""

import warnings

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.verify.samples.forests import (
    grow,
    lightgbm_trees,
    sklearn_tree,
    xgboost_trees,
)
from mlflow_serverless.verify.samples.recover import recover
from mlflow_serverless.verify.samples.splits import path_bounds

NAMES = list("abcd")


def leaves(forest, rows):
    """The node at which each row ends in each tree, `(rows, trees)`."""
    here = np.tile(forest.roots, (len(rows), 1))
    while True:
        inner = forest.left[here] >= 0
        if not inner.any():
            return here
        value = np.take_along_axis(rows, np.maximum(forest.feature[here], 0), axis=1)
        at = forest.threshold[here]
        left = value < at if forest.strict else value <= at
        going = np.where(left, forest.left[here], forest.right[here])
        here = np.where(inner, going, here)


def target(data):
    """Something that splits on every column."""
    return (data["a"] + data["b"] * data["c"] - data["d"] > 0).astype(int)


def test_scikit_learn_trees_are_read_as_they_are(numbers):
    """
    Rows end in the leaves that `apply` names.
    """
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(5, max_depth=6, random_state=0)
    model.fit(numbers.to_numpy(), target(numbers))
    trees = [sklearn_tree(member.tree_) for member in model.estimators_]
    forest = grow(trees, single=True, strict=False)
    rows = numbers.to_numpy(np.float32).astype(float)

    found = leaves(forest, rows) - forest.roots

    np.testing.assert_array_equal(model.apply(rows), found)


def test_xgboost_trees_are_read_as_they_are(numbers):
    """
    Rows end in the leaves that `pred_leaf` names.
    """
    import xgboost

    data = xgboost.DMatrix(numbers.to_numpy(), target(numbers))
    booster = xgboost.train({"max_depth": 4, "objective": "binary:logistic"}, data, 5)
    forest = grow(xgboost_trees(booster), single=True, strict=True)
    rows = numbers.to_numpy(np.float32).astype(float)

    found = leaves(forest, rows) - forest.roots

    np.testing.assert_array_equal(booster.predict(data, pred_leaf=True), found)


def test_lightgbm_trees_are_read_as_they_are(numbers):
    """
    Rows end in the leaves that `pred_leaf` names; leaves follow the inner nodes.
    """
    import lightgbm

    settings = {"objective": "binary", "num_leaves": 8, "verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(numbers.to_numpy(), target(numbers))
    booster = lightgbm.train(settings, data, 5)
    trees = lightgbm_trees(booster)
    forest = grow(trees, single=False, strict=False)

    ends = leaves(forest, numbers.to_numpy()) - forest.roots
    inner = np.array([(tree[0] >= 0).sum() for tree in trees])

    np.testing.assert_array_equal(
        booster.predict(numbers.to_numpy(), pred_leaf=True), ends - inner
    )


def test_histogram_trees_split_where_the_model_splits(numbers):
    """
    Every numeric threshold of a histogram model becomes a split of its column.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(max_iter=3).fit(numbers, numbers["a"])
    nodes = np.concatenate([stage[0].nodes for stage in model._predictors])
    inner = nodes[nodes["is_leaf"] == 0]

    known = recover(model, NAMES)

    for column in range(4):
        expected = np.unique(
            inner["num_threshold"][inner["feature_idx"] == column].astype(float)
        )
        np.testing.assert_array_equal(expected, known.columns[column].thresholds)


def test_path_bounds_lead_to_their_node(numbers):
    """
    A row drawn inside a node's bounds passes through that node.
    """
    from sklearn.tree import DecisionTreeRegressor

    model = DecisionTreeRegressor(max_depth=5, random_state=0)
    model.fit(numbers.to_numpy(), numbers["a"] * numbers["b"])
    forest = grow([sklearn_tree(model.tree_)], single=True, strict=False)
    nodes = np.arange(len(forest.feature))

    low, high = path_bounds(forest, nodes, 4)
    inside = np.clip(np.zeros_like(low), low + 1e-6, high - 1e-6)
    visited = model.decision_path(inside.astype(np.float32)).toarray()

    assert visited[nodes, nodes].all()


def test_scaled_splits_come_back_to_the_raw_column(prices):
    """
    A threshold behind a scaler lies, in the column, where the scaler puts it.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    for scaler in (StandardScaler(), MinMaxScaler((2, 5)), RobustScaler()):
        model = make_pipeline(scaler, DecisionTreeClassifier(max_depth=1)).fit(
            prices, prices["x"] > 50
        )
        raw = recover(model, list("xyz")).columns[0].thresholds

        expected = model[0].inverse_transform(
            np.full((1, 3), model[1].tree_.threshold[0])
        )[0, 0]

        assert raw[0] == pytest.approx(expected, rel=1e-12)


def test_a_column_transformer_keeps_columns_apart():
    """
    Splits, categories and fills land in the columns they came from, by name.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(0)
    data = pd.DataFrame({
        "city": rng.choice(["Wien", "Graz"], 200).astype(object),
        "age": rng.integers(18, 80, 200),
        "pay": rng.normal(1e5, 1e4, 200),
    })  # fmt: skip
    model = make_pipeline(
        ColumnTransformer([
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["pay", "age"]),
            ("t", OneHotEncoder(), ["city"]),
        ]),
        RandomForestClassifier(5, random_state=0),
    ).fit(data, data["age"] + data["pay"] / 1e4 > 58)  # fmt: skip

    city, age, pay = recover(model, ["city", "age", "pay"]).columns

    assert {"Wien", "Graz"} == set(city.categories)
    assert 18 <= age.thresholds.min() <= age.thresholds.max() <= 80
    assert 5e4 <= pay.thresholds.min() <= pay.thresholds.max() <= 1.5e5


@pytest.mark.parametrize("wrap", ["search", "calibrated", "stacked", "bagged", "tuned"])
def test_meta_estimators_are_looked_into(numbers, wrap):
    """
    The trees inside a meta-estimator are found.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import BaggingClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = {
        "search": lambda: GridSearchCV(tree, {"max_depth": [2, 3]}, cv=2),
        "calibrated": lambda: CalibratedClassifierCV(tree, cv=2),
        "stacked": lambda: StackingClassifier(
            [("t", tree)], LogisticRegression(), cv=2
        ),
        "bagged": lambda: BaggingClassifier(tree, 3, max_features=2, random_state=0),
        "tuned": lambda: TunedThresholdClassifierCV(tree, cv=2),
    }[wrap]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(numbers.to_numpy(), target(numbers))

    known = recover(model, NAMES)

    assert known.forests
    assert any(column.thresholds.size for column in known.columns)


def test_what_is_not_understood_is_not_known():
    """
    An object of another world yields nothing, and no error.
    """
    known = recover(object(), NAMES)

    assert known.forests == ()
    assert [column.low for column in known.columns] == [None] * 4


def test_an_unknown_transformer_hides_nothing_beside_it():
    """
    What a column transformer's other parts learnt is still known.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.kernel_approximation import RBFSampler
    from sklearn.preprocessing import OneHotEncoder

    data = pd.DataFrame({"a": [0.0, 1.0, 2.0], "t": ["x", "y", "x"]})
    model = make_column_transformer((RBFSampler(), ["a"]), (OneHotEncoder(), ["t"]))

    known = recover(model.fit(data), ["a", "t"])

    assert ("x", "y") == known.columns[1].categories


def test_splines_and_kept_rows_show_ranges():
    """
    Knots are where data lay; what raises outside them is asked inside, too.
    """
    from sklearn.impute import KNNImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer

    data = np.array([[5.0, 100.0], [6.0, np.nan], [7.0, 140.0], [9.0, 120.0]])
    model = make_pipeline(KNNImputer(n_neighbors=1), SplineTransformer(n_knots=3))

    known = recover(model.fit(data), ("a", "b"))

    assert (5.0, 9.0) == (known.columns[0].low, known.columns[0].high)
    assert (100.0, 140.0) == (known.columns[1].low, known.columns[1].high)


def test_the_example_tells_what_the_estimator_does_not():
    """
    Ranges and texts of the example; what was learnt comes first.
    """
    from lambda_runtime.manifest import Column, Signature
    from mlflow_serverless.verify.samples.layout import layout_of
    from mlflow_serverless.verify.samples.shown import completed

    columns = (Column("a", "double"), Column("b", "string"), Column("c", "long"))
    example = pd.DataFrame({"a": [2e6, 3e6], "b": ["x", "y"], "c": [1, 2]})
    layout = layout_of(Signature(columns=columns), example)

    found = completed(recover(None, layout.names), layout).columns

    assert (2e6, 3e6) == (found[0].low, found[0].high)
    assert ("x", "y") == found[1].categories
