"""Graphs as upstream converters make them, and ways to spoil them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lambda_runtime.manifest import Answer, Feed, Field, Tensor
from mlflow_serverless.verify import Candidate

DTYPES = {
    TensorProto.FLOAT: "float32", TensorProto.DOUBLE: "float64",
    TensorProto.INT64: "int64", TensorProto.STRING: "string",
    TensorProto.BOOL: "bool",
}  # fmt: skip


def candidate(
    proto: Any,
    folder: Path,
    columns: Sequence[str] = (),
    *,
    answer: Answer,
    name: str = "portable",
    feeds: tuple[Feed, ...] | None = None,
) -> Candidate:
    """*proto* written down as a candidate; one input takes all *columns*."""
    file = folder / f"{name}.onnx"
    file.write_bytes(proto.SerializeToString())
    inputs = tuple(map(tensor, proto.graph.input))
    return Candidate(
        name=name,
        file=file,
        inputs=inputs,
        outputs=tuple(map(tensor, proto.graph.output)),
        feeds=feeds or (Feed(inputs[0].name, tuple(columns)),),
        answer=answer,
    )


def tensor(value: Any) -> Tensor:
    """A graph's input or output as the contract says it."""
    kind = value.type.tensor_type
    shape = tuple(d.dim_value or None for d in kind.shape.dim)
    return Tensor(value.name, DTYPES[kind.elem_type], shape)


def labels(*names: Any) -> Answer:
    """Labels straight from the graph, or looked up in *names*."""
    return Answer("array", (Field("label", labels=tuple(names)),))


PROBABILITIES = Answer("array", (Field("probabilities"),))
SCORES = Answer("array", (Field("variable", column=0),))


def converted(estimator: Any, width: int, *, double: bool = False) -> Any:
    """What skl2onnx makes of *estimator*, ZipMap off."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    kind = DoubleTensorType if double else FloatTensorType
    final = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    options = {id(final): {"zipmap": False}} if hasattr(final, "classes_") else None
    return to_onnx(
        estimator, initial_types=[("X", kind([None, width]))], options=options
    )


def spoilt(proto: Any, attribute: str, change: Callable[[list[Any]], list[Any]]) -> Any:
    """A copy of *proto* in which one attribute's values are changed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for node in copy.graph.node:
        for index, item in enumerate(node.attribute):
            if item.name == attribute:
                values = change(list(helper.get_attribute_value(item)))
                del node.attribute[index]
                node.attribute.append(helper.make_attribute(attribute, values))
                return copy
    raise KeyError(attribute)


def one_ulp_up(values: list[float], at: int) -> list[float]:
    """The value at *at* replaced by its float32 neighbour above."""
    values[at] = float(np.nextafter(np.float32(values[at]), np.float32(np.inf)))
    return values


def last_of_equals(proto: Any) -> Any:
    """A copy that also answers `last`: the best class, the last one among equals."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    copy.graph.node.append(
        helper.make_node(
            "ArgMax",
            ["probabilities"],
            ["last"],
            axis=1,
            keepdims=0,
            select_last_index=1,
        )
    )
    copy.graph.output.append(
        helper.make_tensor_value_info("last", TensorProto.INT64, [None])
    )
    return copy


def histogram_graph(model: Any, width: int) -> Any:
    """One tree of a HistGradientBoosting regressor, thresholds cast to float32."""
    nodes = model._predictors[0][0].nodes
    inner = [i for i, node in enumerate(nodes) if not node["is_leaf"]]
    leaves = [i for i, node in enumerate(nodes) if node["is_leaf"]]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["variable"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(model._baseline_prediction[0][0])],
        nodes_treeids=[0] * len(nodes),
        nodes_nodeids=list(range(len(nodes))),
        nodes_featureids=nodes["feature_idx"].astype(int).tolist(),
        nodes_modes=["BRANCH_LEQ" if i in inner else "LEAF" for i in range(len(nodes))],
        nodes_values=nodes["num_threshold"].astype(np.float32).astype(float).tolist(),
        nodes_truenodeids=nodes["left"].astype(int).tolist(),
        nodes_falsenodeids=nodes["right"].astype(int).tolist(),
        nodes_missing_value_tracks_true=nodes["missing_go_to_left"]
        .astype(int)
        .tolist(),
        target_treeids=[0] * len(leaves),
        target_nodeids=leaves,
        target_ids=[0] * len(leaves),
        target_weights=[float(nodes[i]["value"]) for i in leaves],
    )
    graph = helper.make_graph(
        [node],
        "histogram",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def linear(weights: Sequence[float], bias: float, dtype: int) -> Any:
    """`X @ w + b` in one precision throughout."""
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    column = np.array(weights, kind).reshape(-1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["X", "w"], ["m"]),
            helper.make_node("Add", ["m", "b"], ["variable"]),
        ],
        "linear",
        [helper.make_tensor_value_info("X", dtype, [None, len(weights)])],
        [helper.make_tensor_value_info("variable", dtype, [None, 1])],
        [
            numpy_helper.from_array(column, "w"),
            numpy_helper.from_array(np.array([bias], kind), "b"),
        ],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
