"""The room's one verb."""

from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient

from mlflow_serverless.model import (
    LocalFolder,
    LoggedModel,
    RunArtifact,
    ServableModel,
    parse_ref,
)
from mlflow_serverless.resolve import reach
from mlflow_serverless.resolve.errors import FolderMissingError, NotAModelError
from mlflow_serverless.resolve.fetch import fetch, snapshot
from mlflow_serverless.resolve.mlmodel import servable
from mlflow_serverless.resolve.pin import Pinned
from mlflow_serverless.resolve.registry import Registered, Registry

Remote = Registered | LoggedModel | RunArtifact


def resolve(text: str, *, downloads: Path, flavor: str | None = None) -> ServableModel:
    """
    The exact model that *text* stands for now, with its files on this machine.

    Args:
        text: A model URI as MLflow takes it, or a folder.
        downloads: Where models are kept; files that are there are not fetched again.
        flavor: Which native flavour to serve, where the model has several.

    Raises:
        ServerlessError: It is not there (the message names what is), the store cannot
            be reached, or the model does not say enough about itself.
    """
    ref = parse_ref(text)
    if isinstance(ref, LocalFolder):
        place = str(ref.path.absolute())
        pinned = Pinned(uri=place, asked=text, source=place)
        folder, digest = snapshot(_model_folder(ref.path), downloads)
    else:
        pinned, store = _pin(ref, text)
        folder, digest = fetch(pinned, downloads, store)
    return servable(pinned, folder, digest, flavor)


def _pin(ref: Remote, asked: str) -> tuple[Pinned, str]:
    uri = mlflow.get_registry_uri()
    store = reach.shown(uri)
    reach.knock(uri)
    with reach.explained(store):
        registry = Registry(MlflowClient(), store)
        match ref:
            case LoggedModel():
                return registry.logged(ref, asked), store
            case RunArtifact():
                return registry.of_run(ref, asked), store
            case _:
                return registry.registered(ref, asked), store


def _model_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise FolderMissingError(folder)
    if not (folder / "MLmodel").is_file():
        raise NotAModelError(str(folder), (path.name for path in folder.iterdir()))
    return folder
