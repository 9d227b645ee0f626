"""Libraries beyond scikit-learn and its boosters, each as MLflow saves its models."""

import numpy as np
import pandas as pd
import pytest

from mlflow_serverless.native import make
from mlflow_serverless.package import read_bundle
from mlflow_serverless.verify import ParityOptions
from tests.fakes.saving import save

pytestmark = pytest.mark.slow

QUICK = ParityOptions(samples=100, boundary_rows=200)


def natively(servable, folder):
    """What was made, and the recipe that its bundle is loaded by."""
    made = make(servable, folder, why="to be sure", options=QUICK)
    assert made.report.passed
    assert 0 == made.report.candidates[0].runtime.wrong
    assert 0 == made.report.candidates[0].runtime.refused
    return made, read_bundle(folder).manifest


def towns(rows=200):
    """Two numbers and a text."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(rows, 2)), columns=["heat", "load"])
    return data.assign(town=np.where(data["heat"] > 0, "Wien", "Graz"))


def test_catboost_with_categories_is_served_without_mlflow(tmp_path):
    """
    What no graph can say of CatBoost, its own library answers exactly.
    """
    pytest.importorskip("catboost", reason="catboost is not installed")
    from tests.models.catboost import readings, with_categories

    model, data = with_categories(readings(gaps=False))
    servable = save(model, data, tmp_path / "model", flavor="catboost")
    made, manifest = natively(servable, tmp_path / "bundle")
    recipe = manifest.options["native"]

    assert ("catboost", "cbm", "catboost.CatBoostClassifier", "") == (
        recipe["loader"], recipe["format"], recipe["model_class"], recipe["matrix"],
    )  # fmt: skip
    assert "mlflow" not in made.cost.libraries


def test_statsmodels_is_served_without_mlflow_and_answers_column_0(tmp_path):
    """
    Its answer is a Series without a name, which MLflow's server calls 0.
    """
    sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    data = towns()[["heat", "load"]].assign(const=1.0)
    model = sm.GLM(data["heat"] - data["load"] ** 2, data).fit()
    servable = save(model, data, tmp_path / "model", flavor="statsmodels")
    made, manifest = natively(servable, tmp_path / "bundle")

    assert "statsmodels" == made.loader
    assert "mlflow" not in made.cost.libraries
    assert ["0"] == [field.name for field in manifest.answer.fields]


def test_statsmodels_formulas_read_texts(tmp_path):
    """
    A formula names its columns; categories are those it was fitted on.
    """
    smf = pytest.importorskip(
        "statsmodels.formula.api", reason="statsmodels is not installed"
    )
    data = towns()
    model = smf.ols("y ~ heat * C(town)", data.assign(y=data["load"] ** 2)).fit()
    servable = save(model, data, tmp_path / "model", flavor="statsmodels")
    made = make(servable, tmp_path / "bundle", why="", options=QUICK)

    assert "statsmodels" == made.loader
    assert made.report.passed


def test_a_time_series_is_asked_for_a_range_through_mlflow(tmp_path):
    """
    Start and end are mlflow's own way of asking; its loader stays.
    """
    from mlflow_serverless.native.recipe import recipe_for

    tsa = pytest.importorskip(
        "statsmodels.tsa.api", reason="statsmodels is not installed"
    )
    model = tsa.ARIMA(np.arange(30.0) + np.sin(np.arange(30.0))).fit()
    data = pd.DataFrame({"start": [3], "end": [5]})
    servable = save(
        model, data, tmp_path / "model", flavor="statsmodels", answer=np.zeros(3)
    )

    assert "pyfunc" == recipe_for(servable, model).loader


def test_a_python_model_brings_its_own_code_and_files(tmp_path):
    """
    Code paths and artifacts go along, and nothing else of the deployer's machine.
    """
    import mlflow

    package = tmp_path / "shop_code"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "prices.py").write_text(
        "import json\n"
        "import mlflow.pyfunc\n"
        "class Prices(mlflow.pyfunc.PythonModel):\n"
        "    def load_context(self, context):\n"
        "        with open(context.artifacts['rates']) as file:\n"
        "            self.rates = json.load(file)\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        rate = model_input['town'].map(self.rates).fillna(1.0)\n"
        "        return (model_input['heat'] * rate).to_numpy()\n"
    )
    (tmp_path / "rates.json").write_text('{"Wien": 1.5, "Graz": 1.25}')
    (tmp_path / "entry.py").write_text(
        "import mlflow\nfrom shop_code.prices import Prices\n"
        "mlflow.models.set_model(Prices())\n"
    )
    servable = saved_python(mlflow, tmp_path)
    made, manifest = natively(servable, tmp_path / "bundle")
    files = {file.path for file in manifest.files}

    assert "pyfunc" == made.loader
    assert "model/artifacts/rates.json" in files
    assert any(path.endswith("shop_code/prices.py") for path in files)


def saved_python(mlflow, folder):
    """A model from code, with the code it imports and a file it reads."""
    import sys
    import warnings

    from mlflow_serverless.resolve import resolve

    sys.path.insert(0, str(folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mlflow would like type hints
            mlflow.pyfunc.save_model(
                folder / "model", python_model=str(folder / "entry.py"),
                code_paths=[str(folder / "shop_code")],
                artifacts={"rates": str(folder / "rates.json")},
                signature=mlflow.models.infer_signature(
                    towns(5)[["heat", "town"]], np.zeros(5)
                ),
                pip_requirements=[],
            )  # fmt: skip
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("shop_code")]:
            del sys.modules[name]
    return resolve(str(folder / "model"), downloads=folder / "downloads", flavor=None)
