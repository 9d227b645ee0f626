"""Every scikit-learn transformer, in a pipeline before a model that feels errors."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained, Unbuilt
from tests.breadth.cases.sklearn_predictors import steadied

LABELS = "it transforms labels, not what a request holds"
UNSERVED = {
    "KernelCenterer": "it takes a kernel matrix",
    "KNeighborsTransformer": "it gives a graph for clusterers that only fit",
    "RadiusNeighborsTransformer": "it gives a graph for clusterers that only fit",
    "LabelBinarizer": LABELS,
    "LabelEncoder": LABELS,
    "MultiLabelBinarizer": LABELS,
    "PatchExtractor": "it takes images",
    "TSNE": "it embeds only what it is fitted on: it has no transform",
    "MDS": "it embeds only what it is fitted on: it has no transform",
    "ClassicalMDS": "it embeds only what it is fitted on: it has no transform",
    "SpectralEmbedding": "it embeds only what it is fitted on: it has no transform",
    "FeatureHasher": "it takes dicts, which no signature can say",
    "DictVectorizer": "it takes dicts, which no signature can say",
    "SpectralBiclustering": "it clusters only what it is fitted on",
    "SpectralCoclustering": "it clusters only what it is fitted on",
    "NearestNeighbors": "it neither predicts nor transforms",
    **dict.fromkeys(
        ("EmpiricalCovariance", "GraphicalLasso", "GraphicalLassoCV", "LedoitWolf",
         "MinCovDet", "OAS", "ShrunkCovariance"),
        "it neither predicts nor transforms",
    ),
}  # fmt: skip

ELSEWHERE = {
    "ColumnTransformer", "FeatureUnion", "IsotonicRegression", "StackingClassifier",
    "StackingRegressor", "VotingClassifier", "VotingRegressor", "CountVectorizer",
    "HashingVectorizer", "TfidfVectorizer", "TfidfTransformer",
    "OneHotEncoder", "OrdinalEncoder", "TargetEncoder",
}  # fmt: skip

POSITIVE = {"AdditiveChi2Sampler", "LatentDirichletAllocation", "MiniBatchNMF", "NMF",
            "SkewedChi2Sampler"}  # fmt: skip
CLASSES = {"LinearDiscriminantAnalysis", "NeighborhoodComponentsAnalysis",
           "GenericUnivariateSelect", "SelectFdr", "SelectFpr", "SelectFwe",
           "SelectKBest", "SelectPercentile"}  # fmt: skip
GAPS = {"IterativeImputer", "KNNImputer", "MissingIndicator", "SimpleImputer"}


def cases() -> Iterator[Case | Unbuilt]:
    """Numeric transformers, encoders of categories, texts, and unions."""
    for name, why in sorted(UNSERVED.items()):
        yield Unbuilt(name=name, group="transformer", why=why)
    yield from _numeric()
    yield from _categories()
    yield from _texts()


def _numeric() -> Iterator[Case]:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.utils import all_estimators

    for name, kind in all_estimators(type_filter="transformer"):
        if name in UNSERVED or name in ELSEWHERE:
            continue
        make = partial(_made, name, kind)
        if name in CLASSES:
            yield _case(name, make, tables.numbers, _logistic, tables.three)
            continue
        yield _case(name, make, _table(name))
        if name in {"StandardScaler", "MinMaxScaler", "PCA", "KBinsDiscretizer"}:
            yield _case(f"{name}, forest", make, _table(name), _forest)
    yield from _optioned()


def _table(name: str) -> Callable[[], pd.DataFrame]:
    if name in POSITIVE:
        return tables.positive
    if name in GAPS:
        return tables.holed
    return tables.numbers


_SELECTORS = ("RFE", "RFECV", "SelectFromModel", "SequentialFeatureSelector")


def _made(name: str, kind: Any) -> Any:
    from sklearn.linear_model import Lasso

    given: dict[str, dict[str, Any]] = {
        **{other: {"estimator": Lasso(0.05)} for other in _SELECTORS},
        "SelectKBest": {"k": 3},
        "GenericUnivariateSelect": {"mode": "k_best", "param": 3},
        "GaussianRandomProjection": {"n_components": 3},
        "SparseRandomProjection": {"n_components": 3},
        "PLSCanonical": {"n_components": 1},
        "CCA": {"n_components": 1},
        "PLSSVD": {"n_components": 1},
        "SparseCoder": {"dictionary": tables.numbers().head(4).to_numpy()},
    }
    return steadied(kind, **given.get(name, {}))


def _linear() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


def _forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(20, random_state=0)


def _case(
    name: str,
    make: Callable[[], Any],
    table: Callable[[], pd.DataFrame],
    final: Callable[[], Any] = _linear,
    target: Any = tables.score,
) -> Case:
    def train() -> Trained:
        from sklearn.pipeline import make_pipeline

        data = table()
        model = make_pipeline(make(), final())
        return Trained(model.fit(data, target(data)), data)

    return Case(name=name, group="transformer", train=train)


def _optioned() -> Iterator[Case]:
    from sklearn import preprocessing as pp
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    gaps = tables.holed
    for strategy in ("median", "most_frequent", "constant"):
        for flag in (False, True):
            make = partial(SimpleImputer, strategy=strategy, add_indicator=flag)
            text = f"SimpleImputer, {strategy}{', indicator' if flag else ''}"
            yield _case(text, make, gaps)
    yield _case("KNNImputer, distance", lambda: KNNImputer(weights="distance"), gaps)
    yield _case(
        "IterativeImputer, indicator",
        lambda: IterativeImputer(random_state=0, add_indicator=True), gaps,
    )  # fmt: skip
    for encode in ("ordinal", "onehot-dense"):
        for strategy in ("uniform", "quantile", "kmeans"):
            make = partial(
                pp.KBinsDiscretizer,
                encode=encode,
                strategy=strategy,
                quantile_method="averaged_inverted_cdf",
            )
            yield _case(f"KBinsDiscretizer, {encode}, {strategy}", make, tables.numbers)
    for way in ("constant", "linear", "continue", "periodic"):
        make = partial(pp.SplineTransformer, extrapolation=way)
        yield _case(f"SplineTransformer, {way}", make, tables.numbers)
    yield _case(
        "PolynomialFeatures, degree 3, interactions",
        lambda: pp.PolynomialFeatures(3, interaction_only=True), tables.numbers,
    )  # fmt: skip
    yield _case(
        "QuantileTransformer, normal",
        lambda: pp.QuantileTransformer(output_distribution="normal", n_quantiles=50),
        tables.numbers,
    )
    yield _case(
        "PowerTransformer, box-cox", lambda: pp.PowerTransformer("box-cox"),
        lambda: tables.positive() + 0.1,
    )  # fmt: skip
    for norm in ("l1", "max"):
        yield _case(
            f"Normalizer, {norm}", lambda n=norm: pp.Normalizer(n), tables.numbers
        )
    for function in ("log1p", "sqrt", "square", "abs", "tanh"):
        yield _case(
            f"FunctionTransformer, {function}", lambda f=function: _function(f),
            tables.positive,
        )  # fmt: skip
    yield _case("FeatureUnion", _union, tables.numbers)
    yield _case("ColumnTransformer", _columns, tables.numbers)


def _function(name: str) -> Any:
    import numpy as np
    from sklearn.preprocessing import FunctionTransformer

    return FunctionTransformer(getattr(np, name))


def _union() -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_union
    from sklearn.preprocessing import MinMaxScaler

    return make_union(PCA(2), MinMaxScaler(), "passthrough")


def _columns() -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import PowerTransformer, StandardScaler

    return ColumnTransformer(
        [("one", StandardScaler(), ["b", "a"]), ("two", PowerTransformer(), [3])],
        remainder="passthrough",
    )


def _categories() -> Iterator[Case]:
    from sklearn import preprocessing as pp

    made: dict[str, Callable[[], Any]] = {
        "OneHotEncoder": lambda: pp.OneHotEncoder(handle_unknown="ignore"),
        "OneHotEncoder, strict": pp.OneHotEncoder,
        "OneHotEncoder, drop first": lambda: pp.OneHotEncoder(
            drop="first", handle_unknown="ignore"
        ),
        "OneHotEncoder, drop if binary": lambda: pp.OneHotEncoder(drop="if_binary"),
        "OneHotEncoder, infrequent": lambda: pp.OneHotEncoder(
            min_frequency=60, handle_unknown="infrequent_if_exist"
        ),
        "OneHotEncoder, at most 2": lambda: pp.OneHotEncoder(
            max_categories=2, handle_unknown="ignore"
        ),
        "OrdinalEncoder": pp.OrdinalEncoder,
        "OrdinalEncoder, unknown -1": lambda: pp.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1
        ),
        "OrdinalEncoder, infrequent": lambda: pp.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=60
        ),
        "TargetEncoder": lambda: pp.TargetEncoder(random_state=0),
    }
    for name, make in made.items():
        yield _case(name, make, tables.words, target=tables.spelled)
        yield _case(f"{name}, integers", make, tables.counts)


def _texts() -> Iterator[Case]:
    from sklearn.feature_extraction import text as ft

    made: dict[str, Callable[[], Any]] = {
        "CountVectorizer": ft.CountVectorizer,
        "CountVectorizer, binary": lambda: ft.CountVectorizer(binary=True),
        "CountVectorizer, pairs": lambda: ft.CountVectorizer(ngram_range=(1, 2)),
        "CountVectorizer, characters": lambda: ft.CountVectorizer(
            analyzer="char", ngram_range=(1, 3)
        ),
        "CountVectorizer, char_wb": lambda: ft.CountVectorizer(
            analyzer="char_wb", ngram_range=(2, 3)
        ),
        "CountVectorizer, accents": lambda: ft.CountVectorizer(strip_accents="unicode"),
        "CountVectorizer, stop words": lambda: ft.CountVectorizer(stop_words="english"),
        "TfidfVectorizer": ft.TfidfVectorizer,
        "TfidfVectorizer, sublinear": lambda: ft.TfidfVectorizer(
            sublinear_tf=True, norm="l1"
        ),
        "HashingVectorizer": lambda: ft.HashingVectorizer(n_features=64),
    }
    for name, make in made.items():
        yield Case(
            name=name, group="text", train=lambda m=make: _reader(m()),
            methods=("predict_proba",), extra=odd_texts,
        )  # fmt: skip
    yield Case(
        name="TfidfTransformer", group="text", extra=odd_texts,
        train=lambda: _reader(ft.CountVectorizer(), ft.TfidfTransformer()),
        methods=("predict_proba",),
    )  # fmt: skip


def _reader(*steps: Any) -> Trained:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    data = tables.texts()
    first = ColumnTransformer([("read", make_pipeline(*steps), "text")])
    model = make_pipeline(first, LogisticRegression())
    return Trained(model.fit(data, tables.word_score(data)), data)


def odd_texts(_: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Texts as people write them."""
    yield pd.DataFrame({"text": pd.Series([
        "", " ", "RED", "red,green;blue", "red  red\tred\nsky", "ÜBER naïve", "a b c",
        "it's", "x1 x2 1x", "İstanbul ǅ ß \u017f", "日本 語", "under_score",
        "e\u0301cole", "red\u00a0sky", "e-mail@x.io", "THE sky", "naive uber",
        "\u2028red", "ﬁne ﬁsh",
    ], dtype=object)})  # fmt: skip
