"""What is deployed, as far as intents need to know; pure.

A rollout is recorded in the alias's own note. Four of its keys are read here: `r`, the
format; `c`, the candidate; `s`, the state's letter; `w`, why it was moved last.
"""

import json
from dataclasses import dataclass, field
from enum import Enum

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.desired import CAUSE, model_of, origin_of, tag
from mlflow_serverless.pipeline.noting import refused_in
from mlflow_serverless.plan import Actual
from mlflow_serverless.topology import config_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published version, and the registered version that it holds."""

    number: str
    model: str
    model_id: str


class Phase(Enum):
    """Where the last rollout stands, by its letter in the alias's note."""

    NONE = ""
    WAITING = "w"
    SHIFTING = "s"
    GUARDING = "g"
    """All traffic goes to the new version, and it is still watched."""
    DONE = "d"
    ROLLED_BACK = "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One deployment at one look."""

    exists: bool = False
    model: str = ""
    """URI of what gets (most of) the traffic; empty if nothing does."""
    model_id: str = ""
    version: str = ""
    """Its published version's number."""
    share: float = 0.0
    """Of the traffic that goes to another version [0..1]."""
    phase: Phase = Phase.NONE
    """Of the last rollout, as the alias tells."""
    other: str = ""
    """URI of what the other version holds, or the last rollout's candidate."""
    why: str = ""
    """Why the last rollout was moved last."""
    refused: tuple[str, ...] = ()
    """URIs of models that somebody has taken the traffic back from."""
    cause: str = ""
    """Who or what brought it to what it is; see `lineage.Cause`."""
    revision: str = ""
    """Of the alias; empty if there is none."""
    versions: tuple[Published, ...] = ()
    """Oldest first."""
    config: DeploymentConfig = field(default_factory=DeploymentConfig)

    @property
    def shifting(self) -> bool:
        """Whether traffic is on its way from one version to another."""
        return bool(self.share) or self.phase in {Phase.WAITING, Phase.SHIFTING}

    def holding(self, model: str, model_id: str) -> Published | None:
        """The newest version that holds exactly this model, if there is one."""
        for version in reversed(self.versions):
            same_id = (
                not (model_id and version.model_id) or model_id == version.model_id
            )
            if version.model == model and same_id:
                return version
        return None


def deployed_of(have: Actual, alias: str) -> Deployed:
    """What *have* serves through *alias*."""
    versions = tuple(
        Published(
            number=v.number, model=origin_of(v).model, model_id=origin_of(v).model_id
        )
        for v in have.versions
    )
    known = {version.number: version for version in versions}
    pointed = have.alias(alias)
    if have.function is None or pointed is None:
        return Deployed(exists=have.function is not None, versions=versions)
    phase, candidate, why = _rollout(pointed.note)
    weights = [(number, share) for number, share in pointed.weights if share > 0]
    other, share = weights[0] if weights else (candidate, 0.0)
    serving = known.get(pointed.version)
    return Deployed(
        exists=True,
        model=model_of(have, alias),
        model_id=serving.model_id if serving else "",
        version=pointed.version,
        share=share,
        phase=phase,
        other=known[other].model if other in known else "",
        why=why,
        refused=tuple(known[n].model for n in refused_in(have) if n in known),
        cause=tag(have, CAUSE),
        revision=pointed.revision,
        versions=versions,
        config=config_of(have),
    )


def _rollout(note: str) -> tuple[Phase, str, str]:
    """Phase, candidate's number and reason, as the alias's note tells them."""
    try:
        said = json.loads(note)
        if said["r"] == 1:
            return Phase(said["s"]), str(said["c"]), str(said.get("w", ""))
    except (ValueError, KeyError, TypeError):
        pass  # no rollout's note
    return Phase.NONE, "", ""
