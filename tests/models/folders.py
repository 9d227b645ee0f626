"""Models as MLflow keeps them, pinned as `resolve` would."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import yaml

from mlflow_serverless.model import ServableModel
from tests.fakes.lowering import signature_of


def saved(
    model: Any,
    data: pd.DataFrame | Any,
    folder: Path,
    *,
    flavor: str = "sklearn",
    predict_fn: str = "predict",
    **options: Any,
) -> ServableModel:
    """*model* in *folder*, saved by MLflow without a look at its requirements."""
    module = getattr(mlflow, flavor)
    if flavor == "sklearn":
        options = {"pyfunc_predict_fn": predict_fn, **options}
    module.save_model(model, str(folder), pip_requirements=["mlflow"], **options)
    return servable(folder, data, flavor=flavor, predict_fn=predict_fn)


def servable(
    folder: Path, data: Any, *, flavor: str = "sklearn", predict_fn: str = "predict"
) -> ServableModel:
    """What is in *folder*, with the signature of *data*."""
    return ServableModel(
        uri=str(folder), asked=str(folder), name=None, version=None, model_id=None,
        run_id=None, flavor=flavor, predict_fn=predict_fn,
        signature=signature_of(data), folder=folder, digest="sha256:0",
        requirements=(), example=None,
    )  # fmt: skip


def change_flavor(folder: Path, flavor: str, **fields: Any) -> None:
    """Write *fields* into what MLmodel says of *flavor*."""
    file = folder / "MLmodel"
    content = yaml.safe_load(file.read_text())
    content["flavors"][flavor].update(fields)
    file.write_text(yaml.safe_dump(content))
