"""A model that no graph answers exactly: deployed all the same, by its own library."""

import pytest

import mlflow_serverless
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.pipeline.isolated import skew
from mlflow_serverless.pipeline.question import question_of
from mlflow_serverless.pipeline.smoke import Question
from tests.fakes.saving import save
from tests.models.canonical import churn, customers, preprocessing

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A pipeline with a step that is Python code; saved, with what answers for it."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def waves(data):
        return np.sin(data) * np.abs(data)

    data = customers(400)
    model = make_pipeline(
        preprocessing(), FunctionTransformer(waves), LogisticRegression(max_iter=500)
    ).fit(data, churn(data))
    return save(model, data, tmp_path_factory.mktemp("odd") / "model")


def served(odd, **config):
    return mlflow_serverless.deploy(
        "odd", odd.uri, "lambda:/local", record=False, quiet=True, memory_mb=1024,
        **config,
    )  # fmt: skip


def test_what_is_python_code_is_served_by_its_library(home, odd):
    """
    Mixed columns with gaps in, text labels out: pyfunc's answers, from the runtime.
    """
    import mlflow

    rows = customers(200, seed=7)
    done = served(odd)
    expected = mlflow.pyfunc.load_model(str(odd.folder)).predict(rows).tolist()

    assert expected == done.predict(rows)
    assert done.smoke.startswith("answers as the model does")


def test_onnx_alone_refuses_it(home, odd):
    """
    With the estimator and the reason.
    """
    with pytest.raises(NoConversionError, match="Python code"):
        served(odd, engine="onnx")


def test_other_answers_of_the_versions_here_are_named(odd):
    """
    The example's answer in the model's environment and ours are compared.
    """
    own = question_of(odd)
    other = Question(payload=own.payload, answer='{"predictions": ["?"]}')

    assert "" == skew(odd, own)
    assert "otherwise: $.predictions" in skew(odd, other)
