"""What a schedule tells a controller."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from mlflow_serverless.control.errors import BadWakeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """One call; `topology.schedule` writes it."""

    deployment: str
    alias: str
    group: str
    """The schedule's."""
    schedule: str
    """Its name."""
    since: str
    """The alias's revision before the rollout began."""


def wake_of(event: object) -> Wake:
    """
    What *event* says.

    Raises:
        BadWakeError: It is nothing that a schedule of ours sends.
    """
    said = event if isinstance(event, Mapping) else {}
    names = tuple(field.name for field in fields(Wake))
    if missing := tuple(n for n in names if not isinstance(said.get(n), str)):
        raise BadWakeError(missing)
    return Wake(**{name: said[name] for name in names})
