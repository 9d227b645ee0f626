"""Options of scikit-learn's estimators that change what is computed when serving."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained

CHANCES = ("predict_proba",)
ONE = ("predict",)

Made = tuple[str, Callable[[], Any]]


def cases() -> Iterator[Case]:
    """By family; each with the data that shows the option."""
    yield from _cases(_tree_classifiers(), tables.holed, tables.three, CHANCES)
    yield from _cases(_tree_regressors(), tables.holed, tables.amount, ONE)
    yield from _cases(_boosted_classifiers(), tables.numbers, tables.two, CHANCES)
    yield from _cases(_boosted_regressors(), tables.numbers, tables.amount, ONE)
    yield from _cases(_kernels(), tables.numbers, tables.three, ONE)
    yield from _cases(_chances(), tables.numbers, tables.three, CHANCES)
    yield from _cases(_curves(), tables.numbers, tables.score, ONE)
    yield from _cases(_many_labels(), tables.numbers, tables.pairs, ONE)
    yield from _cases(_scaled(), tables.numbers, tables.score, ONE)
    yield from _cases(_chosen_columns(), tables.holed, tables.three, CHANCES)


def _cases(
    made: Iterator[Made],
    table: Callable[[], pd.DataFrame],
    target: Callable[[pd.DataFrame], Any],
    methods: tuple[str, ...],
) -> Iterator[Case]:
    def train(make: Callable[[], Any]) -> Trained:
        data = table()
        return Trained(make().fit(data, target(data)), data)

    for name, make in made:
        yield Case(
            name=name, group="option", train=partial(train, make), methods=methods
        )


def _tree_classifiers() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn.tree import DecisionTreeClassifier

    few = {"n_estimators": 10, "random_state": 0}
    yield (
        "DecisionTreeClassifier, gaps",
        partial(DecisionTreeClassifier, random_state=0),
    )
    yield "RandomForestClassifier, gaps", partial(en.RandomForestClassifier, **few)
    yield (
        "RandomForestClassifier, balanced, gaps",
        partial(en.RandomForestClassifier, class_weight="balanced", max_depth=5, **few),
    )
    yield "ExtraTreesClassifier, gaps", partial(en.ExtraTreesClassifier, **few)
    yield (
        "HistGradientBoostingClassifier, gaps",
        partial(en.HistGradientBoostingClassifier, max_iter=8),
    )
    yield (
        "BaggingClassifier, some columns, gaps",
        partial(en.BaggingClassifier, max_features=0.6, bootstrap_features=True, **few),
    )


def _tree_regressors() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn.tree import DecisionTreeRegressor

    few = {"n_estimators": 10, "random_state": 0}
    yield "DecisionTreeRegressor, gaps", partial(DecisionTreeRegressor, random_state=0)
    yield (
        "DecisionTreeRegressor, poisson, gaps",
        partial(DecisionTreeRegressor, criterion="poisson", random_state=0),
    )
    yield "RandomForestRegressor, gaps", partial(en.RandomForestRegressor, **few)
    for loss in ("squared_error", "absolute_error", "poisson", "gamma", "quantile"):
        given = {"quantile": 0.3} if loss == "quantile" else {}
        yield (
            f"HistGradientBoostingRegressor, {loss}, gaps",
            partial(en.HistGradientBoostingRegressor, loss=loss, max_iter=8, **given),
        )
    yield (
        "HistGradientBoostingRegressor, monotone, gaps",
        partial(
            en.HistGradientBoostingRegressor, monotonic_cst=[1, 0, -1, 0, 0], max_iter=8
        ),
    )


def _boosted_classifiers() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    few = {"n_estimators": 10, "random_state": 0}
    yield (
        "GradientBoostingClassifier, exponential",
        partial(en.GradientBoostingClassifier, loss="exponential", **few),
    )
    yield (
        "GradientBoostingClassifier, from zero",
        partial(en.GradientBoostingClassifier, init="zero", **few),
    )
    yield (
        "GradientBoostingClassifier, from a line",
        partial(en.GradientBoostingClassifier, init=LogisticRegression(), **few),
    )
    yield (
        "AdaBoostClassifier, deep trees",
        partial(en.AdaBoostClassifier, DecisionTreeClassifier(max_depth=3), **few),
    )
    yield (
        "AdaBoostClassifier, lines",
        partial(en.AdaBoostClassifier, LogisticRegression(), **few),
    )


def _boosted_regressors() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn.linear_model import Ridge

    few = {"n_estimators": 10, "random_state": 0}
    for loss in ("absolute_error", "huber", "quantile"):
        yield (
            f"GradientBoostingRegressor, {loss}",
            partial(en.GradientBoostingRegressor, loss=loss, **few),
        )
    yield (
        "GradientBoostingRegressor, from a line",
        partial(en.GradientBoostingRegressor, init=Ridge(), **few),
    )
    for loss in ("square", "exponential"):
        yield (
            f"AdaBoostRegressor, {loss}",
            partial(en.AdaBoostRegressor, loss=loss, **few),
        )


def _kernels() -> Iterator[Made]:
    from sklearn.svm import SVC, LinearSVC, NuSVC

    for kernel in ("linear", "poly", "sigmoid"):
        yield f"SVC, {kernel}", partial(SVC, kernel=kernel)
    yield "SVC, one against one", partial(SVC, decision_function_shape="ovo")
    yield "SVC, breaking ties", partial(SVC, break_ties=True)
    yield (
        "SVC, gamma auto, weighted",
        partial(SVC, gamma="auto", class_weight="balanced"),
    )
    yield "NuSVC, poly", partial(NuSVC, kernel="poly", degree=2, coef0=1.0)
    yield (
        "LinearSVC, crammer_singer",
        partial(LinearSVC, multi_class="crammer_singer", random_state=0),
    )


def _chances() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn import linear_model as lm
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    named = [("line", lm.LogisticRegression()), ("tree", tree)]
    made: dict[str, Callable[[], Any]] = {
        "SGDClassifier, log_loss": partial(
            lm.SGDClassifier, loss="log_loss", random_state=0
        ),
        "SGDClassifier, modified_huber": partial(
            lm.SGDClassifier, loss="modified_huber", random_state=0
        ),
        "LogisticRegression, no intercept": partial(
            lm.LogisticRegression, fit_intercept=False
        ),
        "KNeighborsClassifier, by distance": partial(
            KNeighborsClassifier, weights="distance"
        ),
        "KNeighborsClassifier, manhattan": partial(
            KNeighborsClassifier, 4, metric="manhattan"
        ),
        "KNeighborsClassifier, p=3": partial(KNeighborsClassifier, p=3),
        "CalibratedClassifierCV, isotonic": partial(
            CalibratedClassifierCV, GaussianNB(), method="isotonic"
        ),
        "CalibratedClassifierCV, one": partial(
            CalibratedClassifierCV, tree, ensemble=False
        ),
        "CalibratedClassifierCV, temperature": partial(
            CalibratedClassifierCV, GaussianNB(), method="temperature"
        ),
        "VotingClassifier, soft, weighted": partial(
            en.VotingClassifier, named, voting="soft", weights=[2, 1]
        ),
        "StackingClassifier, passthrough": partial(
            en.StackingClassifier, named, passthrough=True
        ),
        "BaggingClassifier, lines": partial(
            en.BaggingClassifier, lm.LogisticRegression(), 5, random_state=0
        ),
        "OneVsRestClassifier, trees": partial(OneVsRestClassifier, tree),
        "GaussianNB, priors": partial(GaussianNB, var_smoothing=1e-3),
    }
    for activation in ("tanh", "logistic", "identity"):
        made[f"MLPClassifier, {activation}"] = partial(
            MLPClassifier, (8,), activation, random_state=0, max_iter=80
        )
    yield from made.items()


def _curves() -> Iterator[Made]:
    from sklearn import gaussian_process as gp
    from sklearn import linear_model as lm
    from sklearn.ensemble import StackingRegressor, VotingRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.svm import SVR
    from sklearn.tree import DecisionTreeRegressor

    k = gp.kernels
    for name, kernel in {
        "rbf and noise": k.RBF(2.0) + k.WhiteKernel(0.1),
        "matern": k.ConstantKernel(2.0) * k.Matern(nu=1.5),
        "rational quadratic": k.RationalQuadratic() + k.WhiteKernel(0.1),
        "dot product": k.DotProduct() + k.WhiteKernel(0.1),
    }.items():
        yield (
            f"GaussianProcessRegressor, {name}",
            partial(gp.GaussianProcessRegressor, kernel, normalize_y=True),
        )
    for kernel in ("poly", "laplacian", "sigmoid", "rbf"):
        yield f"KernelRidge, {kernel}", partial(KernelRidge, kernel=kernel)
    for kernel in ("linear", "poly", "sigmoid"):
        yield f"SVR, {kernel}", partial(SVR, kernel=kernel)
    yield (
        "KNeighborsRegressor, by distance",
        partial(KNeighborsRegressor, weights="distance"),
    )
    yield (
        "KNeighborsRegressor, chebyshev",
        partial(KNeighborsRegressor, metric="chebyshev"),
    )
    yield (
        "MLPRegressor, 2 layers",
        partial(MLPRegressor, hidden_layer_sizes=(8, 4), random_state=0),
    )
    named = [("line", lm.Ridge()), ("tree", DecisionTreeRegressor(max_depth=4))]
    yield "VotingRegressor, weighted", partial(VotingRegressor, named, weights=[1, 3])
    yield (
        "StackingRegressor, passthrough",
        partial(StackingRegressor, named, passthrough=True),
    )
    yield "RANSACRegressor, trees", partial(
        lm.RANSACRegressor, DecisionTreeRegressor(max_depth=4), min_samples=40,
        random_state=0,
    )  # fmt: skip


def _many_labels() -> Iterator[Made]:
    from sklearn import ensemble as en
    from sklearn.linear_model import RidgeClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    few = {"n_estimators": 10, "random_state": 0}
    yield (
        "DecisionTreeClassifier, 2 labels",
        partial(DecisionTreeClassifier, random_state=0),
    )
    yield "RandomForestClassifier, 2 labels", partial(en.RandomForestClassifier, **few)
    yield "ExtraTreesClassifier, 2 labels", partial(en.ExtraTreesClassifier, **few)
    yield "KNeighborsClassifier, 2 labels", KNeighborsClassifier
    yield (
        "MLPClassifier, 2 labels",
        partial(MLPClassifier, (8,), random_state=0, max_iter=80),
    )
    yield "RidgeClassifier, 2 labels", RidgeClassifier


def _scaled() -> Iterator[Made]:
    from sklearn import decomposition as dc
    from sklearn import preprocessing as pp
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeRegressor

    firsts: dict[str, Callable[[], Any]] = {
        "StandardScaler, no mean": partial(pp.StandardScaler, with_mean=False),
        "MinMaxScaler, clipped": partial(pp.MinMaxScaler, clip=True),
        "RobustScaler, unit variance": partial(pp.RobustScaler, unit_variance=True),
        "PCA, whitened": partial(dc.PCA, 3, whiten=True),
        "KernelPCA, rbf": partial(dc.KernelPCA, 3, kernel="rbf"),
        "KernelPCA, cosine": partial(dc.KernelPCA, 3, kernel="cosine"),
        "TruncatedSVD": partial(dc.TruncatedSVD, 3, random_state=0),
        "Binarizer, above 0.3": partial(pp.Binarizer, threshold=0.3),
    }
    for name, first in firsts.items():
        yield f"{name}, line", lambda f=first: make_pipeline(f(), Ridge())
        yield (
            f"{name}, tree",
            lambda f=first: make_pipeline(f(), DecisionTreeRegressor(random_state=0)),
        )


def _chosen_columns() -> Iterator[Made]:
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def forest() -> Any:
        return RandomForestClassifier(10, random_state=0)

    fill = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    chosen = make_column_selector(dtype_include="number")
    ways: dict[str, Callable[[], Any]] = {
        "by slice": lambda: ColumnTransformer([("f", fill, slice(0, 3))]),
        "by selector": lambda: ColumnTransformer([("f", fill, chosen)]),
        "by mask": lambda: ColumnTransformer(
            [("f", fill, [True, False, True, False, True])], remainder="drop"
        ),
        "remainder fitted": lambda: ColumnTransformer(
            [("n", "drop", ["a"])], remainder=fill
        ),
        "pandas output": lambda: ColumnTransformer([("f", fill, ["c", "a"])])
        .set_output(transform="pandas"),
    }  # fmt: skip
    for name, make in ways.items():
        yield f"columns {name}", lambda m=make: make_pipeline(m(), forest())
