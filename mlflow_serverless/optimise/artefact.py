"""One form of a graph, ready to be packed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_runtime.manifest import Variant
from mlflow_serverless.convert import OnnxGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a form takes, on this machine."""

    bytes: int
    load_ms: float
    run_us: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Files of one variant, and what they cost."""

    variant: Variant
    """As the manifest will list it; paths are relative to `graph.file`'s folder."""
    graph: OnnxGraph
    """The form itself: its file, and how it is bound. Parity is proved on this."""
    bytes: int
    """All files of the variant together."""
    before_bytes: int
    """The same graph as it was converted."""
    steps: tuple[str, ...]
    """What was done to it, in order."""
    load_ms: float
    """Best of a few session creations on this machine [ms]."""
    run_us: float | None
    """Median one-row run on this machine [us]; None if it takes no blank row."""
    before: Cost | None = None
    """What it cost before its answers were allowed to move; None if they were not."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file it needs."""
        folder = self.graph.file.parent
        return tuple(folder / name for name in (self.variant.file, *self.variant.needs))

    def described(self) -> dict[str, Any]:
        """For a report: the steps, and what it costs beside what it did cost."""
        said: dict[str, Any] = {
            "name": self.variant.name,
            "steps": list(self.steps),
            "bytes": self.bytes,
            "before_bytes": self.before_bytes,
            "load_ms": self.load_ms,
            "run_us": self.run_us,
        }
        if self.before is not None:
            said["before_load_ms"] = self.before.load_ms
            said["before_run_us"] = self.before.run_us
        return said
