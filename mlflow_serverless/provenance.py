"""Back in MLflow: where a model version runs, and the reports that let it.

Written only where it is not so already, so that a deployment which was interrupted
before this is recorded by the next run. Never fails a deployment: what cannot be
written is told as a warning.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlflow_serverless.lineage.best_effort import best_effort, knock
from mlflow_serverless.model import LoggedModel, RegisteredVersion, parse_ref
from mlflow_serverless.model.errors import BadModelUriError

if TYPE_CHECKING:
    from mlflow_serverless.lineage import Move
    from mlflow_serverless.model import ModelRef, ServableModel
    from mlflow_serverless.pipeline.request import Deployment
    from mlflow_serverless.world import Tell

PREFIX = "mlflow_serverless."
ROLLOUT = "mlflow_serverless_rollout."
"""Before what a rollout leaves; it stays when the model is served no more."""
_WARNING = "record.warning"
_FOLDER = "mlflow-serverless"
_TAG_CHARS = 5_000
"""MLflow's limit on the value of a model version's tag."""


class Tags(Protocol):
    """The tags of one model in an MLflow store."""

    def read(self) -> dict[str, str]:
        """All of them."""
        ...

    def write(self, key: str, value: str) -> None:
        """Set one."""
        ...

    def remove(self, key: str) -> None:
        """Take one away."""
        ...

    def run_id(self) -> str | None:
        """The run that made the model, if one did."""
        ...


def record(
    model: "ServableModel",
    done: "Deployment",
    reports: Mapping[str, Path],
    tell: "Tell",
) -> None:
    """
    Tag the model, and keep the reports with the run that made it.

    Args:
        model: What is deployed.
        done: Where and how.
        reports: File name to file.
        tell: Told what was written, or why not.
    """
    written: list[str] = []
    if not _has_tags(model.uri):
        return
    with best_effort(tell, _WARNING):
        tags = _tags_of(model.uri)
        if tags is None or not _write(tags, said_of(done)):
            return
        written.append(f"tags on {model.uri}")
        if model.run_id and reports:
            _keep(model.run_id, done.name, reports.values())
            written.append(f"reports on run {model.run_id}")
    if written:
        tell("record.done", what=", ".join(written))


def keep(
    model: "ServableModel", name: str, reports: Mapping[str, Path], tell: "Tell"
) -> None:
    """
    Keep the reports with the run that made the model, which does not serve yet.

    Args:
        model: What is deployed.
        name: The deployment.
        reports: File name to file.
        tell: Told what was written, or why not.
    """
    if not (model.run_id and reports and _has_tags(model.uri)):
        return
    with best_effort(tell, _WARNING):
        knock()
        _keep(model.run_id, name, reports.values())
        tell("record.done", what=f"reports on run {model.run_id}")


def restate(done: "Deployment", tell: "Tell") -> None:
    """
    Tag the model that serves again, after traffic went back to it.

    Args:
        done: Where and how.
        tell: Told what was written, or why not.
    """
    if not _has_tags(done.model):
        return
    with best_effort(tell, _WARNING):
        tags = _tags_of(done.model)
        if tags is not None and _write(tags, said_of(done)):
            tell("record.done", what=f"tags on {done.model}")


def withdraw(uri: str, name: str, tell: "Tell") -> None:
    """
    Take back what was written: the model is not served under *name* any more.

    Args:
        uri: Of the model, exact.
        name: The deployment.
        tell: Told what was taken back, or why not.
    """
    if not _has_tags(uri):
        return
    with best_effort(tell, _WARNING):
        tags = _tags_of(uri)
        ours = [k for k in (tags.read() if tags else ()) if k.startswith(_prefix(name))]
        for key in ours:
            assert tags is not None
            tags.remove(key)
        if ours:
            tell("record.done", what=f"{uri} is not served as {name} any more")


def rolled_out(
    uri: str, name: str, outcome: Mapping[str, str], files: Iterable[Path], tell: "Tell"
) -> None:
    """
    Tag the model with how its rollout went, and keep the report with its run.

    Args:
        uri: Of the model, exact.
        name: The deployment.
        outcome: Each a tag `mlflow_serverless_rollout.NAME.KEY`.
        files: The report.
        tell: Told what was written, or why not.
    """
    if not _has_tags(uri):
        return
    with best_effort(tell, _WARNING):
        tags = _tags_of(uri)
        said = {f"{ROLLOUT}{name}.{k}": v[:_TAG_CHARS] for k, v in outcome.items()}
        if tags is None or not _write(tags, said):
            return
        if run_id := tags.run_id():
            _keep(run_id, name, files)
        tell("record.done", what=f"rollout of {uri}: {outcome.get('outcome', '')}")


def moved(move: "Move", tell: "Tell") -> None:
    """
    Keep one move of traffic with the model version that it is about.

    Args:
        move: Which; of a model that is not registered nothing is kept.
        tell: Told why not, if it was not written.
    """
    if not _has_tags(move.model):
        return
    with best_effort(tell, _WARNING):
        tags = _tags_of(move.model)
        if tags is not None:
            tags.write(*move.as_tag())


def said_of(done: "Deployment") -> dict[str, str]:
    """What a model says of a deployment that serves it."""
    said = {
        "target": done.target,
        "function": done.name,
        "alias": done.alias,
        "version": done.version,
        "bundle": done.bundle,
        "parity": done.parity,
    }
    known = {key: value for key, value in said.items() if value}
    return {f"{_prefix(done.name)}{k}": v[:_TAG_CHARS] for k, v in known.items()}


def _prefix(name: str) -> str:
    return f"{PREFIX}{name}."


def _write(tags: Tags, said: Mapping[str, str]) -> bool:
    """Write what is not so already; False if all was."""
    have = tags.read()
    missing = {key: value for key, value in said.items() if have.get(key) != value}
    for key, value in missing.items():
        tags.write(key, value)
    return bool(missing)


def _has_tags(uri: str) -> bool:
    """Whether the model at *uri* is one that MLflow keeps tags of."""
    return isinstance(_ref_of(uri), RegisteredVersion | LoggedModel)


def _ref_of(uri: str) -> "ModelRef | None":
    try:
        return parse_ref(uri)
    except BadModelUriError:
        return None


def _tags_of(uri: str) -> Tags | None:
    """The tags of the model at *uri*; None if it is one that has none."""
    knock()
    match _ref_of(uri):
        case RegisteredVersion(name, version):
            return _VersionTags(name, version)
        case LoggedModel(model_id):
            return _LoggedTags(model_id)
        case _:
            return None


class _VersionTags:
    def __init__(self, name: str, version: str) -> None:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - a second and a half

        self._client = MlflowClient()
        self._of = (name, version)

    def read(self) -> dict[str, str]:
        return dict(self._client.get_model_version(*self._of).tags)

    def write(self, key: str, value: str) -> None:
        self._client.set_model_version_tag(*self._of, key, value)

    def remove(self, key: str) -> None:
        self._client.delete_model_version_tag(*self._of, key)

    def run_id(self) -> str | None:
        return self._client.get_model_version(*self._of).run_id or None


class _LoggedTags:
    def __init__(self, model_id: str) -> None:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - a second and a half

        self._client = MlflowClient()
        self._of = model_id

    def read(self) -> dict[str, str]:
        return dict(self._client.get_logged_model(self._of).tags)

    def write(self, key: str, value: str) -> None:
        self._client.set_logged_model_tags(self._of, {key: value})

    def remove(self, key: str) -> None:
        self._client.delete_logged_model_tag(self._of, key)

    def run_id(self) -> str | None:
        return self._client.get_logged_model(self._of).source_run_id or None


def _keep(run_id: str, name: str, files: Iterable[Path]) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - a second and a half

    client = MlflowClient()
    for file in files:
        client.log_artifact(run_id, str(file), f"{_FOLDER}/{name}")
