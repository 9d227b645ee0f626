"""A graph refuses what its model raises for on its way, and nothing else."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import LinearSVC

from tests.fakes.refusing import Bare, agree, behind_runtime

RNG = np.random.default_rng(11)
DATA = pd.DataFrame({
    "x": RNG.normal(size=60),
    "p": np.exp(RNG.normal(size=60)),
    "n": RNG.integers(0, 4, 60),
    "t": pd.Series(RNG.choice(["red", "blü", ""], 60), dtype=object),
    "u": pd.Series(RNG.choice(["v", "w"], 60), dtype=object),
})  # fmt: skip
YES = (DATA["x"] > 0) ^ (DATA["u"] == "v")

CELLS = {
    "x": [np.nan, np.inf, -1e39, 1.7e308, 1e155, -1.0, 0.0],
    "p": [np.nan, -np.inf, 0.0, -0.5, 1e-320, 1e200, 1e39],
    "n": [-1, 3, 4, 7, 2**53 + 1, -(2**62)],
    "t": [None, "", "RED", "red ", "u\u0308", "never", "a" * 5000, "\ue000"],
    "u": [None, "v", "V", "nan", "1"],
}
"""One odd cell each: missing, extreme, unknown, near misses, empty and long."""


def coded(encoder):
    """Texts and codes through *encoder*, the numbers as they are."""
    return make_column_transformer(
        (encoder, ["t", "n", "u"]), remainder="passthrough", sparse_threshold=0
    )


def texts(encoder, *rest):
    """Texts through *encoder* and what follows it."""
    return make_column_transformer((make_pipeline(encoder, *rest), ["t", "u"]))


def numbers(step):
    """Two numbers through *step*."""
    return make_column_transformer((step, ["x", "p"]))


def positive(step):
    """The one number above zero through *step*."""
    return make_column_transformer((step, ["p"]))


LOGIT, LINE = LogisticRegression(), LinearRegression()
FILLED = SimpleImputer(strategy="most_frequent")
NAN_FOR_UNKNOWN = OrdinalEncoder(
    handle_unknown="use_encoded_value", unknown_value=np.nan
)

MODELS = {
    "one-hot": make_pipeline(coded(OneHotEncoder()), LOGIT),
    "one-hot, drop": make_pipeline(coded(OneHotEncoder(drop="first")), LOGIT),
    "one-hot, rare": make_pipeline(coded(OneHotEncoder(min_frequency=25)), LOGIT),
    "one-hot, ignores": make_pipeline(
        coded(OneHotEncoder(handle_unknown="ignore")), LOGIT
    ),
    "ordinal": make_pipeline(coded(OrdinalEncoder()), RandomForestRegressor(3)),
    "ordinal, unknown is nan": make_pipeline(texts(NAN_FOR_UNKNOWN), LOGIT),
    "imputed, one-hot": make_pipeline(texts(FILLED, OneHotEncoder()), LOGIT),
    "mean of target": make_pipeline(texts(TargetEncoder(cv=2)), LOGIT),
    "in a vote": VotingClassifier([
        ("a", make_pipeline(texts(OneHotEncoder()), LOGIT)),
        ("b", make_pipeline(numbers("passthrough"), LOGIT)),
    ]),
    "logarithm": make_pipeline(positive(FunctionTransformer(np.log)), LINE),
    "logarithm, forest": make_pipeline(
        positive(FunctionTransformer(np.log)), RandomForestRegressor(3)
    ),
    "products": make_pipeline(numbers(PolynomialFeatures(3)), LOGIT),
    "scaled": make_pipeline(numbers(StandardScaler()), LOGIT),
    "scaled, forest": make_pipeline(
        numbers(StandardScaler()), RandomForestRegressor(3)
    ),
    "box-cox": make_pipeline(positive(PowerTransformer(method="box-cox")), LINE),
    "splines": make_pipeline(numbers(SplineTransformer(extrapolation="error")), LINE),
    "bins": make_pipeline(
        numbers(StandardScaler()), KBinsDiscretizer(3, encode="onehot-dense"), LOGIT
    ),
    "codes": make_pipeline(
        make_column_transformer(("passthrough", ["n"])), CategoricalNB()
    ),
    "isotonic": make_pipeline(
        make_column_transformer(("passthrough", ["x"])),
        IsotonicRegression(out_of_bounds="raise"),
    ),
    "calibrated": make_pipeline(
        numbers("passthrough"),
        CalibratedClassifierCV(LinearSVC(), method="isotonic", cv=2),
    ),
    "target": TransformedTargetRegressor(
        make_pipeline(numbers("passthrough"), LINE), transformer=StandardScaler()
    ),
}  # fmt: skip


def boosted(make, **options):
    """A booster over two numbers and a code; which library is there is its business."""

    def build():
        module, name = make.split(".")
        kind = getattr(pytest.importorskip(module), name)
        return make_pipeline(
            make_column_transformer(("passthrough", ["x", "p", "n"])), kind(**options)
        )

    return build


BOOSTERS = {
    "lightgbm, codes": boosted(
        "lightgbm.LGBMClassifier", n_estimators=5, min_child_samples=3, verbose=-1,
        categorical_feature=[2], min_data_per_group=1, cat_smooth=0,
    ),
    "lightgbm, zero is missing": boosted(
        "lightgbm.LGBMClassifier", n_estimators=5, min_child_samples=3, verbose=-1,
        zero_as_missing=True,
    ),
    "xgboost, codes": boosted(
        "xgboost.XGBClassifier", n_estimators=5, enable_categorical=True,
        feature_types=["q", "q", "c"], max_cat_to_onehot=1,
    ),
    "xgboost, zero is missing": boosted(
        "xgboost.XGBClassifier", n_estimators=5, missing=0.0
    ),
    "histogram, codes": lambda: make_pipeline(
        make_column_transformer(("passthrough", ["x", "p", "n"])),
        HistGradientBoostingClassifier(
            max_iter=5, min_samples_leaf=3, categorical_features=[2]
        ),
    ),
    "catboost": lambda: pytest.importorskip("catboost").CatBoostClassifier(
        iterations=5, depth=3, verbose=0, allow_writing_files=False, thread_count=1
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOSTERS)
def test_boosters_refuse_what_they_raise_for_too(name):
    """
    Codes nobody trained on, gaps and sizes: each library has its own ideas.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        built = BOOSTERS[name]()
        data = DATA[["x", "p", "n"]]
        model = built.fit(data, YES.astype(int))

        assert [] == list(unlike(model, data, NUMBERS))


