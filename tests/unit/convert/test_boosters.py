import numpy as np
import pytest

from mlflow_serverless.convert.errors import NoConversionError
from tests.fakes.lowering import same, served
from tests.models import boosters

pytestmark = pytest.mark.filterwarnings("ignore")


def native(model, data, method):
    if type(model).__name__ == "Booster" and "xgboost" in type(model).__module__:
        import xgboost as xgb

        return model.predict(xgb.DMatrix(data))
    return getattr(model, method)(data)


def methods(model):
    return [m for m in ("predict", "predict_proba") if hasattr(model, m)]


@pytest.mark.parametrize("name", boosters.XGBOOST)
def test_xgboost_answers_as_itself(name):
    """
    Every objective, booster and leaf: margins to the last bit, links to float32's.
    """
    model, seen = boosters.XGBOOST[name]()
    data = boosters.hostile(seen)

    for method in methods(model):
        expected = native(model, data, method)
        # float32 sums of the linear booster depend on the order of its columns
        rtol, atol = (1e-4, 1e30) if name.startswith("linear") else (2e-6, 2e-6)
        if name.startswith("linear"):
            data = seen
            expected, atol = native(model, data, method), 1e-5
        same(expected, served(model, data, method), rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", boosters.LIGHTGBM)
def test_lightgbm_answers_as_itself(name):
    """
    Every objective, missing type and leaf, in float64.
    """
    model, seen = boosters.LIGHTGBM[name]()
    data = boosters.hostile(seen)

    for method in methods(model):
        expected = native(model, data, method)
        same(expected, served(model, data, method), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["regressor", "classifier-three", "base-score"])
def test_unrolled_xgboost_is_the_same(name):
    """
    The quick twin sends rows as the tree operator does.
    """
    model, seen = boosters.XGBOOST[name]()
    data = boosters.hostile(seen)

    got = served(model, data, unrolls=True)

    same(native(model, data, "predict"), got, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", ["regression", "multiclass", "no-missing"])
def test_unrolled_lightgbm_is_the_same(name):
    """
    The quick twin sends rows as the tree operator does.
    """
    model, seen = boosters.LIGHTGBM[name]()
    data = boosters.hostile(seen)

    got = served(model, data, unrolls=True)

    same(native(model, data, "predict"), got, rtol=1e-11, atol=1e-12)


def test_thresholds_of_xgboost_are_met_in_float32():
    """
    Values at split points, and one step beside them, go as XGBoost sends them.
    """
    from tests.models import tables

    model, seen = boosters.XGBOOST["regressor"]()
    splits = model.get_booster().trees_to_dataframe()["Split"].dropna().to_numpy()
    data = tables.beside(splits, 1500, seen.shape[1])
    frame = seen.iloc[[0] * len(data)].reset_index(drop=True)
    frame[:] = data

    same(model.predict(frame), served(model, frame), rtol=0, atol=0)


def test_thresholds_of_lightgbm_are_met_in_float64():
    """
    Values at split points, and one step beside them, go as LightGBM sends them.
    """
    from tests.models import tables

    model, seen = boosters.LIGHTGBM["regression"]()
    splits = model.trees_to_dataframe()["threshold"].dropna().to_numpy(float)
    data = tables.beside(splits, 1500, seen.shape[1])
    frame = seen.iloc[[0] * len(data)].reset_index(drop=True)
    frame[:] = data

    same(model.predict(frame), served(model, frame), rtol=1e-15, atol=0)


def test_an_unknown_objective_is_refused():
    """
    A link that we cannot write down is an error, not a guess.
    """
    from mlflow_serverless.convert.recipes import xgboost

    with pytest.raises(NoConversionError, match="its objective 'reg:new' is unknown"):
        xgboost._to_margin("reg:new", np.ones(1, np.float32))
