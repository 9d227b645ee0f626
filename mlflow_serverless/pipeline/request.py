"""What is asked of the story, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mlflow_serverless.cost import CostLine
from mlflow_serverless.pipeline.strategy import Chosen
from mlflow_serverless.plan import Desired, Finding, Foreign, Pairs, Place, Plan


class Intent(Enum):
    """What the caller expects to find under the name."""

    CREATE = "create"
    """Nothing, or just this."""
    UPDATE = "update"
    """A deployment; what is not said stays as it is."""
    DEPLOY = "deploy"
    """Either; what is not said is the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """One wish."""

    name: str
    model_uri: str | None
    """None keeps the model (updates only)."""
    flavor: str | None = None
    given: Mapping[str, object] = field(default_factory=dict)
    """Configuration as the user gave it."""
    intent: Intent = Intent.DEPLOY
    foreign: Foreign = Foreign.REFUSE
    """What becomes of things that somebody else made under our names."""
    cause: str = ""
    """Who or what wants it, as one tag's text (see `lineage.Cause`); empty for whoever
    the World stands for."""
    history: bool = True
    """Whether the story notes the move of traffic; else whoever asks does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version, and which model it holds."""

    version: str
    model: str
    """URI; exact."""
    model_id: str
    flavor: str
    parity: str
    """How the answers compared, in a few words."""
    artifact: str
    memory_mb: int
    created: str
    """ISO 8601, UTC."""
    by: str = ""
    """Who published it."""
    aliases: tuple[str, ...] = ()
    """Those that send it traffic, with the share where it is not all: `live 10%`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a deployment would change, decided but not done."""

    name: str
    target: str
    want: Desired
    """What it is to be."""
    place: Place | None
    """Where in AWS; None on the embedded cloud."""
    plan: Plan
    model: str
    bundle: str
    parity: str
    engine: str
    """What runs the model, and why."""
    cost: str
    """What a native engine costs; empty for a graph."""
    findings: tuple[Finding, ...] = ()
    """Of the audit and of preflight."""
    costs: tuple[CostLine, ...] = ()
    cold_start: str = ""
    """What is done about cold starts, and why; empty on the embedded cloud."""
    rollout: Chosen | None = None
    """How traffic would move; None if none would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What there is after a deployment."""

    name: str
    target: str
    alias: str
    version: str
    model: str
    """URI; exact."""
    flavor: str
    bundle: str
    """Digest."""
    parity: str
    changed: tuple[str, ...]
    """Steps that were taken; none if all was so already."""
    outputs: Pairs = ()
    """What the cloud has chosen: `url`, `api_url`, `function_arn`, ..."""
    calls: tuple[str, ...] = ()
    """How to call it: from Python, and with curl through each of its doors."""
    smoke: str = ""
    """What came of asking it once."""
    rollout: str = ""
    """Where the rollout to it stands: `waiting`, `shifting`, `guarding`, `done`;
    empty if traffic was moved without one."""
    run: str = ""
    """Id of the run that made the model, where its reports are kept; empty if none."""
    costs: tuple[str, ...] = ()
    """Lines of what it costs; none where that is not known, or nothing was decided."""
    seconds: float = 0.0
