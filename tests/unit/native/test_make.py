"""A native bundle is started, asked and compared before anybody relies on it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.native import make
from mlflow_serverless.package import read_bundle
from mlflow_serverless.resolve import resolve
from mlflow_serverless.verify import ParityOptions
from tests.fakes.saving import save
from tests.models.canonical import pipeline

pytestmark = pytest.mark.slow


QUICK = ParityOptions(samples=100, boundary_rows=200)


@pytest.fixture(scope="module")
def canonical(tmp_path_factory):
    """The mixed DataFrame pipeline, made once."""
    model, data = pipeline()
    folder = tmp_path_factory.mktemp("canonical")
    servable = save(
        model, data, folder / "model", pyfunc_predict_fn="predict_proba",
        answer=model.predict_proba(data),
    )  # fmt: skip
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow would like type hints
        mlflow.pyfunc.save_model(
            tmp_path / "model", python_model=Answers(), input_example=data,
            pip_requirements=[],
        )  # fmt: skip
    servable = resolve(str(tmp_path / "model"), downloads=tmp_path, flavor=None)
    made = make(servable, tmp_path / "bundle", why="", options=QUICK)

    assert "pyfunc" == made.loader
    assert made.report.passed
    assert ("table", 2) == (
        (manifest := read_bundle(tmp_path / "bundle").manifest).answer.form,
        len(manifest.answer.fields),
    )


def booster(kind):
    """A fitted booster, and the numbers it was fitted on."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b b", "c$"])
    target = (data["a"] + data["b b"] ** 2 > 0.5).astype(int)
    if kind == "xgb-classifier":
        import xgboost

        return xgboost.XGBClassifier(n_estimators=5).fit(data, target), data, "xgboost"
    if kind == "xgb-booster":
        import xgboost

        matrix = xgboost.DMatrix(data, target)
        return xgboost.train({"max_depth": 3}, matrix, 5), data, "xgboost"
    import lightgbm

    data.columns = ["a", "b", "c"]  # lightgbm renames others
    if kind == "lgb-classifier":
        made = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1)
        return made.fit(data, target), data, "lightgbm"
    rows = lightgbm.Dataset(data, target)
    return lightgbm.train({"verbose": -1}, rows, 5), data, "lightgbm"


@pytest.mark.parametrize(
    "kind", ["xgb-classifier", "xgb-booster", "lgb-classifier", "lgb-booster"]
)
def test_boosters_are_served_without_mlflow_and_pandas(kind, tmp_path):
    """
    The library's own file, one matrix, pyfunc's very answers.
    """
    model, data, flavor = booster(kind)
    answer = np.zeros(3) if "booster" in kind else np.zeros(3, dtype=np.int64)
    servable = save(model, data, tmp_path / "model", flavor=flavor, answer=answer)
    made = make(servable, tmp_path / "bundle", why="", options=QUICK)
    recipe = read_bundle(tmp_path / "bundle").manifest.options["native"]

    assert made.report.passed
    assert 0 == made.report.candidates[0].runtime.refused
    assert (flavor, "float64") == (recipe["loader"], recipe["matrix"])
    assert "pandas" not in made.cost.libraries
