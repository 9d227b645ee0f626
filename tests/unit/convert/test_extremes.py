"""Where squares, products and at last the values themselves overflow on the way."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch, BisectingKMeans, KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, SplineTransformer
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM

from tests.fakes.refusing import Bare, agree, behind_runtime

RNG = np.random.default_rng(3)
DATA = pd.DataFrame(RNG.normal(size=(60, 3)) * [1.0, 8.0, 0.2], columns=list("abc"))
THREE = np.digitize(DATA["a"] + 0.1 * DATA["b"], [-0.5, 0.6])

SIZES = (1e10, 3.5e38, 1e77, 1.4e154, 1e200, 1.7e308)

MODELS = {
    "support vectors, lines": make_pipeline(RobustScaler(), SVC(kernel="linear")),
    "support vectors, powers": SVC(kernel="poly"),
    "support vectors, bells": SVC(),
    "support vectors, a number": SVR(),
    "one class": OneClassSVM(kernel="linear"),
    "pairs": OneVsOneClassifier(LinearSVC(random_state=0)),
    "kernel ridge": KernelRidge(kernel="rbf", alpha=0.5),
    "kernel ridge, steep": KernelRidge(kernel="laplacian", alpha=0.5),
    "kept rows": make_pipeline(
        Nystroem(n_components=4, random_state=0), LinearDiscriminantAnalysis()
    ),
    "process": GaussianProcessRegressor(),
    "spreading": LabelSpreading(),
    "centroids": NearestCentroid(),
    "centroids of splines": make_pipeline(
        SplineTransformer(n_knots=3, extrapolation="continue"), NearestCentroid()
    ),
    "clusters": KMeans(3, n_init=1, random_state=0),
    "clusters of clusters": BisectingKMeans(3, random_state=0),
    "subclusters": Birch(n_clusters=3),
    "bells": GaussianNB(),
    "units": MLPClassifier((4,), max_iter=20, random_state=0),
    "turned": make_pipeline(PCA(2), LogisticRegression()),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_what_overflows_is_answered_as_the_model_answers(name):
    """
    NaN where it computes NaN, its label where it decides, 400 where it raises.
    """
    model = MODELS[name].fit(DATA, THREE)
    asked, post = Bare(model), behind_runtime(model, DATA)

    wrong = []
    for row, said in rows_of_sizes(asked):
        status, body = post(row)
        if not agree(said, status, body):
            wrong.append((row.iloc[0].to_dict(), said, status, body[:80]))

    assert [] == wrong


def rows_of_sizes(asked):
    """Every size in every column, either sign, and what the model makes of it."""
    for name in DATA:
        for size in (sign * size for size in SIZES for sign in (1, -1)):
            row = DATA.tail(1).reset_index(drop=True).assign(**{name: size})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield row, asked.predict(row)
