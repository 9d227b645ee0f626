"""How close the model's own decision was; the only excuse there is."""

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.verify.margins import float_labels, margins_of
from mlflow_serverless.verify.nearest import behind
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.precision import EPS64, SAFETY

ROWS = np.array([[0.0], [0.5], [1.0], [2.0]])
BAND = SAFETY * EPS64
"""The least tie band there is."""


class Scored:
    """Answers fixed scores."""

    def __init__(self, scores, classes, **more) -> None:
        self.predict_proba = lambda _: scores
        self.classes_ = classes
        for name, value in more.items():
            setattr(self, name, lambda _, value=value: value)


def margins(model, said, given, rows=ROWS):
    """Of labels that were *said* and *given*."""
    return margins_of(model, rows, np.array(said), np.array(given))


def test_a_label_is_as_far_as_it_is_behind_the_best():
    """
    Which of the others the candidate names is what counts, not the second best.
    """
    model = Scored(np.array([[0.5, 0.3, 0.2]] * 2), np.array(["a", "b", "c"]))

    np.testing.assert_allclose([0.2, 0.3], margins(model, ["a", "a"], ["b", "c"]))


def test_a_third_label_is_not_excused_by_the_tie_of_two_others():
    """
    Two classes are level, and the candidate says a third one.
    """
    model = Scored(np.array([[0.45, 0.45, 0.1]] * 2), np.array([1, 2, 3]))

    np.testing.assert_allclose([0.0, 0.35], margins(model, [1, 1], [2, 3]))


def test_scores_that_do_not_explain_the_models_own_label_excuse_nothing():
    """
    The model said the class that is behind by this measure: it decides otherwise.
    """
    model = Scored(np.array([[0.9, 0.1]]), np.array([0, 1]))

    np.testing.assert_allclose([0.8], margins(model, [1], [0]))


def test_every_measure_must_be_level():
    """
    Probabilities that underflow are all the same; the decisions behind them are not.
    """
    scores = np.array([[0.5, 0.5]])
    decided = Scored(scores, np.array([0, 1]), decision_function=np.array([-800.0]))
    level = Scored(scores, np.array([0, 1]), decision_function=np.array([0.0]))

    assert [800.0] == margins(decided, [0], [1]).tolist()
    assert [0.0] == margins(level, [0], [1]).tolist()


@pytest.mark.parametrize("scores", [[np.nan, np.nan], [np.inf, 1.0]])
def test_scores_that_overflow_excuse_nothing(scores):
    """
    Nothing can be said of infinities and NaN, so nothing is.
    """
    model = Scored(np.array([scores]), np.array([0, 1]))

    assert [np.inf] == margins(model, [0], [1]).tolist()


def test_a_label_that_the_model_does_not_have_is_never_a_tie():
    """
    Whatever the scores are.
    """
    model = Scored(np.array([[0.5, 0.5]]), np.array([0, 1]))

    assert [np.inf] == margins(model, [0], [7]).tolist()


def test_several_outputs_have_several_margins():
    """
    A list of probability arrays gives one column of margins each.
    """
    two = [np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])]
    model = Scored(two, [np.array([0, 1]), np.array(["x", "y"])])
    said = np.array([[0, "x"]], object)

    found = margins_of(model, ROWS, said, np.array([[1, "y"]], object))

    np.testing.assert_allclose([[0.0, 0.8]], found)


def test_a_decision_function_is_measured_from_zero():
    """
    Binary decisions are ties where the function vanishes.
    """
    from sklearn.svm import LinearSVC

    model = LinearSVC(random_state=0).fit(ROWS, [0, 0, 1, 1])
    said = model.predict(ROWS)

    np.testing.assert_allclose(
        np.abs(model.decision_function(ROWS)), margins(model, said, 1 - said)
    )


