"""References to models, as people type them."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlflow_serverless.model.errors import BadModelUriError
from mlflow_serverless.wording import meant

STAGES = ("None", "Staging", "Production", "Archived")
"""MLflow's stages; deprecated upstream since 2.9, still resolved."""


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """`models:/name/7`."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class RegisteredAlias:
    """`models:/name@alias`."""

    name: str
    alias: str

    def __str__(self) -> str:
        return f"models:/{self.name}@{self.alias}"


@dataclass(frozen=True, slots=True)
class RegisteredStage:
    """`models:/name/Production`."""

    name: str
    stage: str

    def __str__(self) -> str:
        return f"models:/{self.name}/{self.stage}"


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """`models:/name/latest`."""

    name: str

    def __str__(self) -> str:
        return f"models:/{self.name}/latest"


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """`models:/m-…`: a logged model, registered or not."""

    model_id: str

    def __str__(self) -> str:
        return f"models:/{self.model_id}"


@dataclass(frozen=True, slots=True)
class RunArtifact:
    """`runs:/id/path`."""

    run_id: str
    path: str

    def __str__(self) -> str:
        return f"runs:/{self.run_id}/{self.path}"


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder that holds an MLmodel file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


ModelRef = (
    RegisteredVersion
    | RegisteredAlias
    | RegisteredStage
    | LatestVersion
    | LoggedModel
    | RunArtifact
    | LocalFolder
)

_LOGGED = re.compile(r"m-[0-9a-f]{32}")


def parse_ref(text: str) -> ModelRef:
    """
    Read a model URI, or a path.

    Raises:
        BadModelUriError: It is none of the forms above.
    """
    if text.startswith(("models://", "runs://")):
        raise BadModelUriError(text)
    if text.startswith("models:/"):
        return _registered(text, text.removeprefix("models:/").strip("/"))
    if text.startswith("runs:/"):
        run_id, _, path = text.removeprefix("runs:/").strip("/").partition("/")
        if run_id and path:
            return RunArtifact(run_id, path)
        raise BadModelUriError(text)
    if text.startswith("file:/"):
        return LocalFolder(Path(unquote(urlsplit(text).path)))
    if not text or "://" in text or re.match(r"([a-z]+:/|models:|runs:)", text):
        raise BadModelUriError(text)
    return LocalFolder(Path(text))


def _registered(text: str, rest: str) -> ModelRef:
    if _LOGGED.fullmatch(rest):
        return LoggedModel(rest)
    name, at, alias = rest.rpartition("@")
    if at and name and alias and "/" not in alias:
        return RegisteredAlias(name, alias)
    name, slash, last = rest.rpartition("/")
    if not (slash and name and last):
        raise BadModelUriError(text)
    if last.isdigit():
        return RegisteredVersion(name, last)
    if last.lower() == "latest":
        return LatestVersion(name)
    for stage in STAGES:
        if last.lower() == stage.lower():
            return RegisteredStage(name, stage)
    guess = meant(last.capitalize(), STAGES, f"models:/{name}/{{}}")
    raise BadModelUriError(text, guess)
