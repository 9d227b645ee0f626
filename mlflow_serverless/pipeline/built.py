"""What comes out of building: a bundle, and the proof of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle
from mlflow_serverless.pipeline.smoke import Question

if TYPE_CHECKING:
    from mlflow_serverless.measure import Measured
    from mlflow_serverless.verify import ParityReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model, and the bundle that was proved to answer as it does."""

    model: ServableModel
    bundle: Bundle
    parity: "ParityReport"
    reports: Mapping[str, Path]
    """By name: `conversion.json`, `parity.json`, ..."""
    question: Question | None
    """To ask the deployment; None if the model brings no example."""
    cost: str = ""
    """What a native engine costs, in words; empty for a graph."""
    init_ms: float = 0.0
    """From a new process to the loaded model, here; 0 if it was not measured [ms]."""
    measured: "Measured | None" = None
    """What serving it took here; None where nobody asks, or nobody could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A bundle, and the proof that it answers as its model does."""

    bundle: Bundle
    parity: "ParityReport"
    reports: Mapping[str, Path]
    cost: str = ""
    init_ms: float = 0.0
