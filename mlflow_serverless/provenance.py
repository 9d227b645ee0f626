"""Back in MLflow: where a model version runs, and the reports that let it.

Never fails a deployment: what cannot be written is told as a warning.
"""

from collections.abc import Mapping
from pathlib import Path

from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.request import Deployment
from mlflow_serverless.wording import one_line
from mlflow_serverless.world import World

PREFIX = "mlflow_serverless."
_FOLDER = "mlflow-serverless"
_TAG_CHARS = 5_000
"""MLflow's limit on a model version tag's value."""


def record(
    model: ServableModel,
    done: Deployment,
    reports: Mapping[str, Path],
    world: World,
) -> None:
    """
    Tag the model version, and keep the reports with the run that made it.

    Args:
        model: What was deployed.
        done: Where and how.
        reports: File name to file.
        world: Told what was written, or why not.
    """
    written = []
    try:
        if model.name and model.version:
            _tag(model.name, model.version, tags(done))
            written.append(f"tags on {model.uri}")
        if model.run_id and reports:
            _keep(model.run_id, done.name, reports)
            written.append(f"reports on run {model.run_id}")
    except Exception as cause:  # noqa: BLE001 - a served model matters more than its note
        why = one_line(str(cause)) or type(cause).__name__
        world.tell("record.warning", what=f"not written back to MLflow: {why}")
    if written:
        world.tell("record.done", what=", ".join(written))


def tags(done: Deployment) -> dict[str, str]:
    """What a model version says of a deployment that serves it."""
    said = {
        "target": done.target,
        "function": done.name,
        "alias": done.alias,
        "version": done.version,
        "bundle": done.bundle,
        "parity": done.parity,
    }
    return {f"{PREFIX}{done.name}.{key}": value for key, value in said.items()}


def _tag(name: str, version: str, tags: Mapping[str, str]) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - a second and a half

    client = MlflowClient()
    for key, value in tags.items():
        client.set_model_version_tag(name, version, key, value[:_TAG_CHARS])


def _keep(run_id: str, name: str, reports: Mapping[str, Path]) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - a second and a half

    client = MlflowClient()
    for file in reports.values():
        client.log_artifact(run_id, str(file), f"{_FOLDER}/{name}")
