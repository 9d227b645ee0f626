"""Every scikit-learn predictor that has a recipe of ours, fitted on little."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from sklearn import (
    calibration,
    cluster,
    covariance,
    cross_decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    gaussian_process,
    isotonic,
    kernel_ridge,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    semi_supervised,
    svm,
    tree,
)  # fmt: skip

from tests.models import tables

Fitted = tuple[Any, pd.DataFrame]

_REGRESSORS = (
    linear_model.ARDRegression(), linear_model.BayesianRidge(),
    linear_model.ElasticNet(alpha=0.1), linear_model.HuberRegressor(max_iter=500),
    linear_model.Lars(), linear_model.Lasso(alpha=0.1), linear_model.LinearRegression(),
    linear_model.QuantileRegressor(alpha=0.1), linear_model.Ridge(),
    linear_model.SGDRegressor(random_state=0),
    linear_model.TheilSenRegressor(random_state=0),
    linear_model.RANSACRegressor(random_state=0), svm.LinearSVR(random_state=0),
    svm.SVR(), svm.NuSVR(kernel="poly"), tree.DecisionTreeRegressor(random_state=0),
    tree.ExtraTreeRegressor(random_state=0),
    ensemble.RandomForestRegressor(20, random_state=0),
    ensemble.ExtraTreesRegressor(20, random_state=0),
    ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0),
    ensemble.HistGradientBoostingRegressor(max_iter=10),
    ensemble.AdaBoostRegressor(n_estimators=8, random_state=0),
    ensemble.BaggingRegressor(n_estimators=5, max_features=0.6, random_state=0),
    ensemble.VotingRegressor([("a", linear_model.Ridge()), ("b", svm.SVR())]),
    ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", svm.SVR())]),
    neural_network.MLPRegressor(
        hidden_layer_sizes=(6,), max_iter=2000, tol=0.01, random_state=0
    ),
    kernel_ridge.KernelRidge(kernel="rbf"), cross_decomposition.PLSRegression(),
    dummy.DummyRegressor(), model_selection.GridSearchCV(
        linear_model.Ridge(), {"alpha": [0.1, 1.0]}
    ),
    gaussian_process.GaussianProcessRegressor(alpha=0.1),
    neighbors.RadiusNeighborsRegressor(1.03),
    neighbors.RadiusNeighborsRegressor(1.03, weights="distance"),
)  # fmt: skip

_CLASSIFIERS = (
    linear_model.LogisticRegression(), linear_model.SGDClassifier(random_state=0),
    linear_model.SGDClassifier(loss="modified_huber", random_state=0),
    linear_model.Perceptron(random_state=0), linear_model.RidgeClassifier(),
    svm.LinearSVC(random_state=0), svm.SVC(), svm.SVC(kernel="poly", degree=2),
    svm.SVC(decision_function_shape="ovo", break_ties=False), svm.NuSVC(nu=0.2),
    tree.DecisionTreeClassifier(random_state=0),
    ensemble.RandomForestClassifier(20, random_state=0),
    ensemble.ExtraTreesClassifier(20, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0),
    ensemble.HistGradientBoostingClassifier(max_iter=5),
    ensemble.AdaBoostClassifier(n_estimators=8, random_state=0),
    ensemble.BaggingClassifier(n_estimators=5, random_state=0),
    ensemble.BaggingClassifier(svm.LinearSVC(), 5, random_state=0),
    ensemble.VotingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())],
        voting="soft", weights=[1, 2],
    ),
    ensemble.VotingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())]
    ),
    ensemble.StackingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())],
        passthrough=True,
    ),
    naive_bayes.GaussianNB(), naive_bayes.BernoulliNB(),
    discriminant_analysis.LinearDiscriminantAnalysis(),
    discriminant_analysis.QuadraticDiscriminantAnalysis(),
    neural_network.MLPClassifier((6,), max_iter=2000, tol=0.01, random_state=0),
    neighbors.NearestCentroid(), dummy.DummyClassifier(strategy="prior"),
    calibration.CalibratedClassifierCV(linear_model.LogisticRegression()),
    calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic"),
    calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="temperature"),
    calibration.CalibratedClassifierCV(svm.LinearSVC(), method="temperature"),
    multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
    multiclass.OneVsOneClassifier(svm.LinearSVC(random_state=0)),
    multiclass.OutputCodeClassifier(linear_model.LogisticRegression(), random_state=0),
    semi_supervised.LabelPropagation(max_iter=5000),
)  # fmt: skip

_UNSUPERVISED = (
    cluster.KMeans(3, n_init=1, random_state=0),
    cluster.BisectingKMeans(4, random_state=0),
    cluster.MiniBatchKMeans(3, n_init=1, random_state=0), cluster.MeanShift(),
    mixture.GaussianMixture(3, random_state=0),
    mixture.GaussianMixture(3, covariance_type="diag", random_state=0),
    mixture.BayesianGaussianMixture(n_components=3, max_iter=500, random_state=0),
    ensemble.IsolationForest(n_estimators=20, random_state=0),
    ensemble.IsolationForest(n_estimators=20, max_features=0.5, random_state=0),
    covariance.EllipticEnvelope(random_state=0), svm.OneClassSVM(),
    linear_model.SGDOneClassSVM(random_state=0),
)  # fmt: skip

_MANY = (
    multioutput.MultiOutputRegressor(linear_model.Ridge()),
    multioutput.RegressorChain(linear_model.Ridge(), order=[1, 0]),
    ensemble.RandomForestRegressor(10, random_state=0),
    linear_model.MultiTaskLasso(alpha=0.1),
    neural_network.MLPRegressor(
        hidden_layer_sizes=(6,), max_iter=2000, tol=0.01, random_state=0
    ),
)


def _call(estimator: Any) -> str:
    name = type(estimator).__name__
    changed = [
        str(value) for key, value in estimator.get_params(deep=False).items()
        if key in {"loss", "kernel", "voting", "method", "covariance_type"}
        and isinstance(value, str)
    ]  # fmt: skip
    inner = getattr(estimator, "estimator", None)
    if inner is not None and not isinstance(inner, str):
        changed.append(type(inner).__name__)
    return "-".join([name, *changed])


def _fits(estimator: Any, kind: str) -> Callable[[], Fitted]:
    def fitted() -> Fitted:
        data = tables.numbers()
        if kind == "unsupervised":
            return estimator.fit(data), data
        if kind == "many":
            one = tables.target(data)
            return estimator.fit(data, pd.DataFrame({"a": one, "b": one**2})), data
        labels = {"two": tables.two_classes, "three": tables.three_classes}
        return estimator.fit(data, labels.get(kind, tables.target)(data)), data

    return fitted


PREDICTORS: dict[str, Callable[[], Fitted]] = {
    f"{_call(estimator)}-{kind}-{i}": _fits(estimator, kind)
    for kind, family in (
        ("number", _REGRESSORS), ("two", _CLASSIFIERS), ("three", _CLASSIFIERS),
        ("unsupervised", _UNSUPERVISED), ("many", _MANY),
    )
    for i, estimator in enumerate(family)
}  # fmt: skip
"""Name to a function that fits it: the estimator, and the table it saw."""

METHODS = (
    "predict", "predict_proba", "predict_log_proba", "decision_function",
    "score_samples",
)  # fmt: skip


def isotonic_curve() -> Fitted:
    """One column in, one number out."""
    data = tables.numbers()[["d"]]
    model = isotonic.IsotonicRegression(out_of_bounds="clip")
    return model.fit(data, data["d"] + tables.numbers()["e"]), data
