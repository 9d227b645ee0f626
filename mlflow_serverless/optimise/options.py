"""What a user may say about optimisation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Precision = Literal["exact", "int8", "float16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiseOptions:
    """Which steps are taken; only `precision` may change an answer."""

    precision: Precision = "exact"
    """What weights are kept in; anything but `exact` moves answers."""
    calibration: Path | None = None
    """Rows like those to come: int8 then rounds what flows between layers, too."""
    slim: bool = True
    """Remove what the outputs do not need (onnxslim)."""
    fuse: bool = True
    """Fuse operators (ONNX Runtime's portable optimisations)."""
    external: bool = True
    """Keep large weights beside the graph, where they are mapped, not copied."""
    quick: bool = True
    """Serve the first requests from a form that loads sooner, where one pays."""