def test_support_vectors_of_several_classes_vote():
    """
    Only the sign of a pair that is in doubt could have turned a vote.
    """
    from sklearn.svm import SVC

    rows = np.array([[0.0], [0.2], [1.0], [1.2], [5.0], [5.2]])
    model = SVC(kernel="linear").fit(rows, [0, 0, 1, 1, 2, 2])
    middle = np.array([[0.6], [0.0]])
    pairs = model.set_params(decision_function_shape="ovo").decision_function(middle)
    model.set_params(decision_function_shape="ovr")

    found = margins(model, model.predict(middle), [1, 2], middle)

    np.testing.assert_allclose(np.abs(pairs).min(axis=1), found)


@pytest.mark.parametrize("threshold", [0.2, 0.7])
def test_a_decision_threshold_moves_the_tie(threshold):
    """
    A tuned model hardly decides where the probability meets its threshold, not 0.5.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import FixedThresholdClassifier

    inner = LogisticRegression().fit(ROWS, [0, 0, 1, 1])
    model = FixedThresholdClassifier(inner, threshold=threshold).fit(ROWS, [0, 0, 1, 1])
    said = model.predict(ROWS)

    expected = np.abs(model.estimator_.predict_proba(ROWS)[:, 1] - threshold)

    np.testing.assert_allclose(expected, margins(model, said, 1 - said))


def clusters():
    """Two centres, at 0 and at 2."""
    from sklearn.cluster import KMeans

    return KMeans(2, n_init=1, random_state=0).fit([[0.0], [0.0], [2.0], [2.0]])


def test_clusterers_are_measured_by_what_rounding_explains():
    """
    Half-way between two centres is a tie; a little beside it is none.
    """
    rows = np.array([[1.0], [1.0 + 1e-12], [0.0]])

    found = margins(clusters(), [0, 0, 0], [1, 1, 1], rows)

    assert found[0] <= BAND < found[1] < found[2]


def test_far_away_is_no_excuse_where_the_ranks_are_apart():
    """
    Of two centres the distances are the same to the last digit, the ranks are not.
    """
    from sklearn.cluster import KMeans

    rows = pd.DataFrame({"a": [0.0, 0.1, 5.0, 5.1]})
    model = KMeans(2, random_state=0, n_init=1).fit(rows)
    far = pd.DataFrame({"a": [9e15, -1e300]})
    said = model.predict(far)

    found = margins_of(model, far, said, 1 - said)

    assert (found > BAND).all()


def test_ranks_that_overflow_are_no_ties():
    """
    Beyond the largest number there is nothing to compare.
    """
    gaps = behind(np.array([[1.7e308]]), np.array([[4.0], [5.0]]))

    assert np.isnan(gaps).all()


def test_a_rank_is_in_doubt_by_its_terms_sizes():
    """
    Large terms that cancel leave their rounding behind, and nothing else.
    """
    points = np.array([[1.0, 1.0], [2.0, 0.0]])
    rows = np.array([[1e10, 1e10 + 1.0], [1e17, 1e17]])

    near, lost = behind(rows, points, np.zeros(2)).max(axis=1)
    with_squares = behind(rows, points).max(axis=1)

    assert near > BAND
    assert 0 == lost
    assert [0, 0] == with_squares.tolist()


def test_bisected_clusters_are_measured_down_the_tree():
    """
    The step at which two labels part decides, whatever other centres are near.
    """
    from sklearn.cluster import BisectingKMeans

    rows = np.array([[0.0], [0.1], [10.0], [10.1], [20.0], [20.1]])
    model = BisectingKMeans(3, random_state=0).fit(rows)
    said = model.predict(rows)

    same = margins(model, said, said, rows)
    other = margins(model, said, (said + 1) % 3, rows)

    assert (same <= BAND).all()
    assert (other > BAND).all()


def test_without_scores_there_is_no_margin():
    """
    A model that cannot say how sure it is gets no excuse.
    """
    assert margins(object(), [0], [1]) is None


def test_float_classes_are_labels():
    """
    A classifier trained on 0.0 and 1.0 answers labels, though they are floats.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(ROWS, [0.0, 0.0, 1.0, 1.0])
    answer = Outputs("array", {"": model.predict(ROWS)})

    assert frozenset({""}) == float_labels(model, "predict", [answer])
    assert frozenset() == float_labels(model, "predict_proba", [answer])
