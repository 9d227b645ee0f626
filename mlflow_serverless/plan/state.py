"""What we want and what is there, in the same shape, so that they compare."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from mlflow_serverless.plan.control import Controller
from mlflow_serverless.plan.resources import Key, Pairs, Resource, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file system in the function's folders (EFS, or S3 Files)."""

    arn: str
    """Of its access point."""
    path: str
    """Under `/mnt/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a function runs; empty parts leave it to the cloud."""

    memory_mb: int
    timeout_s: int
    ephemeral_mb: int = 512
    environment: Pairs = ()
    concurrency: int | None = None
    """Most environments at once; None leaves it to the account. Not versioned."""
    role: str = ""
    """ARN of what the function runs as."""
    architecture: str = ""
    """`x86_64` or `arm64`; changes together with the artifact."""
    kms_key: str = ""
    """ARN of what encrypts the environment variables."""
    subnets: tuple[str, ...] = ()
    """Of a private network; sorted."""
    security_groups: tuple[str, ...] = ()
    """Sorted."""
    mount: Mount | None = None
    snap_start: bool = False
    """Whether published versions start from a snapshot."""
    tracing: bool = False
    """Whether every request is traced (X-Ray)."""
    log_group: str = ""
    """Where it writes its log."""
    log_format: str = ""
    """`JSON` or `Text`."""
    dead_letter: str = ""
    """ARN of the queue or topic for events that failed."""
    model_url: str = ""
    """`s3://BUCKET/KEY`: where the model is, if the artifact does not hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The mutable function behind the versions ($LATEST, in AWS's words)."""

    name: str
    artifact: str
    """Address of what runs: a bundle's digest here, an image's on AWS."""
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version: it never changes."""

    number: str
    content: str
    """`content_of` the function it was published from."""
    artifact: str
    settings: Settings
    note: str = ""
    """Which model this is and who put it there: compact JSON, <= 256 characters."""
    created: str = ""
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version, with a share of traffic for one other."""

    name: str
    version: str
    weights: tuple[tuple[str, float], ...] = ()
    """(version, share of traffic 0..1) beside the primary one."""
    note: str = ""
    revision: str = ""
    """Changes with every change; an update that carries an old one is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One deployment, wholly described."""

    function: Function
    alias: str = "live"
    note: str = ""
    """Goes onto the version that is published."""
    tags: Pairs = ()
    resources: tuple[Resource, ...] = ()
    """What is to stand around the function; each kind and name once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """One look at one deployment; None and () where nothing is."""

    name: str
    function: Function | None = None
    versions: tuple[Version, ...] = ()
    """Oldest first."""
    aliases: tuple[Alias, ...] = ()
    tags: Pairs = field(default=())
    artifacts: tuple[str, ...] = ()
    """Addresses that are kept for it until they are removed, sorted; () where the
    cloud itself takes away what nobody needs."""
    resources: tuple[Resource, ...] = ()
    """Around it, made by us for it; by rank and name."""
    foreign: tuple[Resource, ...] = ()
    """Under names that it would use, made by somebody else."""
    owned: bool = True
    """False if the function was made by somebody else."""
    outputs: Pairs = field(default=(), compare=False)
    """What the cloud has chosen itself: `url`, `api_url`, `function_arn`, ..."""

    def alias(self, name: str) -> Alias | None:
        """The alias called *name*, if it is there."""
        return next((alias for alias in self.aliases if alias.name == name), None)

    def version(self, number: str) -> Version | None:
        """The version *number*, if it is there."""
        return next((v for v in self.versions if v.number == number), None)

    def holding(self, content: str) -> Version | None:
        """The newest version with *content*, if there is one."""
        newest = reversed(self.versions)
        return next((v for v in newest if v.content == content), None)

    def resource(self, key: Key) -> Resource | None:
        """Ours with *key*, if it is there."""
        return next((r for r in self.resources if key_of(r) == key), None)

    def needs(self, artifact: str) -> bool:
        """Whether anything there is made of *artifact*."""
        return artifact in needed(self)

    def serves(self, alias: str, content: str) -> bool:
        """Whether all traffic of *alias* goes to a version with *content*."""
        pointed = self.alias(alias)
        if pointed is None or pointed.weights:
            return False
        version = self.version(pointed.version)
        return version is not None and version.content == content


def needed(have: Actual) -> frozenset[str]:
    """Addresses that the function, a version or a controller is made of."""
    parts = [*have.versions, *((have.function,) if have.function else ())]
    addresses = {p.artifact for p in parts} | {p.settings.model_url for p in parts}
    addresses |= {r.artifact for r in have.resources if isinstance(r, Controller)}
    return frozenset(addresses - {""})


_ALWAYS = ("memory_mb", "timeout_s", "ephemeral_mb", "environment")


def content_of(function: Function) -> str:
    """
    What a version published from *function* would hold, as one short text.

    Two functions with the same artifact and versioned settings have the same content,
    so a version is published only if none with its content is there. Settings that
    are left to the cloud do not count, so that new ones do not change old contents.
    """
    versioned = {
        key: value
        for key, value in asdict(function.settings).items()
        if key != "concurrency" and (value or key in _ALWAYS)
    }
    text = json.dumps([function.artifact, versioned], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
