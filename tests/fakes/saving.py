"""Estimators saved as MLflow saves them, and resolved as we resolve them."""

import warnings
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import infer_signature

from mlflow_serverless.model import ServableModel
from mlflow_serverless.resolve import resolve


def save(
    estimator: Any, data: Any, folder: Path, *, flavor: str = "sklearn", **how: Any
) -> ServableModel:
    """*estimator* in *folder*, with a signature and an example from *data*."""
    if flavor == "sklearn":
        how.setdefault("serialization_format", "cloudpickle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = how.pop("answer", None)
        getattr(mlflow, flavor).save_model(
            estimator,
            folder,
            signature=infer_signature(
                data, estimator.predict(data) if answer is None else answer
            ),
            input_example=data[:5],
            pip_requirements=[],
            **how,
        )
    return resolve(str(folder), downloads=folder.parent / "downloads", flavor=None)
