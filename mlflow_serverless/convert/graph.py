"""What a conversion makes."""

from dataclasses import dataclass
from pathlib import Path

from lambda_runtime.manifest import Answer, Feed, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxGraph:
    """An ONNX file, and how requests and answers are bound to it."""

    file: Path
    """The .onnx file; external data, if any, lies beside it."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    """Only what the answer needs."""
    feeds: tuple[Feed, ...]
    answer: Answer
    opset: tuple[tuple[str, int], ...]
    """(domain, version), sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionReport:
    """How the graph was made."""

    flavor: str
    estimator: str
    """Class names from the outside in: `Pipeline(StandardScaler, LGBMClassifier)`."""
    recipes: tuple[str, ...]
    """Which recipe made each part, in order; upstream converters by their name."""
    warnings: tuple[str, ...]
    seconds: float
    nodes: int
    """Tree nodes, or graph nodes where there are no trees."""
    libraries: tuple[tuple[str, str], ...]
    """(library, version) that took part, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The graph, its report, and forms of the graph made for load speed."""

    graph: OnnxGraph
    report: ConversionReport
    twins: tuple[OnnxGraph, ...] = ()
    """Other graphs with the same answers (trees as Gather), for the first requests."""
