"""The exact model that a reference stood for when it was resolved."""

from dataclasses import dataclass
from pathlib import Path

from lambda_runtime.manifest import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The input that was logged with the model."""

    file: Path
    """`input_example.json` in the model's folder, in MLflow's format."""
    serving_file: Path | None
    """`serving_input_example.json`: a ready payload for /invocations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServableModel:
    """One model, pinned: nothing here changes if an alias moves later."""

    uri: str
    """Exact: `models:/name/7`, `models:/m-…`, `runs:/…`, or a folder."""
    asked: str
    """What the user typed."""
    name: str | None
    """Registered name, if it has one."""
    version: str | None
    """Registered version, if it has one."""
    model_id: str | None
    """`m-…`: MLflow's id of the logged model."""
    run_id: str | None
    flavor: str
    """The native flavour: sklearn, xgboost, lightgbm, onnx, ..."""
    predict_fn: str
    """What pyfunc calls: predict, predict_proba, ..."""
    signature: Signature
    folder: Path
    """Local copy of the model's files."""
    digest: str
    """`sha256:…` over the model's files, paths and contents."""
    requirements: tuple[str, ...]
    """The model's recorded pip requirements."""
    example: Example | None
