"""CatBoost's own answers, from a graph of its trees."""

import mlflow
import numpy as np
import pytest
from mlflow.models import infer_signature

pytest.importorskip(
    "catboost", reason="catboost is not installed: pip install catboost"
)

from mlflow_serverless.convert.errors import NoConversionError
from tests.models.catboost import KINDS, readings, with_categories
from tests.models.deep import converted, proved


def save(model, data, folder):
    """*model* as MLflow saves it."""
    mlflow.catboost.save_model(
        model,
        folder,
        signature=infer_signature(data, model.predict(data)),
        input_example=data[:5],
        pip_requirements=["catboost"],
    )
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_as_catboost_does(kind, tmp_path):
    """
    Labels of every type and shape, thresholds, links and growth policies are exact.
    """
    data = readings()
    folder = save(KINDS[kind](data), data, tmp_path / "model")

    _, report = proved(folder)

    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)
    assert report.rows > 500
    assert 0 == sum(c.flips for c in report.candidates)


def test_categories_are_left_to_the_native_engine(tmp_path):
    """
    Categorical features are refused by name, with the engine that serves them.
    """
    model, data = with_categories(readings())
    folder = save(model, data, tmp_path / "model")

    with pytest.raises(NoConversionError, match="categorical") as caught:
        converted(folder)

    assert "engine=native" in caught.value.hint


def test_borders_are_compared_in_float32(tmp_path):
    """
    A value that float32 rounds onto a border does not exceed it.
    """
    import onnxruntime as ort

    data = readings(gaps=False)
    model = KINDS["regression"](data)
    folder = save(model, data, tmp_path / "model")
    borders = np.concatenate([np.asarray(b) for b in model.get_borders().values()])
    close = np.concatenate([borders, np.nextafter(borders, 9), borders + 1e-12])
    rows = np.repeat(close[:, None], data.shape[1], axis=1)

    conversion = converted(folder)
    session = ort.InferenceSession(str(conversion.graph.file))
    (found,) = session.run(None, {"numbers": rows})

    assert model.predict(rows) == pytest.approx(found, rel=1e-14)
