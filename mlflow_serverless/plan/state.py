"""What we want and what is there, in the same shape, so that they compare."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

Pairs = tuple[tuple[str, str], ...]
"""A mapping as a value: sorted by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a function runs."""

    memory_mb: int
    timeout_s: int
    ephemeral_mb: int = 512
    environment: Pairs = ()
    concurrency: int | None = None
    """Most environments at once; None leaves it to the account. Not versioned."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """One look at one deployment; None and () where nothing is."""

    name: str
    function: Function | None = None
    versions: tuple[Version, ...] = ()
    """Oldest first."""
    aliases: tuple[Alias, ...] = ()
    tags: Pairs = field(default=())

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

    def serves(self, alias: str, content: str) -> bool:
        """Whether all traffic of *alias* goes to a version with *content*."""
        pointed = self.alias(alias)
        if pointed is None or pointed.weights:
            return False
        version = self.version(pointed.version)
        return version is not None and version.content == content


def content_of(function: Function) -> str:
    """
    What a version published from *function* would hold, as one short text.

    Two functions with the same artifact and versioned settings have the same content,
    so a version is published only if none with its content is there.
    """
    versioned = asdict(function.settings)
    del versioned["concurrency"]
    text = json.dumps([function.artifact, versioned], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
