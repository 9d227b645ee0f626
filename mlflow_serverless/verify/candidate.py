"""What is put to the proof."""

from dataclasses import dataclass
from pathlib import Path

from lambda_runtime.manifest import Answer, Feed, Tensor, Variant
from mlflow_serverless.convert.graph import OnnxGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One artefact as it will be served: every variant is its own candidate."""

    name: str
    """The variant's name: `portable`, `mapped`, `gather`, ..."""
    file: Path
    """What opens the session; external data lies beside it."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    feeds: tuple[Feed, ...]
    answer: Answer
    needs: tuple[Path, ...] = ()
    """Further files it refers to."""
    format: str = "onnx"
    """`onnx` or `ort`."""
    prepack: bool = True
    """Whether the session lays weights out for speed while loading."""
    optimised: bool = False
    """Whether loading leaves the graph as it is in the file."""
    engine: str = "ort-c"
    """What will run it: `ort-c` or `ort-python`."""

    @property
    def variant(self) -> Variant:
        """How the runtime opens it; parity is proved on a session opened alike."""
        return Variant(
            self.name,
            self.file.name,
            needs=tuple(path.name for path in self.needs),
            format=self.format,
            prepack=self.prepack,
            optimised=self.optimised,
        )

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(path.stat().st_size for path in (self.file, *self.needs))


def candidate_of(
    graph: OnnxGraph, name: str = "portable", *, variant: Variant | None = None
) -> Candidate:
    """
    The candidate that *graph* is.

    Args:
        graph: The form itself; its file opens the session.
        name: What it is called, where *variant* does not say.
        variant: How it will be opened, if that is decided already.
    """
    chosen = variant or Variant(name, graph.file.name)
    return Candidate(
        name=chosen.name,
        file=graph.file,
        inputs=graph.inputs,
        outputs=graph.outputs,
        feeds=graph.feeds,
        answer=graph.answer,
        needs=tuple(graph.file.parent / path for path in chosen.needs),
        format=chosen.format,
        prepack=chosen.prepack,
        optimised=chosen.optimised,
    )
