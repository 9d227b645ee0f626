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


class NotADeploymentError(ServerlessError):
    """It serves no model: it is there for those that do."""

    code = "not-a-deployment"
    kind = Kind.CONFLICT

    def __init__(self, name: str, tool: str) -> None:
        super().__init__(
            f"{name} is no deployment, but a {tool} of ours.",
            hint="`mlflow-serverless relay` has the commands for relays; controllers "
            "come and go with the deployment whose rollouts they drive.",
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


class PredictionFailedError(ServerlessError):
    """The function itself failed, not the request."""

    code = "prediction-failed"
    kind = Kind.INTERNAL

    def __init__(self, name: str, version: str, why: str) -> None:
        which = f"{name} version {version}" if version else name
        super().__init__(
            f"{which} failed: {why}.",
            hint=f"mlflow-serverless logs {name} shows what it said.",
        )


class PredictionRefusedError(ServerlessError):
    """The function answered that the request does not fit."""

    code = "prediction-refused"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str, error_code: str, why: str) -> None:
        super().__init__(
            f"{name} refuses the request ({error_code}): {why}",
            hint="send what its signature says; docs/protocol.md has all the forms.",
        )


class FrontDoorError(ServerlessError):
    """Callers do not get the model's answer at a deployment's URL."""

    code = "front-door-failed"
    kind = Kind.REFUSED

    def __init__(self, name: str, url: str, status: int, why: str, back: str) -> None:
        said = f"answers with status {status}" if status else "cannot be reached"
        super().__init__(
            f"{name} answers when it is invoked, but its URL {url} {said}: {why}. "
            f"{back}",
            hint=_door_remedy(name, status),
        )
        self.status = status
        """0 if nobody answered."""


def _door_remedy(name: str, status: int) -> str:
    """What to look at; the status says who has refused."""
    match status:
        case 0:
            return (
                "check that its host's name can be resolved from here, and proxies; "
                "-C smoke=false leaves the question out."
            )
        case 401 | 403:
            return (
                "the caller has to be allowed lambda:InvokeFunctionUrl (an API: "
                "execute-api:Invoke), see `mlflow-serverless iam`, and the alias to "
                "let the door in, see `aws lambda get-policy --qualifier`; an "
                "organisation's policy (SCP) may forbid it."
            )
        case 404:
            return "see that the API has the route POST /invocations."
        case 429:
            return "raise concurrency, or the API's rate and burst."
        case 503 | 504:
            return "raise timeout_s or memory_mb; an HTTP API waits 30 s at most."
        case _:
            return f"mlflow-serverless logs {name} shows what the function said."


class NotLetInError(ServerlessError):
    """A URL that wants other credentials."""

    code = "url-denied"
    kind = Kind.DENIED

    def __init__(self, url: str, status: int) -> None:
        super().__init__(
            f"{url} does not let us in (status {status}).",
            hint="requests are signed for AWS's own hosts only, with the credentials "
            "of -t lambda; name the deployment instead to invoke it.",
        )


class NoDoorError(ServerlessError):
    """A door that the deployment does not have."""

    code = "no-door"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, door: str, known: tuple[str, ...]) -> None:
        has = " and ".join(_DOORS[each] for each in known)
        there = f"it has {has}" if known else "it can only be invoked"
        super().__init__(
            f"{name} cannot be asked through {_DOORS[door]}; {there}.",
            hint=f"update it with -C {door}.auth=iam, or leave --door out.",
        )


_DOORS = {"url": "a function URL", "api": "an HTTP API"}


class TokenMissingError(ServerlessError):
    """An API that wants a token, asked without one."""

    code = "token-missing"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the API of {name} wants a bearer token.",
            hint="put one from its issuer into MLFLOW_SERVERLESS_TOKEN.",
        )


class UnreachableUrlError(ServerlessError):
    """Nothing answers where a deployment was said to be."""

    code = "url-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url} cannot be asked: {why}.",
            hint="name a deployment, or the URL that its callers use.",
        )
        self.why = why


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