NUMBERS = {name: CELLS[name] for name in ("x", "p", "n")}


@pytest.mark.parametrize("name", MODELS)
def test_the_runtime_refuses_exactly_what_the_model_raises_for(name):
    """
    One odd cell at a time: 400 where the model raises, else the model's own answer.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MODELS[name].fit(DATA, YES.astype(int))

    assert [] == list(unlike(model, DATA, CELLS))


def unlike(model, data, cells):
    """Every odd cell for which the runtime does not do as *model* does."""
    asked, post = Bare(model), behind_runtime(model, data)
    for column, odd in cells.items():
        for cell in odd:
            row = spoilt(column, cell)[list(data.columns)]
            expected, (status, body) = asked.predict(row), post(row)
            if not agree(expected, status, body):
                yield column, cell, status, expected


def spoilt(column, cell) -> pd.DataFrame:
    """The first row, with *cell* in *column*."""
    kind = DATA[column].dtype
    return DATA.head(1).assign(**{column: pd.Series([cell], dtype=kind)})


def test_every_refusal_names_its_column():
    """
    Also behind an imputer: the column of the request, not of the encoder.
    """
    model = MODELS["imputed, one-hot"].fit(DATA, YES)

    status, body = behind_runtime(model, DATA)(spoilt("u", "never"))

    assert 400 == status
    assert b"unknown categories in column 'u', but row 0" in body


def test_many_categories_are_known_without_a_list_in_the_manifest():
    """
    20,000 categories are a table of the graph's own encoder; unknown ones are refused.
    """
    data = pd.DataFrame({"t": [f"id-{i}" for i in range(20_000)]}, dtype=object)
    model = make_pipeline(OrdinalEncoder(), LINE).fit(data, np.arange(20_000))
    post = behind_runtime(model, data)

    known, unknown = (pd.DataFrame({"t": [t]}, dtype=object) for t in ("id-7", "id-x"))

    assert (200, 400) == (post(known)[0], post(unknown)[0])


def test_a_model_that_raises_for_nothing_on_its_way_has_no_checks():
    """
    Plain linear models and forests pay for none of this.
    """
    from tests.fakes.lowering import Builder, draft_of, lower, signature_of

    for model in (LinearRegression(), RandomForestRegressor(2)):
        fitted = model.fit(DATA[["x", "p"]].to_numpy(), YES)
        draft = draft_of(
            Builder(), signature_of(DATA[["x", "p"]]),
            lambda frame, fitted=fitted: lower(fitted, "predict", frame),
        )  # fmt: skip

        assert () == draft.answer.checks
