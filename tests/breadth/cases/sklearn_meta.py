"""Searches, and other estimators of scikit-learn that wrap one."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.breadth import tables
from tests.breadth.case import Case, Trained


def cases() -> Iterator[Case]:
    """Each with a small inner model; scores where the inner model has them."""
    for name, make, methods in _wrappers():
        yield _case(name, make, methods)


def _case(name: str, make: Callable[[], Any], methods: tuple[str, ...]) -> Case:
    def train() -> Trained:
        data = tables.numbers()
        return Trained(make().fit(data, tables.two(data)), data)

    return Case(name=name, group="meta", train=train, methods=methods)


BOTH = ("predict", "predict_proba")


def _wrappers() -> Iterator[tuple[str, Callable[[], Any], tuple[str, ...]]]:
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.feature_selection import RFE, RFECV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import (
        GridSearchCV,
        HalvingGridSearchCV,
        HalvingRandomSearchCV,
        RandomizedSearchCV,
    )
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    def tree() -> Any:
        return DecisionTreeClassifier(random_state=0)

    grid = {"max_depth": [2, 4]}
    yield "GridSearchCV", lambda: GridSearchCV(tree(), grid), BOTH
    yield (
        "RandomizedSearchCV",
        lambda: RandomizedSearchCV(tree(), grid, n_iter=2, random_state=0),
        BOTH,
    )
    yield "HalvingGridSearchCV", lambda: HalvingGridSearchCV(tree(), grid), BOTH
    yield (
        "HalvingRandomSearchCV",
        lambda: HalvingRandomSearchCV(tree(), grid, random_state=0),
        BOTH,
    )
    yield (
        "GridSearchCV of a pipeline",
        lambda: GridSearchCV(
            make_pipeline(StandardScaler(), LogisticRegression()),
            {"logisticregression__C": [0.1, 1]},
        ),
        (*BOTH, "predict_log_proba"),
    )
    yield "RFE", lambda: RFE(LogisticRegression(), n_features_to_select=2), BOTH
    yield "RFECV", lambda: RFECV(LogisticRegression()), BOTH
    yield (
        "FrozenEstimator",
        lambda: FrozenEstimator(tree().fit(*_data())),
        BOTH,
    )
    yield "Pipeline", lambda: make_pipeline(StandardScaler(), tree()), BOTH
    yield "RidgeClassifier in a pipeline", _ridge, ("predict",)


def _data() -> tuple[Any, Any]:
    data = tables.numbers()
    return data, tables.two(data)


def _ridge() -> Any:
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    return make_pipeline(PolynomialFeatures(), RidgeClassifier())
