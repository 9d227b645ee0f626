"""What the story itself refuses; each room has its own."""

from mlflow_serverless.errors import Kind, ServerlessError


class DeploymentExistsError(ServerlessError):
    """Create, where something else is already."""

    code = "deployment-exists"
    kind = Kind.CONFLICT

    def __init__(self, name: str, there: str, asked: str, differs: str) -> None:
        super().__init__(
            f"{name} exists already and serves {there}; {asked} differs in {differs}.",
            hint="update it (mlflow deployments update), delete it first, or choose "
            "another name.",
        )


class DeploymentMissingError(ServerlessError):
    """There is nothing under that name."""

    code = "deployment-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, known: tuple[str, ...], near: str) -> None:
        there = f"deployed are {', '.join(known)}" if known else "nothing is deployed"
        super().__init__(
            f"there is no deployment {name!r}; {there}.",
            hint=near or "mlflow deployments create makes one.",
        )


class ModelUnnamedError(ServerlessError):
    """No model was named, and none is known."""

    code = "model-unnamed"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"which model should {name} serve?", hint="name it: -m models:/NAME@ALIAS."
        )


class SmokeFailedError(ServerlessError):
    """The new version answers, but not as the model does."""

    code = "smoke-failed"
    kind = Kind.REFUSED

    def __init__(self, name: str, version: str, why: str) -> None:
        super().__init__(
            f"version {version} of {name} is published, but its first answer is not "
            f"the model's: {why}. No traffic was moved to it.",
            hint=f"mlflow-serverless logs {name} shows what the function said.",
        )


class NothingBeforeError(ServerlessError):
    """Going back, where nothing was before."""

    code = "nothing-before"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, alias: str) -> None:
        super().__init__(
            f"{name}:{alias} has no earlier version to go back to.",
            hint=f"see what there is: mlflow-serverless history {name}.",
        )


class FunctionFailedError(ServerlessError):
    """The function itself failed, not the request."""

    code = "function-failed"
    kind = Kind.INTERNAL

    def __init__(self, name: str, version: str, why: str) -> None:
        super().__init__(
            f"{name} version {version} failed: {why}.",
            hint=f"mlflow-serverless logs {name} shows what it said.",
        )


class PredictionRefusedError(ServerlessError):
    """The function answered that the request does not fit."""

    code = "prediction-refused"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str, error_code: str, why: str) -> None:
        super().__init__(f"{name} refuses the request ({error_code}): {why}")


class UnreachableUrlError(ServerlessError):
    """Nothing answers where a deployment was said to be."""

    code = "url-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url} cannot be asked: {why}.",
            hint="name a deployment, or the URL that its callers use.",
        )


class StrategyNotGivenError(ServerlessError):
    """A strategy that was asked for by name cannot be had here."""

    code = "strategy-not-given"
    kind = Kind.UNSUPPORTED

    def __init__(self, strategy: str, why: str, instead: str) -> None:
        super().__init__(
            f"strategy={strategy} cannot be had here: {why}.",
            hint=f"use -C {instead}.",
        )


class RolledBackError(ServerlessError):
    """The new version has lost its traffic while we waited."""

    code = "rolled-back"
    kind = Kind.REFUSED

    def __init__(self, name: str, candidate: str, baseline: str, why: str) -> None:
        super().__init__(
            f"version {candidate} of {name} was rolled back; version {baseline} "
            f"serves: {why}.",
            hint=f"see each look: mlflow-serverless rollout {name}.",
        )
