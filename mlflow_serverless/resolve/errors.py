"""What can be missing; every message names what exists instead."""

from collections.abc import Iterable
from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import listed, meant


class ModelMissingError(ServerlessError):
    """No registered model of that name."""

    code = "model-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, known: Iterable[str], store: str) -> None:
        known = sorted(known)
        there = listed(known) if known else "none at all"
        super().__init__(
            f"no registered model {name!r} in {store}; registered there: {there}.",
            hint=meant(name, known, "models:/{}/latest")
            or "set MLFLOW_TRACKING_URI if the model is in another store.",
        )


class VersionMissingError(ServerlessError):
    """The model exists, that version does not."""

    code = "version-missing"
    kind = Kind.NOT_FOUND

    def __init__(
        self, name: str, version: str, known: Iterable[str], aliases: Iterable[str]
    ) -> None:
        known = list(known)
        there = f"versions {listed(known)}" if known else "no version yet"
        super().__init__(
            f"{name!r} has no version {version}; it has {there}"
            f"{_with_aliases(aliases)}.",
            hint=f"models:/{name}/{known[-1]} is the latest." if known else "",
        )


class AliasMissingError(ServerlessError):
    """The model exists, that alias does not."""

    code = "alias-missing"
    kind = Kind.NOT_FOUND

    def __init__(
        self, name: str, alias: str, aliases: Iterable[str], known: Iterable[str]
    ) -> None:
        aliases, known = sorted(aliases), list(known)
        there = f"aliases {listed(aliases)}" if aliases else "no aliases"
        versions = f" and versions {listed(known)}" if known else ""
        super().__init__(
            f"{name!r} has no alias {alias!r}; it has {there}{versions}.",
            hint=meant(alias, aliases, f"models:/{name}@{{}}")
            or f"set it: MlflowClient().set_registered_model_alias("
            f"{name!r}, {alias!r}, VERSION).",
        )


class StageEmptyError(ServerlessError):
    """No version of the model is in that stage."""

    code = "stage-empty"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, stage: str, staged: Iterable[str]) -> None:
        staged = list(staged)
        there = listed(staged) if staged else "it has no versions"
        super().__init__(
            f"no version of {name!r} is in stage {stage}: {there}.",
            hint="stages are deprecated in MLflow; an alias names a version for good.",
        )


class LoggedModelMissingError(ServerlessError):
    """No logged model with that id."""

    code = "logged-model-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, model_id: str, store: str) -> None:
        super().__init__(
            f"no logged model {model_id} in {store}.",
            hint="the id is printed by log_model (info.model_id); "
            "set MLFLOW_TRACKING_URI if it is in another store.",
        )


class RunMissingError(ServerlessError):
    """No run with that id."""

    code = "run-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, run_id: str, store: str) -> None:
        super().__init__(
            f"no run {run_id} in {store}.",
            hint="set MLFLOW_TRACKING_URI if the run is in another store.",
        )


class RunModelMissingError(ServerlessError):
    """The run exists, but holds no model at that path."""

    code = "run-model-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, run_id: str, path: str, known: Iterable[str]) -> None:
        known = sorted(known)
        there = f"models at {listed(known)}" if known else "no models"
        super().__init__(
            f"run {run_id} has no model at {path!r}; it has {there}.",
            hint=meant(path, known, f"runs:/{run_id}/{{}}"),
        )


class FolderMissingError(ServerlessError):
    """A path where nothing is."""

    code = "folder-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, folder: Path) -> None:
        near = folder.parent
        names = sorted(p.name for p in near.iterdir()) if near.is_dir() else []
        there = f"{near} has {listed(names)}" if names else f"{near} is not there"
        super().__init__(
            f"no folder {folder}; {there}.",
            hint=meant(folder.name, names, f"{near}/{{}}")
            or "a registered model is written models:/NAME/VERSION.",
        )


class NotAModelError(ServerlessError):
    """A folder without an MLmodel file."""

    code = "not-a-model"
    kind = Kind.BAD_INPUT

    def __init__(self, where: str, names: Iterable[str]) -> None:
        names = sorted(names)
        super().__init__(
            f"{where} is not an MLflow model: no MLmodel file among "
            f"{listed(names) if names else 'no files'}.",
            hint="name the folder that log_model or save_model wrote.",
        )


class MLmodelUnreadableError(ServerlessError):
    """An MLmodel file that says too little, or is not YAML."""

    code = "mlmodel-unreadable"
    kind = Kind.BAD_INPUT

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"the MLmodel file of {where} cannot be read: {why}.",
            hint="log the model again.",
        )


class SignatureMissingError(ServerlessError):
    """A model that does not say what it takes."""

    code = "signature-missing"
    kind = Kind.BAD_INPUT

    def __init__(self, where: str, flavors: Iterable[str]) -> None:
        super().__init__(
            f"{where} (flavours {listed(sorted(flavors))}) has no input signature, so "
            "requests could not be checked nor answers compared.",
            hint="log it with input_example=X.head(), or add one: "
            "mlflow.models.set_signature(uri, infer_signature(X)).",
        )


class SignatureUnsupportedError(ServerlessError):
    """A signature with a type that no request can carry."""

    code = "signature-unsupported"
    kind = Kind.UNSUPPORTED

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"the signature of {where} has {what}, which is not served.",
            hint="log the model with columns of numbers, texts, booleans or times, or "
            "with tensors.",
        )


class FlavorMissingError(ServerlessError):
    """The model was not saved in the flavour that was asked for."""

    code = "flavor-missing"
    kind = Kind.BAD_INPUT

    def __init__(self, where: str, flavor: str, known: Iterable[str]) -> None:
        known = sorted(known)
        super().__init__(
            f"{where} has no flavour {flavor!r}; it has {listed(known)}.",
            hint=meant(flavor, known, "--flavor {}") or "leave the flavour out.",
        )


class ModelNotReadyError(ServerlessError):
    """A version that is still being registered, or failed to."""

    code = "model-not-ready"
    kind = Kind.UNAVAILABLE

    def __init__(self, where: str, status: str) -> None:
        super().__init__(f"{where} is {status}, not READY.", hint="try again later.")


class RegistryUnreachableError(ServerlessError):
    """The store did not answer, or not sensibly."""

    code = "registry-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, store: str, why: str) -> None:
        super().__init__(
            f"the MLflow store at {store} cannot be used: {why}",
            hint="check MLFLOW_TRACKING_URI, and that the server runs; "
            "mlflow-serverless doctor looks at both.",
        )


class RegistryDeniedError(ServerlessError):
    """The store knows us and says no, or does not know us."""

    code = "registry-denied"
    kind = Kind.DENIED

    def __init__(self, store: str, why: str) -> None:
        super().__init__(
            f"the MLflow store at {store} refuses: {why}",
            hint="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
            "or MLFLOW_TRACKING_TOKEN.",
        )


def _with_aliases(aliases: Iterable[str]) -> str:
    aliases = sorted(aliases)
    return f" and aliases {listed(aliases)}" if aliases else ""
