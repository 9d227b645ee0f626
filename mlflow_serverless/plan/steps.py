"""What can be done to a deployment, one value a step."""

from dataclasses import dataclass

from mlflow_serverless.plan.resources import Pairs, Resource, described
from mlflow_serverless.plan.state import Function, Settings


@dataclass(frozen=True, slots=True)
class PutArtifact:
    """Keep what a function is made of where the cloud finds it; staged before."""

    name: str
    artifact: str

    def __str__(self) -> str:
        return f"keep {self.artifact} for {self.name}"


@dataclass(frozen=True, slots=True)
class RemoveArtifact:
    """Stop keeping an artifact; refused while the function or a version needs it."""

    name: str
    artifact: str

    def __str__(self) -> str:
        return f"remove {self.artifact}"


@dataclass(frozen=True, slots=True)
class MakeResource:
    """Make what stands around a function."""

    name: str
    """The deployment's."""
    resource: Resource

    def __str__(self) -> str:
        return f"make the {described(self.resource)}"


@dataclass(frozen=True, slots=True)
class ChangeResource:
    """Make a resource that is there exactly this; it is ours from then on."""

    name: str
    resource: Resource

    def __str__(self) -> str:
        return f"change the {described(self.resource)}"


@dataclass(frozen=True, slots=True)
class RemoveResource:
    """Take a resource of ours away."""

    name: str
    resource: Resource

    def __str__(self) -> str:
        return f"remove the {described(self.resource)}"


@dataclass(frozen=True, slots=True)
class CreateFunction:
    """Make the function; it serves nobody until an alias points at a version."""

    function: Function
    tags: Pairs

    def __str__(self) -> str:
        settings = self.function.settings
        return (
            f"create function {self.function.name} "
            f"({settings.memory_mb} MB, {settings.timeout_s} s)"
        )


@dataclass(frozen=True, slots=True)
class ReplaceArtifact:
    """Put another artifact behind the function."""

    name: str
    artifact: str
    architecture: str = ""
    """What it is built for; goes into the settings with it."""

    def __str__(self) -> str:
        return f"replace the artifact of {self.name} by {self.artifact}"


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Change how the function runs."""

    name: str
    settings: Settings

    def __str__(self) -> str:
        return (
            f"change the settings of {self.name} "
            f"({self.settings.memory_mb} MB, {self.settings.timeout_s} s)"
        )


@dataclass(frozen=True, slots=True)
class SetTags:
    """Make the function's tags exactly these."""

    name: str
    tags: Pairs

    def __str__(self) -> str:
        return f"set {len(self.tags)} tags on {self.name}"


@dataclass(frozen=True, slots=True)
class PublishVersion:
    """Freeze the function as a version; nothing if one with *content* is there."""

    name: str
    content: str
    note: str

    def __str__(self) -> str:
        return f"publish {self.name} as a version"


@dataclass(frozen=True, slots=True)
class PointAlias:
    """
    Send all traffic of *alias* to the version that holds *content*.

    The version's number is given by the cloud when it is published; its content is
    known now, so the plan stays final text.
    """

    name: str
    alias: str
    content: str
    revision: str | None = None
    """The alias's when it was looked at ("" if it was not there): if somebody else
    has moved it since, the step is refused. None moves it from wherever it is."""

    def __str__(self) -> str:
        return (
            f"point {self.name}:{self.alias} at the version with content {self.content}"
        )


@dataclass(frozen=True, slots=True)
class RouteAlias:
    """Share the traffic of *alias* between two published versions."""

    name: str
    alias: str
    version: str
    """The primary one; it gets what the weights leave."""
    weights: tuple[tuple[str, float], ...] = ()
    """(version, share of traffic 0..1), at most one."""
    note: str = ""
    revision: str | None = None
    """As in `PointAlias`."""

    def __str__(self) -> str:
        shares = "".join(f", {share:.0%} to {number}" for number, share in self.weights)
        return f"route {self.name}:{self.alias} to version {self.version}{shares}"


@dataclass(frozen=True, slots=True)
class RemoveAlias:
    """Take away a name; the versions it named stay."""

    name: str
    alias: str

    def __str__(self) -> str:
        return f"remove the alias {self.name}:{self.alias}"


@dataclass(frozen=True, slots=True)
class RemoveVersion:
    """Take a version away; refused while an alias sends it traffic."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"remove version {self.version} of {self.name}"


@dataclass(frozen=True, slots=True)
class DeleteFunction:
    """Take away the function with its versions and aliases."""

    name: str

    def __str__(self) -> str:
        return f"delete {self.name} with its versions and aliases"


Step = (
    PutArtifact
    | RemoveArtifact
    | MakeResource
    | ChangeResource
    | RemoveResource
    | RemoveVersion
    | CreateFunction
    | ReplaceArtifact
    | ChangeSettings
    | SetTags
    | PublishVersion
    | PointAlias
    | RouteAlias
    | RemoveAlias
    | DeleteFunction
)


def name_of(step: Step) -> str:
    """The deployment that *step* is taken for."""
    return step.function.name if isinstance(step, CreateFunction) else step.name


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order; an empty plan means done."""

    name: str
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)
