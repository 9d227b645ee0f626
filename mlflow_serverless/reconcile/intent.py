"""What is to be done about one deployment, and why: one value a case."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One deployment of the policy."""

    environment: str
    target: str
    name: str
    alias: str = "live"
    """The one that callers use."""

    def __str__(self) -> str:
        return f"{self.name} in {self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """Nothing serves there yet."""

    place: Place
    model: str
    """URI; exact."""
    why: str
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something else serves there, or the same otherwise."""

    place: Place
    model: str
    why: str
    strategy: str = ""
    """How traffic moves; the configuration's default if empty."""
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """What the environment before this one serves comes here."""

    place: Place
    model: str
    why: str
    strategy: str = ""
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """An earlier version is meant, and it is still published: traffic goes back."""

    place: Place
    model: str
    version: str
    """The published version that gets all traffic."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Nothing in the registry means this deployment any more."""

    place: Place
    model: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something is to be done, but not yet."""

    place: Place
    model: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Nothing is to be done."""

    place: Place
    why: str


Change = Deploy | Update | Promote | RollBack | Retire
"""Those that change something."""

Intent = Change | Wait | Ignore


def model_of(intent: Intent) -> str:
    """URI of the model it is about; empty where there is none."""
    return "" if isinstance(intent, Ignore) else intent.model
