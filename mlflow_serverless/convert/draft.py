"""What a flavour's converter hands over, before it becomes files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx

from lambda_runtime.manifest import Answer, Feed, Tensor
from mlflow_serverless.convert.graph import OnnxGraph
from mlflow_serverless.convert.lower.builder import Builder


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A graph in memory, and how it is bound."""

    proto: onnx.ModelProto
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    feeds: tuple[Feed, ...]
    answer: Answer
    recipes: tuple[str, ...]
    warnings: tuple[str, ...]
    tree_nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A loaded model that can be drafted; twice if a twin is worth having."""

    estimator: str
    """Class names from the outside in."""
    draft: Callable[[Builder], Draft]


def save(draft: Draft, file: Path) -> OnnxGraph:
    """Write *draft* to *file*; external data is `optimise`'s business."""
    onnx.save(draft.proto, file)
    return OnnxGraph(
        file=file,
        inputs=draft.inputs,
        outputs=draft.outputs,
        feeds=draft.feeds,
        answer=draft.answer,
        opset=tuple(sorted((o.domain, o.version) for o in draft.proto.opset_import)),
    )
