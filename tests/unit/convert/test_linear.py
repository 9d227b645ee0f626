"""Linear models: exact wherever numbers can be, in as few operators as can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Perceptron,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.svm import LinearSVC

from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.registry import lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from mlflow_serverless.optimise.clean import optimised
from tests.fakes.lowering import same, served, signature_of

pytestmark = pytest.mark.filterwarnings("ignore")

BAND = 1e-12
"""Within which a score is as good as zero, beside the size of its terms."""

CLASSIFIERS = (
    LogisticRegression, LinearDiscriminantAnalysis, LinearSVC, Perceptron,
    RidgeClassifier, SGDClassifier,
)  # fmt: skip

CHANCES = {
    "logistic": LogisticRegression,
    "discriminant": LinearDiscriminantAnalysis,
    "sgd-log": lambda: SGDClassifier(loss="log_loss"),
    "sgd-huber": lambda: SGDClassifier(loss="modified_huber"),
    "liblinear": lambda: LogisticRegression(solver="liblinear"),
}
"""Estimators with probabilities; the last has two classes only."""

FLOATS = st.one_of(
    st.floats(-1e3, 1e3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e308, -1e308, 5e-324, 1e-300, 2.0**-1074]),
)


def with_terms(estimator, weights, intercept):
    """*estimator* as if it had been fitted to these weights."""
    classes = max(2, len(weights))
    rows = np.arange(8.0 * weights.shape[1]).reshape(8, -1) % 5
    estimator.fit(rows, np.arange(8) % classes)
    estimator.coef_, estimator.intercept_ = weights, intercept
    return estimator


@st.composite
def problems(draw, classes):
    """Weights, intercepts and rows, each of any size that floats have."""
    features = draw(st.integers(1, 4))
    scores = 1 if classes == 2 else classes
    weights = draw(arrays(np.float64, (scores, features), elements=FLOATS))
    intercept = draw(arrays(np.float64, (scores,), elements=FLOATS))
    rows = draw(arrays(np.float64, (6, features), elements=FLOATS))
    return weights, intercept, rows


def decided(weights, intercept, rows):
    """
    Rows whose scores are what they are in whatever order terms are added.

    Terms that overflow must have one sign, and what is left of them when they cancel
    must be more than rounding.
    """
    with np.errstate(all="ignore"):
        added = np.tile(intercept[:, None], (len(rows), 1, 1))
        terms = np.concatenate([rows[:, None, :] * weights, added], axis=2)
        size, total = np.abs(terms).sum(axis=2), terms.sum(axis=2)
        clear = np.isfinite(size) & (np.abs(total) > BAND * size)
        clear |= np.isinf(size) & (np.abs(total) == size)
        exact = (terms == 0).all(axis=2)
        gaps = np.abs(np.diff(np.sort(total, axis=1)))
        margins = gaps > BAND * size.max(axis=1)[:, None]
    steady = (clear | exact).all(axis=1)
    return steady if weights.shape[0] == 1 else steady & margins.all(axis=1)


@pytest.mark.parametrize("kind", CLASSIFIERS)
@given(problem=problems(2))
@settings(max_examples=12, deadline=None)
def test_the_sign_decides_between_two(kind, problem):
    """
    Any weights and rows, overflowing ones too: the class is the estimator's own.
    """
    weights, intercept, rows = problem
    rows = rows[decided(*problem)]
    model = with_terms(kind(), weights, intercept)
    if len(rows):
        same(model.predict(rows), served(model, rows))


@pytest.mark.parametrize("kind", [LogisticRegression, LinearSVC])
@given(problem=problems(4))
@settings(max_examples=10, deadline=None)
def test_the_largest_score_decides_among_many(kind, problem):
    """
    Of several classes, the largest score's, wherever rounding leaves one.
    """
    weights, intercept, rows = problem
    rows = rows[decided(*problem)]
    model = with_terms(kind(), weights, intercept)
    if len(rows):
        same(model.predict(rows), served(model, rows))


@pytest.mark.parametrize(
    ("name", "classes"),
    [(name, 2) for name in CHANCES] + [(name, 3) for name in CHANCES][:-1],
)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_probabilities_of_any_score(name, classes, data):
    """
    From certain to impossible, the probabilities are the estimator's within rounding.
    """
    reals = st.floats(-400, 400)
    rows = data.draw(arrays(np.float64, (6, 3), elements=reals))
    scores = 1 if classes == 2 else classes
    weights = data.draw(arrays(np.float64, (scores, 3), elements=st.floats(-2, 2)))
    intercept = data.draw(arrays(np.float64, (scores,), elements=st.floats(-9, 9)))
    model = with_terms(CHANCES[name](), weights, intercept)

    native = model.predict_proba(rows)
    same(native, served(model, rows, "predict_proba"), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("kind", [LogisticRegression, LinearDiscriminantAnalysis])
def test_scores_that_overflow_are_certain(kind):
    """
    A score beyond all floats is a probability of one, not NaN.
    """
    model = with_terms(kind(), np.array([[10.0, 0.0]]), np.zeros(1))
    rows = np.array([[1e308, 1.0], [-1e308, 1.0], [1e308, 1e308], [0.0, 1e308]])

    got = served(model, rows, "predict_proba")

    assert [[0, 1], [1, 0], [0, 1], [0.5, 0.5]] == np.round(got, 300).tolist()
    same(model.predict_proba(rows), got)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_one_step_beside_the_boundary(kind):
    """
    On the boundary the first class, one float above it the second.
    """
    for at in (0.1, 1.0, 1e-300, 1e300, 123456789.123):
        model = with_terms(kind(), np.ones((1, 1)), np.array([-at]))
        near = [np.nextafter(at, -np.inf), at, np.nextafter(at, np.inf)]
        rows = np.array(near)[:, None]

        assert [0, 0, 1] == served(model, rows).tolist()
        assert [0, 0, 1] == model.predict(rows).tolist()


def test_small_probabilities_keep_their_digits():
    """
    What is nearly impossible is as precise as what is likely, on both sides.
    """
    model = with_terms(LogisticRegression(), np.ones((1, 1)), np.zeros(1))
    scores = np.array([[-700.0], [-40.0], [-1e-9], [40.0], [700.0]])

    got = served(model, scores, "predict_proba")

    np.testing.assert_allclose(got[:, 1], np.exp(-np.logaddexp(0, -scores[:, 0])))
    np.testing.assert_allclose(got[:, 0], np.exp(-np.logaddexp(0, scores[:, 0])))


def steps(model, data, method):
    """Operators that are left when the graph has been optimised, in order."""
    catalogue.register()
    draft = draft_of(
        Builder(), signature_of(data), lambda frame: lower(model, method, frame)
    )
    return [node.op_type for node in optimised(draft.proto).graph.node]


ROWS = np.random.default_rng(0).normal(size=(40, 3))
LABELS = {
    "01": (ROWS[:, 0] > 0).astype(np.int64),
    "012": np.digitize(ROWS[:, 0], [-0.5, 0.5]),
    "text": np.where(ROWS[:, 0] > 0, "yes", "no"),
    "-1,1": np.where(ROWS[:, 0] > 0, 1, -1),
}


@pytest.mark.parametrize(
    ("labels", "method", "expected"),
    [
        ("01", "predict_proba", ["Gemm", "Exp", "Add", "Reciprocal"]),
        ("012", "predict_proba", ["Gemm", "Softmax"]),
        ("01", "predict", ["Gemm", "ArgMax"]),
        ("012", "predict", ["Gemm", "ArgMax"]),
        ("text", "predict", ["Gemm", "ArgMax"]),
        ("-1,1", "predict", ["Gemm", "ArgMax", "Gather"]),
        ("012", "decision_function", ["Gemm"]),
        ("01", "decision_function", ["Gemm", "Squeeze"]),
    ],
)
def test_a_logistic_regression_takes_few_steps(labels, method, expected):
    """
    Each operator costs a request of one row about two microseconds.
    """
    model = LogisticRegression().fit(ROWS, LABELS[labels])

    assert expected == steps(model, ROWS, method)


def test_a_regression_takes_few_steps():
    """
    One target is a product and a shape; several are the product alone.
    """
    one = LinearRegression().fit(ROWS, ROWS[:, 0])
    several = LinearRegression().fit(ROWS, ROWS[:, :2])

    assert ["Gemm", "Squeeze"] == steps(one, ROWS, "predict")
    assert ["Gemm"] == steps(several, ROWS, "predict")


def test_float32_rows_are_widened_once():
    """
    Weights are float64, so float32 rows are, and nothing else is in between.
    """
    rows = ROWS.astype(np.float32)
    model = LogisticRegression().fit(ROWS, LABELS["01"])

    found = steps(model, rows, "predict_proba")

    assert ["Cast", "Gemm", "Exp", "Add", "Reciprocal"] == found
    same(model.predict_proba(rows), served(model, rows, "predict_proba"), rtol=1e-6)
