"""How close the model's own decision was; the only excuse there is."""

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.verify.margins import float_labels, margins_of
from mlflow_serverless.verify.outputs import Outputs

ROWS = np.array([[0.0], [0.5], [1.0], [2.0]])


class Scored:
    """Answers fixed scores."""

    def __init__(self, scores) -> None:
        self.predict_proba = lambda _: scores


def test_probabilities_give_the_gap_of_the_best_two():
    """
    The third class does not matter.
    """
    scores = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])

    np.testing.assert_allclose([0.2, 0.0], margins_of(Scored(scores), ROWS), atol=1e-12)


def test_several_outputs_have_several_margins():
    """
    A list of probability arrays gives one column of margins each.
    """
    two = [np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])]

    np.testing.assert_allclose([[0.0, 0.8]], margins_of(Scored(two), ROWS))


def test_a_decision_function_is_measured_from_zero():
    """
    Binary decisions are ties where the function vanishes.
    """
    from sklearn.svm import LinearSVC

    model = LinearSVC(random_state=0).fit(ROWS, [0, 0, 1, 1])

    np.testing.assert_allclose(
        np.abs(model.decision_function(ROWS)), margins_of(model, ROWS)
    )


@pytest.mark.parametrize("threshold", [0.2, 0.7])
def test_a_decision_threshold_moves_the_tie(threshold):
    """
    A tuned model hardly decides where the probability meets its threshold, not 0.5.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import FixedThresholdClassifier

    inner = LogisticRegression().fit(ROWS, [0, 0, 1, 1])
    model = FixedThresholdClassifier(inner, threshold=threshold).fit(ROWS, [0, 0, 1, 1])

    expected = np.abs(model.estimator_.predict_proba(ROWS)[:, 1] - threshold)

    np.testing.assert_allclose(expected, margins_of(model, ROWS))


def test_clusterers_are_measured_by_distance():
    """
    Half-way between two centres is a tie.
    """
    from sklearn.cluster import KMeans

    model = KMeans(2, n_init=1, random_state=0).fit(
        np.array([[0.0], [0.0], [2.0], [2.0]])
    )

    margins = margins_of(model, np.array([[1.0], [0.0]]))

    np.testing.assert_allclose([0.0, 2.0], margins, atol=1e-12)


def test_without_scores_there_is_no_margin():
    """
    A model that cannot say how sure it is gets no excuse.
    """
    assert margins_of(object(), ROWS) is None


def test_float_classes_are_labels():
    """
    A classifier trained on 0.0 and 1.0 answers labels, though they are floats.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(ROWS, [0.0, 0.0, 1.0, 1.0])
    answer = Outputs("array", {"": model.predict(ROWS)})

    assert frozenset({""}) == float_labels(model, "predict", [answer])
    assert frozenset() == float_labels(model, "predict_proba", [answer])


def test_of_two_centres_far_away_none_is_nearer():
    """
    A gap is as large as it is beside the distances themselves: 9e15 away it is nothing.
    """
    from sklearn.cluster import KMeans

    rows = pd.DataFrame({"a": [0.0, 0.1, 5.0, 5.1]})
    model = KMeans(2, random_state=0, n_init=1).fit(rows)

    near, far = margins_of(model, pd.DataFrame({"a": [0.05, 9e15]}))

    assert near > 1
    assert far < 1e-12
