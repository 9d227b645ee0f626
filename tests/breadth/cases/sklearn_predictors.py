"""Every scikit-learn predictor, with its defaults and the least it needs besides."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained, Unbuilt

Table = Callable[[], pd.DataFrame]
Target = Callable[[pd.DataFrame], Any]

NO_PREDICT = "it only clusters what it is fitted on: it has no predict"


def cases() -> Iterator[Case | Unbuilt]:
    """Classifiers, regressors, clusterers, mixtures and outlier detectors."""
    yield from _classifiers()
    yield from _regressors()
    yield from _clusterers()
    yield from _detectors()


def _listed(kind: str) -> list[tuple[str, Any]]:
    from sklearn.utils import all_estimators

    return list(all_estimators(type_filter=kind))


def _case(
    place: str,
    make: Callable[[], Any],
    table: Table,
    target: Target | None,
    methods: tuple[str, ...] = ("predict",),
) -> Case:
    """The case at *place*, `group/name`."""
    group, _, name = place.partition("/")

    def train() -> Trained:
        data = table()
        model = make()
        model.fit(data, None if target is None else target(data))
        return Trained(model, data)

    return Case(name=name, group=group, train=train, methods=methods)


def steadied(kind: Any, **given: Any) -> Any:
    """An instance with its defaults: few trees, random in the same way each time."""
    made = kind(**given)
    known = made.get_params(deep=False)
    if "random_state" in known:
        made.set_params(random_state=0)
    if known.get("n_estimators") == 100:
        made.set_params(n_estimators=20)
    if kind.__name__.startswith("HistGradientBoosting"):
        made.set_params(max_iter=15)
    if "Dictionary" in kind.__name__ or "SparsePCA" in kind.__name__:
        made.set_params(max_iter=10)
    return made


_TAKE_ONE = (
    "ClassifierChain", "FixedThresholdClassifier", "MultiOutputClassifier",
    "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier",
    "SelfTrainingClassifier", "TunedThresholdClassifierCV", "MultiOutputRegressor",
    "RegressorChain",
)  # fmt: skip
_TAKE_SOME = (
    "StackingClassifier", "VotingClassifier", "StackingRegressor", "VotingRegressor",
)  # fmt: skip


def _inner(kind: str) -> dict[str, dict[str, Any]]:
    """What meta-estimators need, by their names."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if kind == "classifier":
        simple = LogisticRegression()
        named = [("line", simple), ("tree", DecisionTreeClassifier(max_depth=4))]
    else:
        simple = Ridge()
        named = [("line", simple), ("tree", DecisionTreeRegressor(max_depth=4))]
    return {
        **{name: {"estimator": simple} for name in _TAKE_ONE},
        **{name: {"estimators": named} for name in _TAKE_SOME},
    }


ASKED = ("predict", "predict_proba")
"""What MLflow's pyfunc is mostly set to ask."""


def _methods(model: Any) -> tuple[str, ...]:
    return tuple(name for name in ASKED if hasattr(model, name))


def _classifiers() -> Iterator[Case | Unbuilt]:
    inner = _inner("classifier")
    table_of: dict[str, Table] = {
        "CategoricalNB": tables.counts, "ComplementNB": tables.positive,
        "MultinomialNB": tables.positive,
    }  # fmt: skip
    for name, kind in _listed("classifier"):
        given = dict(inner.get(name, {}))
        if name == "RadiusNeighborsClassifier":
            given |= {"radius": 3.0, "outlier_label": "most_frequent"}
        make = partial(steadied, kind, **given)
        table = table_of.get(name, tables.numbers)
        methods = ASKED if name == "StackingClassifier" else _methods(make())
        if name in _PAIRS:
            yield _case(f"classifier/{name}", make, table, tables.pairs, ("predict",))
            continue
        if name not in {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}:
            yield _case(
                f"classifier/{name}, 3 classes", make, table, tables.three, methods
            )
        yield _case(f"classifier/{name}, 2 texts", make, table, tables.two, methods)


_PAIRS = {"ClassifierChain", "MultiOutputClassifier"}


_TWO_TARGETS = {
    "CCA", "MultiOutputRegressor", "MultiTaskElasticNet", "MultiTaskElasticNetCV",
    "MultiTaskLasso", "MultiTaskLassoCV", "PLSCanonical", "RegressorChain",
}  # fmt: skip


def _regressors() -> Iterator[Case | Unbuilt]:
    from sklearn.utils import get_tags

    inner = _inner("regressor")
    for name, kind in _listed("regressor"):
        given = dict(inner.get(name, {}))
        if name in {"CCA", "PLSCanonical"}:
            given["n_components"] = 2
        if name == "RadiusNeighborsRegressor":
            given["radius"] = 9.0
        make = partial(steadied, kind, **given)
        table: Table = tables.numbers
        if name == "IsotonicRegression":
            table = tables.column
            yield _case(f"regressor/{name}", make, table, _whole_score)
            continue
        above = name in {"GammaRegressor", "PoissonRegressor", "TweedieRegressor"}
        target: Target = tables.amount if above else tables.score
        if name not in _TWO_TARGETS:
            yield _case(f"regressor/{name}", make, table, target)
        many = get_tags(make()).target_tags.multi_output
        if name in _TWO_TARGETS or many:
            yield _case(f"regressor/{name}, 2 targets", make, table, tables.targets)


def _whole_score(_: pd.DataFrame) -> Any:
    return tables.score(tables.numbers())


def _clusterers() -> Iterator[Case | Unbuilt]:
    for name, kind in _listed("cluster"):
        if name == "FeatureAgglomeration":
            continue
        if not hasattr(kind, "predict"):
            yield Unbuilt(name=name, group="clusterer", why=NO_PREDICT)
            continue
        make = partial(steadied, kind)
        yield _case(f"clusterer/{name}", make, tables.numbers, None)
    from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

    for kind in (GaussianMixture, BayesianGaussianMixture):
        make = partial(steadied, kind, n_components=3)
        methods = ("predict", "predict_proba")
        yield _case(f"clusterer/{kind.__name__}", make, tables.numbers, None, methods)


def _detectors() -> Iterator[Case | Unbuilt]:
    from sklearn.base import OutlierMixin
    from sklearn.utils import all_estimators

    for name, kind in all_estimators():
        if not issubclass(kind, OutlierMixin):
            continue
        given = {"novelty": True} if name == "LocalOutlierFactor" else {}
        make = partial(steadied, kind, **given)
        yield _case(f"detector/{name}", make, tables.numbers, None)
    why = "it has no predict, and MLflow's pyfunc cannot ask for score_samples"
    yield Unbuilt(name="KernelDensity", group="detector", why=why)
