import numpy as np
import pytest

from tests.fakes.lowering import same, served
from tests.models import predictors, tables

pytestmark = pytest.mark.filterwarnings("ignore")
LOOSE = {"predict_log_proba": 1e-6}


@pytest.mark.parametrize("name", predictors.PREDICTORS)
def test_every_method_answers_as_the_estimator_does(name):
    """
    Rounded data, seen and unseen: labels, probabilities and scores are the model's.
    """
    model, seen = predictors.PREDICTORS[name]()
    data = tables.numbers(300, seed=1)
    data.iloc[:50] = seen.iloc[:50]

    for method in predictors.METHODS:
        try:
            native = getattr(model, method)(data)
        except (AttributeError, NotImplementedError):
            continue
        got = served(model, data, method)
        same(native, got, rtol=LOOSE.get(method, 1e-8), atol=1e-9)


def test_probabilities_of_a_support_vector_machine():
    """
    Pairwise probabilities are coupled by the same iteration, row by row.
    """
    from sklearn.svm import SVC

    data = tables.numbers()
    model = SVC(probability=True, random_state=0).fit(data, tables.three_classes(data))

    same(model.predict_proba(data), served(model, data, "predict_proba"))


def test_a_process_decides_by_its_sign():
    """
    Two classes: the sign of the latent mean; more are refused by name.
    """
    from sklearn.gaussian_process import GaussianProcessClassifier

    from mlflow_serverless.convert.errors import NoConversionError

    data = tables.numbers(80)
    model = GaussianProcessClassifier().fit(data, tables.two_classes(data))
    many = GaussianProcessClassifier().fit(data, tables.three_classes(data))

    same(model.predict(data), served(model, data))
    with pytest.raises(NoConversionError, match="more than two classes"):
        served(many, data)


def test_one_column_isotonic():
    """
    Values between thresholds are interpolated, values outside are clipped.
    """
    model, data = predictors.isotonic_curve()
    data = data * 3

    same(model.predict(data), served(model, data))


@pytest.mark.parametrize("kind", ["uniform", "distance"])
def test_neighbours_without_ties(kind):
    """
    Where no two points are equally far, neighbours are the estimator's own.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    rng = np.random.default_rng(0)
    data = tables.numbers() + rng.normal(size=(250, 5)) / 100
    labels, target = tables.three_classes(data), tables.target(data)
    classifier = KNeighborsClassifier(weights=kind).fit(data, labels)
    regressor = KNeighborsRegressor(weights=kind, p=1).fit(data, target)
    fresh = data.sample(frac=1, random_state=0) + 0.003

    same(classifier.predict(fresh), served(classifier, fresh))
    same(classifier.predict_proba(fresh), served(classifier, fresh, "predict_proba"))
    same(regressor.predict(fresh), served(regressor, fresh))
    same(classifier.predict_proba(data), served(classifier, data, "predict_proba"))


def test_float32_tables_are_computed_as_numpy_computes_them():
    """
    A float32 signature keeps scikit-learn in float32, and so do we.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    data = tables.numbers(400).to_numpy(np.float32)
    labels = tables.three_classes(tables.numbers(400))
    for scaler in (StandardScaler(), MinMaxScaler(), RobustScaler()):
        model = make_pipeline(scaler, RandomForestClassifier(10, random_state=0))
        model.fit(data, labels)

        same(model.predict_proba(data), served(model, data, "predict_proba"))


def test_a_ridge_of_several_labels_looks_at_each_sign():
    """
    One column a label, zeros and ones, as its binarizer gives them back.
    """
    from sklearn.linear_model import RidgeClassifier

    data = tables.numbers()
    one, other = data.iloc[:, 0], data.iloc[:, 1]
    labels = np.c_[one > one.median(), other > other.median()].astype(int)
    model = RidgeClassifier().fit(data, labels)

    same(model.predict(data), served(model, data))


def test_a_probability_of_nothing_is_nothing():
    """
    Beyond 709 the logistic is zero in scipy, and its logarithm is minus infinity.
    """
    from sklearn.linear_model import LogisticRegression

    data = tables.numbers()
    model = LogisticRegression().fit(data, tables.two_classes(data))
    far = data * 10.0 ** np.linspace(0, 5, len(data))[:, None]
    with np.errstate(divide="ignore"):
        native = model.predict_log_proba(far)

    assert np.isneginf(native).any()
    same(native, served(model, far, "predict_log_proba"), rtol=1e-6)
