"""Models saved as MLflow saves them, and read back as values."""

import warnings
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import Model, infer_signature

from lambda_runtime.manifest import Column, Param, Signature, Tensor
from mlflow_serverless.model import Example, ServableModel
from mlflow_serverless.store import digest_folder


def save_sklearn(
    estimator: Any,
    data: Any,
    folder: Path,
    *,
    predict_fn: str = "predict",
    rows: int = 5,
) -> ServableModel:
    """*estimator* in *folder*, with a signature and an example from *data*."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = getattr(estimator, predict_fn)(data)
        mlflow.sklearn.save_model(
            estimator,
            folder,
            signature=infer_signature(data, answer),
            input_example=data[:rows],
            pip_requirements=["scikit-learn"],
            serialization_format="cloudpickle",
            pyfunc_predict_fn=predict_fn,
        )
    return servable(folder)


def save_python(
    model: Any, data: pd.DataFrame, folder: Path, *, example: Any = None
) -> ServableModel:
    """A `PythonModel`, pickled, answering floats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.pyfunc.save_model(
            folder,
            python_model=model,
            signature=infer_signature(data, pd.Series([0.0])),
            pip_requirements=["mlflow"],
        )
    if example is not None:
        _attach_example(example, folder)
    return servable(folder)


def _attach_example(example: Any, folder: Path) -> None:
    """An example that MLflow itself would not have let through."""
    from mlflow.models.utils import _save_example

    meta = Model.load(str(folder))
    _save_example(meta, example, str(folder))
    meta.save(str(folder / "MLmodel"))


def servable(folder: Path) -> ServableModel:
    """What the resolve room would make of *folder*."""
    meta = Model.load(str(folder))
    own = [name for name in meta.flavors if name != "python_function"]
    pyfunc = meta.flavors["python_function"]
    example = folder / "input_example.json"
    return ServableModel(
        uri=str(folder),
        asked=str(folder),
        name=None,
        version=None,
        model_id=None,
        run_id=None,
        flavor=own[0] if own else "python_function",
        predict_fn=pyfunc.get("predict_fn", "predict"),
        signature=_signature(meta),
        folder=folder,
        digest=digest_folder(folder),
        requirements=(),
        example=Example(file=example, serving_file=None) if example.exists() else None,
    )


def _signature(meta: Any) -> Signature:
    schema = meta.get_input_schema()
    params = meta.get_params_schema()
    listed = tuple(Param(p.name, p.dtype.name, p.default) for p in params or ())
    if schema.is_tensor_spec():
        tensors = tuple(
            Tensor(
                item.name or "",
                "string" if item.type.kind in "UO" else item.type.name,
                tuple(None if d == -1 else d for d in item.shape),
            )
            for item in schema.inputs
        )
        return Signature(tensors=tensors, params=listed)
    columns = tuple(
        Column(item.name, item.type.name, required=item.required)
        for item in schema.inputs
    )
    return Signature(columns=columns, params=listed)
