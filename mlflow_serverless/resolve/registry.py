"""Asking an MLflow store what a reference stands for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlflow_serverless.model import (
    LatestVersion,
    LoggedModel,
    RegisteredAlias,
    RegisteredStage,
    RegisteredVersion,
    RunArtifact,
)
from mlflow_serverless.resolve import reach
from mlflow_serverless.resolve.errors import (
    AliasMissingError,
    LoggedModelMissingError,
    ModelMissingError,
    ModelNotReadyError,
    RunMissingError,
    RunModelMissingError,
    StageEmptyError,
    VersionMissingError,
)
from mlflow_serverless.resolve.pin import Pinned
from mlflow_serverless.store import key_of

Registered = RegisteredVersion | RegisteredAlias | RegisteredStage | LatestVersion

_LOGGED_SOURCE = re.compile(r"models:/(m-[0-9a-f]{32})/?")


class Registry:
    """
    One MLflow store.

    Args:
        client: MLflow's own client.
        store: The store it talks to, fit for messages.
    """

    def __init__(self, client: MlflowClient, store: str) -> None:
        self._client = client
        self._store = store

    def registered(self, ref: Registered, asked: str) -> Pinned:
        """The version that *ref* stands for now; an error that names what exists."""
        with self._missing(lambda: self._why_missing(ref)):
            version = self._version(ref)
        uri = f"models:/{ref.name}/{version.version}"
        if version.status != "READY":
            raise ModelNotReadyError(uri, version.status)
        model_id = version.model_id or _model_id(version.source)
        key = key_of(
            store=self._store, uri=uri, source=version.source,
            created=version.creation_timestamp,
        )  # fmt: skip
        return Pinned(
            uri=uri,
            asked=asked,
            source=uri,
            name=ref.name,
            version=str(version.version),
            model_id=model_id,
            run_id=version.run_id or None,
            content=model_id or key,
        )

    def logged(self, ref: LoggedModel, asked: str) -> Pinned:
        """The logged model *ref*, if the store has it."""
        with self._missing(lambda: LoggedModelMissingError(ref.model_id, self._store)):
            model = self._client.get_logged_model(ref.model_id)
        if model.status.value != "READY":
            raise ModelNotReadyError(str(ref), model.status.value)
        return Pinned(
            uri=str(ref),
            asked=asked,
            source=str(ref),
            model_id=ref.model_id,
            run_id=model.source_run_id or None,
            content=ref.model_id,
        )

    def of_run(self, ref: RunArtifact, asked: str) -> Pinned:
        """The model that a run logged under a name or path."""
        with self._missing(lambda: RunMissingError(ref.run_id, self._store)):
            run = self._client.get_run(ref.run_id)
        logged = self._logged_by(run)
        model_id = logged.get(ref.path)
        if model_id is None and not self._has_mlmodel(ref):
            known = [*logged, *self._model_folders(ref.run_id)]
            raise RunModelMissingError(ref.run_id, ref.path, known)
        return Pinned(
            uri=str(ref),
            asked=asked,
            source=f"models:/{model_id}" if model_id else str(ref),
            model_id=model_id,
            run_id=ref.run_id,
            content=model_id,
        )

    @contextmanager
    def _missing(self, explain: Any) -> Iterator[None]:
        """Turn MLflow's not-found answers into *explain()*, its others into ours."""
        with reach.explained(self._store):
            try:
                yield
            except MlflowException as cause:
                if reach.is_missing(cause):
                    raise explain() from cause
                raise

    def _version(self, ref: Registered) -> ModelVersion:
        match ref:
            case RegisteredVersion(name, version):
                return self._client.get_model_version(name, version)
            case RegisteredAlias(name, alias):
                return self._client.get_model_version_by_alias(name, alias)
            case LatestVersion(name):
                found = self._versions(name)
            case RegisteredStage(name, stage):
                found = [v for v in self._versions(name) if v.current_stage == stage]
        if not found:
            raise self._why_missing(ref)
        return found[-1]

    def _versions(self, name: str) -> list[ModelVersion]:
        """Every version of *name*, oldest first."""
        quoted = name.replace("'", "''")
        found: list[ModelVersion] = []
        token: str | None = None
        while True:
            page = self._client.search_model_versions(
                f"name = '{quoted}'", page_token=token
            )
            found += page
            token = page.token
            if not token:
                return sorted(found, key=lambda version: int(version.version))

    def _why_missing(self, ref: Registered) -> Exception:
        try:
            model = self._client.get_registered_model(ref.name)
        except MlflowException as cause:
            if not reach.is_missing(cause):
                raise
            return ModelMissingError(ref.name, self._names(), self._store)
        versions = self._versions(ref.name)
        numbers = [str(version.version) for version in versions]
        match ref:
            case RegisteredAlias(name, alias):
                return AliasMissingError(name, alias, model.aliases, numbers)
            case RegisteredStage(name, stage):
                staged = [f"{v.version} is in {v.current_stage}" for v in versions]
                return StageEmptyError(name, stage, staged)
            case RegisteredVersion(name, version):
                return VersionMissingError(name, version, numbers, model.aliases)
            case LatestVersion(name):
                return VersionMissingError(name, "latest", numbers, model.aliases)

    def _names(self) -> list[str]:
        names: list[str] = []
        token: str | None = None
        while True:
            page = self._client.search_registered_models(page_token=token)
            names += [model.name for model in page]
            token = page.token
            if not token:
                return names

    def _logged_by(self, run: Any) -> dict[str, str]:
        """Name to id of the logged models that *run* made; the last one wins."""
        outputs = getattr(run, "outputs", None)
        made = [self._client.get_logged_model(output.model_id)
                for output in (outputs.model_outputs if outputs else ())]  # fmt: skip
        made.sort(key=lambda model: model.creation_timestamp)
        return {model.name: model.model_id for model in made}

    def _has_mlmodel(self, ref: RunArtifact) -> bool:
        with reach.explained(self._store):
            found = self._client.list_artifacts(ref.run_id, ref.path)
        return any(item.path.rpartition("/")[2] == "MLmodel" for item in found)

    def _model_folders(self, run_id: str) -> list[str]:
        """Top folders of the run's artifacts that hold a model."""
        folders = [i.path for i in self._client.list_artifacts(run_id) if i.is_dir]
        return [f for f in folders if self._has_mlmodel(RunArtifact(run_id, f))]


def _model_id(source: str | None) -> str | None:
    found = _LOGGED_SOURCE.fullmatch(source or "")
    return found.group(1) if found else None
