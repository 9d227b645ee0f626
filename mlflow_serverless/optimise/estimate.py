"""What a form will cost, from its graph alone: the same on every machine.

The manifest carries these figures, and a bundle made twice must be the same bytes, so
measured times have no place in it; they are in the report. The runtime only asks
whether a run is long enough to share out, and whether a load fits in the time left,
so the right power of ten is enough. The rates are one thread of a 2020s server core
with ONNX Runtime 1.31, rounded.
"""

from math import prod

import onnx

SESSION_MS = 2.5
"""Creating the session of an empty graph [ms]."""

TREE_NODE_MS = 0.0004
"""Building one node of a TreeEnsemble [ms]."""

MAPPED_MS_PER_MB = 0.03
PREPACKED_MS_PER_MB = 0.8
"""Opening weights as they lie in the file, and laying them out [ms/MB]."""

OPERATOR_US = 1.0
"""Dispatching one operator [us]."""

TREE_STEP_US = 0.025
"""One step down one tree [us]."""

MACS_PER_US = 4_000
"""Multiply-adds in dense operators [1/us]."""

_LOG2_LEAVES = 8
"""Steps down a tree whose depth is not written in the graph."""

_FUSED = {
    "FusedConv": ("Conv", {"auto_pad", "dilations", "group", "pads", "strides"}),
    "FusedGemm": ("Gemm", {"transA", "transB"}),
    "FusedMatMul": ("MatMul", set[str]()),
}
"""ONNX Runtime's operators, the standard ones in them, and what shapes depend on."""

_OVER_PLACES = {"Conv", "ConvInteger", "QLinearConv"}
_OVER_ROWS = {
    "MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "DynamicQuantizeMatMul",
    "MatMulIntegerToFloat",
}  # fmt: skip
"""Dense operators: their weights are applied at every place, or to every row."""


def load_ms(proto: onnx.ModelProto, *, prepack: bool = True) -> float:
    """Session creation [ms]."""
    megabytes = sum(_bytes(tensor) for tensor in proto.graph.initializer) / 1e6
    rate = PREPACKED_MS_PER_MB if prepack else MAPPED_MS_PER_MB
    trees = sum(_tree_nodes(node) for node in proto.graph.node)
    return round(SESSION_MS + TREE_NODE_MS * trees + rate * megabytes, 1)


def run_us(proto: onnx.ModelProto) -> float:
    """A run of one row [us]; dimensions that vary count as one."""
    plain = _unfused(proto)
    shapes = _shapes(plain)
    weights = {tensor.name: tensor.dims for tensor in proto.graph.initializer}
    trees = sum(_tree_roots(node) for node in proto.graph.node)
    macs = sum(_macs(node, weights, shapes) for node in plain.graph.node)
    return round(
        OPERATOR_US * _dispatched(proto.graph)
        + TREE_STEP_US * _LOG2_LEAVES * trees
        + macs / MACS_PER_US,
        1,
    )


def _dispatched(graph: onnx.GraphProto) -> int:
    """Operators that one run goes through; those of a loop in each of its rounds."""
    rounds = {
        tensor.name: int(onnx.numpy_helper.to_array(tensor))
        for tensor in graph.initializer
        if not tensor.dims and tensor.data_type == onnx.TensorProto.INT64
    }
    total = len(graph.node)
    for node in graph.node:
        times = rounds.get(node.input[0], 1) if node.op_type == "Loop" else 1
        bodies = (a.g for a in node.attribute if a.HasField("g"))
        total += times * sum(map(_dispatched, bodies))
    return total


def _bytes(tensor: onnx.TensorProto) -> int:
    size = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return int(size * prod(tensor.dims))


def _tree_nodes(node: onnx.NodeProto) -> int:
    names = {"nodes_featureids", "nodes_nodeids"}
    return max((len(a.ints) for a in node.attribute if a.name in names), default=0)


def _tree_roots(node: onnx.NodeProto) -> int:
    for attribute in node.attribute:
        if attribute.name == "tree_roots":
            return len(attribute.ints)
        if attribute.name == "nodes_treeids":
            return len(set(attribute.ints))
    return 0


def _unfused(proto: onnx.ModelProto) -> onnx.ModelProto:
    """*proto* in standard operators, as shapes are known through those only."""
    plain = onnx.ModelProto()
    plain.CopyFrom(proto)
    for node in plain.graph.node:
        if node.op_type not in _FUSED:
            continue
        kind, shaping = _FUSED[node.op_type]
        kept = [attribute for attribute in node.attribute if attribute.name in shaping]
        named = (list(node.input)[:3], list(node.output)[:1])
        node.CopyFrom(onnx.helper.make_node(kind, *named, name=node.name))
        node.attribute.extend(kept)
    return plain


def _shapes(proto: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of what flows between operators, with 1 where a dimension varies."""
    inferred = onnx.shape_inference.infer_shapes(proto)
    values = (*inferred.graph.value_info, *inferred.graph.output)
    return {
        value.name: tuple(
            dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim
        )
        for value in values
    }


def _macs(
    node: onnx.NodeProto,
    weights: dict[str, list[int]],
    shapes: dict[str, tuple[int, ...]],
) -> int:
    """Multiply-adds of a dense operator: its weights times where they are applied."""
    dims = next((weights[name] for name in node.input if name in weights), None)
    if dims is None or node.op_type not in _OVER_PLACES | _OVER_ROWS:
        return 0
    out = shapes.get(node.output[0], ())
    places = out[2:] if node.op_type in _OVER_PLACES else out[:-1]
    return prod(dims) * prod(places)
