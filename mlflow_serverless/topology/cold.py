"""One answer to cold starts, and why."""

from dataclasses import dataclass
from enum import Enum

from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.preflight import ModelFacts


class ColdStart(Enum):
    """How an environment comes to be when a request needs one."""

    SNAPSHOT = "snapshot"
    """It is restored from a snapshot taken when its version was published."""
    PROVISIONED = "provisioned"
    """Some are kept started."""
    ON_DEMAND = "on-demand"
    """It is started when it is needed."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What was chosen."""

    kind: ColdStart
    why: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.why}"


SLOW_MS = 1_000.0
"""A start here beyond which a snapshot, restored in some hundred ms and charged for as
long as it is kept, is worth its price [ms]."""


def choose(config: DeploymentConfig, model: ModelFacts | None = None) -> Strategy:
    """
    The strategy that the configuration asks for; else the one that fits the model.

    Args:
        config: What it says about cold starts, network and room.
        model: What is known of the model's first answer; None before it is built.
    """
    if config.cold_start != "auto":
        return Strategy(ColdStart(config.cold_start), "asked for (cold_start)")
    if config.provisioned is not None:
        return Strategy(ColdStart.PROVISIONED, "asked for (provisioned)")
    if why_not := snapshot_impossible(config):
        return Strategy(ColdStart.ON_DEMAND, f"no snapshot: {why_not}")
    if model is not None and (why := _slow(model)):
        return Strategy(ColdStart.SNAPSHOT, f"{why}; a snapshot skips most of it")
    said = "it starts quickly, and a snapshot is charged for as long as it is kept"
    return Strategy(ColdStart.ON_DEMAND, said)


def _slow(model: ModelFacts) -> str:
    """Why the model starts slowly; empty if it does not."""
    if model.init_ms:
        slow = model.init_ms > SLOW_MS
        return f"it started in {model.init_ms:.0f} ms here" if slow else ""
    return "importing the model's own library takes seconds" if model.native else ""


def snapshot_impossible(config: DeploymentConfig) -> str:
    """What keeps a function from having snapshots; empty if nothing does."""
    if config.mount.arn is not None:
        return "a mounted file system (mount.arn)"
    if config.ephemeral_mb > limits.SNAPSHOT_EPHEMERAL_MB:
        return f"ephemeral_mb is more than {limits.SNAPSHOT_EPHEMERAL_MB}"
    if config.provisioned is not None:
        return "environments kept started (provisioned)"
    return ""
