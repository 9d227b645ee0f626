"""A native bundle is started, asked and compared before anybody relies on it."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.native import make
from mlflow_serverless.package import read_bundle
from mlflow_serverless.verify import ParityOptions
from tests.models.canonical import pipeline

sys.path.append(str(Path(__file__).parents[1] / "verify"))
from saved import save_python, save_sklearn

QUICK = ParityOptions(samples=100, boundary_rows=200)


@pytest.fixture(scope="module")
def canonical(tmp_path_factory):
    """The mixed DataFrame pipeline, made once."""
    model, data = pipeline()
    folder = tmp_path_factory.mktemp("canonical")
    servable = save_sklearn(model, data, folder / "model", predict_fn="predict_proba")
    made = make(servable, folder / "bundle", why="to be sure", options=QUICK)
    return servable, made, folder / "bundle"


def test_a_pipeline_of_mixed_columns_is_served_as_pyfunc_serves_it(canonical):
    """
    Integers, floats, texts with gaps and booleans: every answer is pyfunc's own.
    """
    _, made, folder = canonical
    runtime = made.report.candidates[0].runtime

    assert made.report.passed
    assert 0 == runtime.wrong
    assert runtime.rows >= 400
    assert "native" == runtime.engine
    assert "native" == read_bundle(folder).manifest.engine.kind
    assert "to be sure" == read_bundle(folder).manifest.engine.why


def test_the_cost_is_measured_and_told(canonical):
    """
    A cold start was really made; the libraries weigh what is installed.
    """
    _, made, _ = canonical

    assert made.cost.cold_ms > 50
    assert made.cost.first_ms > 0
    assert made.cost.library_bytes > 50e6
    assert {"scikit-learn", "pandas"} <= set(made.cost.libraries)


def test_the_bundle_holds_the_model_and_no_example(canonical):
    """
    Examples may be customers' data; nothing but what is read goes along.
    """
    _, _, folder = canonical
    files = {file.path for file in read_bundle(folder).manifest.files}

    assert {"model/MLmodel", "model/model.pkl"} == files


def test_what_only_mlflow_can_load_is_served_by_mlflow(tmp_path):
    """
    A Python model that answers a DataFrame is served through pyfunc itself.
    """
    import mlflow

    class Answers(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            total = model_input.sum(axis=1).to_numpy()
            return pd.DataFrame({"sum": total, "sign": np.where(total > 0, "+", "-")})

    data = pd.DataFrame({"a": [1.0, -2.0], "b": [0.5, 0.25]})
    servable = save_python(Answers(), data, tmp_path / "model", example=data)
    made = make(servable, tmp_path / "bundle", why="", options=QUICK)

    assert "pyfunc" == made.loader
    assert made.report.passed
    assert ("table", 2) == (
        (manifest := read_bundle(tmp_path / "bundle").manifest).answer.form,
        len(manifest.answer.fields),
    )
