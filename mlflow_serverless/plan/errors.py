"""What a step may be refused for; every cloud raises these, whatever lies beneath."""

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES


class BadNameError(ServerlessError):
    """A name that AWS would refuse."""

    code = "bad-name"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str, what: str, rule: str) -> None:
        super().__init__(f"{name!r} cannot name {what}.", hint=f"use {rule}.")


class BadSettingsError(ServerlessError):
    """Settings, tags or notes outside AWS's limits; all of them at once."""

    code = "bad-settings"
    kind = Kind.BAD_INPUT

    def __init__(self, name: str, wrong: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} cannot run like this: {'; '.join(wrong)}.",
            hint="change these values and run again; nothing was changed.",
        )


class BadRoutingError(ServerlessError):
    """Weights that an alias cannot have."""

    code = "bad-routing"
    kind = Kind.BAD_INPUT

    def __init__(self, alias: str, wrong: str) -> None:
        super().__init__(
            f"alias {alias} cannot be routed like this: {wrong}.",
            hint="name published versions: a primary one, and at most one other "
            "with its share of traffic, 0 to 1.",
        )


class NoSuchFunctionError(ServerlessError):
    """Nothing is deployed under the name."""

    code = "no-such-deployment"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no deployment named {name}.",
            hint="see what is there: mlflow deployments list -t TARGET.",
        )


class NoSuchVersionError(ServerlessError):
    """The deployment has no such version or alias."""

    code = "no-such-version"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, qualifier: str, known: tuple[str, ...] = ()) -> None:
        there = ", ".join(known) if known else "none"
        super().__init__(
            f"{name} has no version or alias {qualifier}; it has: {there}.",
            hint="use one of these, or deploy again to publish a version.",
        )


class FunctionExistsError(ServerlessError):
    """The name is taken, by a function that differs."""

    code = "function-exists"
    kind = Kind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} exists already, with another artifact, settings or tags.",
            hint="update it, delete it first, or choose another name.",
        )


class FunctionMovedError(ServerlessError):
    """The function is not what the plan made it: somebody else changed it."""

    code = "deployment-moved"
    kind = Kind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was changed by somebody else while it was being deployed; "
            "no version was published.",
            hint="run again: a new plan starts from what is there now.",
        )


class AliasMovedError(ServerlessError):
    """The alias is not where it was when the plan was made."""

    code = "alias-moved"
    kind = Kind.CONFLICT

    def __init__(self, name: str, alias: str) -> None:
        super().__init__(
            f"{name}:{alias} was moved by somebody else since it was looked at; "
            "it stays where they put it.",
            hint="look at it again, and run again if it should still move.",
        )


class VersionInUseError(ServerlessError):
    """A version that an alias sends traffic to cannot go."""

    code = "version-in-use"
    kind = Kind.CONFLICT

    def __init__(self, name: str, version: str, aliases: tuple[str, ...]) -> None:
        super().__init__(
            f"version {version} of {name} gets traffic from {', '.join(aliases)}.",
            hint="move the alias first; a version that serves nobody can go.",
        )


class ArtifactInUseError(ServerlessError):
    """An artifact that a function or a version is made of cannot go."""

    code = "artifact-in-use"
    kind = Kind.CONFLICT

    def __init__(self, name: str, artifact: str) -> None:
        super().__init__(
            f"{artifact} is what {name} or a version of it is made of.",
            hint="remove the versions that need it first: mlflow-serverless gc.",
        )


class ArtifactMissingError(ServerlessError):
    """A function cannot be made of what is not kept."""

    code = "artifact-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, artifact: str) -> None:
        super().__init__(
            f"{artifact}, which {name} is to be made of, is not kept there.",
            hint="deploy again: that puts it where the cloud finds it.",
        )


class ForeignError(ServerlessError):
    """Names that are taken, by what we did not make."""

    code = "made-by-others"
    kind = Kind.CONFLICT

    def __init__(self, name: str, taken: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} cannot be touched: not made by mlflow-serverless for it: "
            f"{', '.join(taken)}.",
            hint="take them over (mlflow-serverless deploy --adopt), remove them, or "
            "choose another name.",
        )
        self.taken = taken


class NotOfferedError(ServerlessError):
    """What this cloud cannot honour; refused, never ignored."""

    code = "not-offered"
    kind = Kind.UNSUPPORTED

    def __init__(self, where: str, what: tuple[str, ...]) -> None:
        super().__init__(
            f"{where} has no {', no '.join(what)}.",
            hint="leave these options out for this target.",
        )


class PayloadTooLargeError(ServerlessError):
    """More than Lambda takes in one request."""

    code = "payload-too-large"
    kind = Kind.BAD_INPUT

    def __init__(self, size: int) -> None:
        super().__init__(
            f"the request has {size} bytes; a synchronous one may have "
            f"{SYNC_PAYLOAD_BYTES}.",
            hint="send fewer rows at a time.",
        )


class ThrottledError(ServerlessError):
    """Too many at once."""

    code = "throttled"
    kind = Kind.UNAVAILABLE

    def __init__(self, what: str, why: str) -> None:
        because = why.rstrip(".")
        super().__init__(
            f"{what} was refused because there are too many at once: {because}.",
            hint="try again, send fewer at once, or raise concurrency.",
        )
