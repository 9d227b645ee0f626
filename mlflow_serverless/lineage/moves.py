"""What served when: each move of traffic, as a tag on the model version it is about.

One tag a move, so that two writers never overwrite each other; on the model version, so
that it outlives the function. MLflow's tags hold far more than AWS's.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum

from mlflow_serverless.lineage.cause import Cause

PREFIX = "mlflow-serverless.history."


class Does(Enum):
    """What a move did for the model version that it is kept on."""

    SERVES = "serves"
    """Got all the traffic."""
    RETURNS = "returns"
    """Got it back from a later version."""
    RETIRED = "retired"
    """The deployment that served it was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of a deployment's traffic."""

    at: datetime
    """UTC."""
    deployment: str
    target: str
    """As typed."""
    environment: str
    does: Does
    model: str
    """URI; exact."""
    version: str
    """The published version's number."""
    why: str = ""
    cause: Cause = field(default_factory=Cause)
    where: str = ""
    """What the target meant; see `World.where`. Empty where it was not noted."""

    def is_of(self, deployment: str, *, target: str, where: str) -> bool:
        """
        Whether it was a move of *deployment*, by whatever target that was reached.

        Args:
            deployment: Its name.
            target: As typed; all that there is to go by where nothing else was noted.
            where: What it means.
        """
        there = self.where == where if self.where else self.target == target
        return self.deployment == deployment and there

    def as_tag(self) -> tuple[str, str]:
        """Key and value of the tag that keeps it."""
        moment = f"{self.at:%Y%m%dT%H%M%S.%fZ}"
        value = self.described()
        del value["deployment"]  # the key has it, and a value has little room
        return f"{PREFIX}{self.deployment}.{moment}", json.dumps(value)

    def described(self) -> dict[str, object]:
        """As JSON."""
        return {
            "at": self.at.isoformat(),
            "deployment": self.deployment,
            "target": self.target,
            "where": self.where,
            "environment": self.environment,
            "does": self.does.value,
            "model": self.model,
            "version": self.version,
            "why": self.why,
            "cause": {key: text for key, text in asdict(self.cause).items() if text},
        }


def moves_in(tags: Mapping[str, str], model: str) -> Iterator[Move]:
    """
    The moves that *tags* of the model version *model* keep.

    Tags of others are none; and a copy of a version has the tags of what it is a copy
    of, which are not about it.
    """
    for key, value in tags.items():
        if not key.startswith(PREFIX):
            continue
        deployment = key.removeprefix(PREFIX).split(".")[0]
        try:
            said = json.loads(value)
            if said["model"] != model:
                continue
            yield Move(
                at=datetime.fromisoformat(said["at"]),
                deployment=deployment,
                target=said["target"],
                environment=said["environment"],
                does=Does(said["does"]),
                model=model,
                version=said["version"],
                why=said["why"],
                cause=Cause(**said["cause"]),
                where=said.get("where", ""),
            )
        except (ValueError, KeyError, TypeError):
            continue  # somebody else's tag, or one that was edited by hand


def serving_at(moves: Iterable[Move], when: datetime) -> Move | None:
    """The move that was the last one at *when*; None if nothing served then."""
    before = [move for move in moves if move.at <= when]
    last = max(before, key=lambda move: move.at, default=None)
    return None if last is None or last.does is Does.RETIRED else last
