"""Choosing the tolerance: dtype, reduction depth, magnitude; nothing else.

A sum of `n` rounded terms of size `s` is off by about `eps * sqrt(n) * s` (Higham &
Mary 2019, the probabilistic bound), whoever sums. Both sides sum, in another order,
so what two honest computations may differ by is

    rtol = max(SAFETY * eps * sqrt(depth), FLOOR),   atol = rtol * magnitude

and the band in which labels may tie is `SAFETY * eps * sqrt(depth)`, whatever tolerance
somebody asks for. `eps` is the coarsest float the two sides compute in (never coarser
than float32: half precision and int8 must be asked for with a tolerance of one's own),
`depth` the number of terms on the graph's longest reduction, `magnitude` the median
size of the model's own scores over the group.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.outputs import Outputs, kind_of
from mlflow_serverless.verify.stats import Tolerance

SAFETY = 8.0
"""Two sides, each at four standard deviations of the probabilistic bound."""

FLOOR = 1e-12
"""Least relative tolerance: exponentials and powers multiply the last digit's error by
the size of their argument (`exp(140)` is off by 140 spacings on both sides)."""

EPS32 = float(np.finfo(np.float32).eps)
EPS64 = float(np.finfo(np.float64).eps)

_SINGLE_OPS = frozenset(
    {
        "LinearClassifier", "LinearRegressor", "Normalizer", "SVMClassifier",
        "SVMRegressor", "TreeEnsembleClassifier",
    }
)  # fmt: skip
"""`ai.onnx.ml` operators whose result is float32, whatever goes in."""

_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
_SINGLE = frozenset({_FLOAT, _FLOAT16, _BFLOAT16})


@dataclass(frozen=True, slots=True)
class Precision:
    """What a graph computes in."""

    eps: float
    """Spacing of its coarsest floats around 1."""
    depth: int
    """Terms summed along the graph, at most."""


def precision_of(candidate: Candidate) -> Precision | None:
    """How *candidate* computes; None if its file is not ONNX (ORT's own format)."""
    if candidate.format != "onnx":
        return None
    import onnx  # noqa: PLC0415 - only to look inside

    try:
        graph = onnx.load(str(candidate.file), load_external_data=False).graph
    except Exception:  # noqa: BLE001 - judging it will say what is wrong with it
        return None
    single = any(_is_single(node) for node in _nodes(graph)) or any(
        kind in _SINGLE for kind in _value_types(graph)
    )
    return Precision(EPS32 if single else EPS64, _depth(graph))


def _nodes(graph: Any) -> Iterator[Any]:
    """All nodes, those inside loops and branches too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _value_types(graph: Any) -> Iterator[int]:
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.type.tensor_type.elem_type
    for weights in graph.initializer:
        yield weights.data_type


def _is_single(node: Any) -> bool:
    if node.op_type == "Cast":
        return any(a.name == "to" and a.i in _SINGLE for a in node.attribute)
    return node.domain == "ai.onnx.ml" and node.op_type in _SINGLE_OPS


def _depth(graph: Any) -> int:
    sizes = {weights.name: tuple(weights.dims) for weights in graph.initializer}
    return max(1, sum(_terms(node, sizes) for node in _nodes(graph)))


def _terms(node: Any, sizes: dict[str, tuple[int, ...]]) -> int:
    """How many terms *node* adds up for one number of its result."""
    if node.op_type.startswith("TreeEnsemble"):
        return _trees(node)
    if node.op_type in {"MatMul", "Gemm", "Conv"}:
        dims = [sizes[name] for name in node.input if len(sizes.get(name, ())) > 1]
        return max((math.prod(d) // max(d[-1], 1) for d in dims), default=1)
    if node.op_type in {"LinearClassifier", "LinearRegressor"}:
        return max((len(a.floats) for a in node.attribute), default=1)
    return 1 if node.op_type in {"Add", "Sub", "Mul", "Div", "Exp", "Sigmoid"} else 0


def _trees(node: Any) -> int:
    for attribute in node.attribute:
        if attribute.name == "tree_roots":
            return len(attribute.ints)
        if attribute.name == "nodes_treeids":
            return len(set(attribute.ints))
    return 1


def agreed(found: Sequence[Precision | None]) -> tuple[Precision, ...]:
    """
    The precision to hold each candidate to.

    They say the same thing in different forms, so they share the deepest reduction;
    each keeps its own floats. ORT's own format is as coarse as the others.
    """
    known = [item for item in found if item is not None] or [Precision(EPS32, 1)]
    coarsest, depth = max(p.eps for p in known), max(p.depth for p in known)
    return tuple(Precision(p.eps if p else coarsest, depth) for p in found)


def tolerance_for(
    precision: Precision, native: Outputs, options: ParityOptions
) -> Tolerance:
    """The tolerance for one group, from its precision and the size of its scores."""
    eps = max(precision.eps, *(_eps_of(native)), 0.0)
    rounding = SAFETY * eps * math.sqrt(precision.depth)
    unit = max(rounding, FLOOR)
    rtol = unit if options.rtol is None else options.rtol
    atol = unit * magnitude(native) if options.atol is None else options.atol
    return Tolerance(rtol, atol, tie_band=rounding)


def _eps_of(native: Outputs) -> Iterable[float]:
    scores = [a for a in native.arrays.values() if kind_of(a) == "score"]
    return [float(max(np.finfo(array.dtype).eps, EPS64)) for array in scores] or [0.0]


def magnitude(native: Outputs) -> float:
    """Median over rows of the largest finite score; 1 where there is none."""
    rows = [
        _row_sizes(array.astype(np.float64))
        for array in native.arrays.values()
        if kind_of(array) == "score" and array.size
    ]
    sizes = np.concatenate(rows) if rows else np.empty(0)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(np.median(sizes)) if sizes.size else 1.0


def _row_sizes(scores: Any) -> Any:
    flat = np.abs(scores).reshape(len(scores) if scores.ndim else 1, -1)
    return np.where(np.isfinite(flat), flat, 0.0).max(axis=1)
