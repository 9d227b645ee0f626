"""What a graph will cost is read off the graph alone."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mlflow_serverless.optimise import clean, estimate


def dense(width: int, layers: int) -> onnx.ModelProto:
    """A stack of square matrix products."""
    weights = [
        numpy_helper.from_array(np.ones((width, width), "f4"), f"w{i}")
        for i in range(layers)
    ]
    nodes = [
        helper.make_node("MatMul", [f"h{i}", f"w{i}"], [f"h{i + 1}"])
        for i in range(layers)
    ]
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("h0", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(f"h{layers}", TensorProto.FLOAT, [None, width])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_more_weights_take_longer():
    """Loading and running grow with the weights; an empty graph still has a session."""
    small, large = dense(32, 1), dense(1024, 3)

    assert estimate.SESSION_MS <= estimate.load_ms(small) < estimate.load_ms(large)
    assert estimate.run_us(small) < estimate.run_us(large)


def test_weights_that_stay_in_the_file_load_faster():
    """Not laying weights out makes loading nearly free of their size."""
    graph = dense(1024, 3)

    assert estimate.load_ms(graph, prepack=False) < estimate.load_ms(graph)


@pytest.mark.parametrize(("width", "shared"), [(64, False), (2048, True)])
def test_only_long_runs_are_worth_more_threads(width, shared):
    """A run of well under a millisecond is told from one well over."""
    assert shared == (estimate.run_us(dense(width, 4)) > 1000)


def convolution(side: int) -> onnx.ModelProto:
    """One layer and its activation, over a square."""
    kernel = numpy_helper.from_array(np.ones((64, 64, 3, 3), "f4"), "k")
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    of = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "conv",
        [of("x", TensorProto.FLOAT, [None, 64, side, side])],
        [of("y", TensorProto.FLOAT, [None, 64, side, side])],
        [kernel],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9)


def test_convolutions_count_every_place():
    """A kernel's work is its weights times the places it is applied to."""
    small, large = (estimate.run_us(convolution(side)) for side in (8, 32))

    assert 15 < large / small < 17


def test_fused_operators_count_as_what_they_fuse():
    """What ONNX Runtime merges offline still takes its time."""
    plain = convolution(32)
    fused = clean.optimised(plain)

    assert ["FusedConv"] == [node.op_type for node in fused.graph.node]
    assert 0.99 < estimate.run_us(fused) / estimate.run_us(plain) < 1.01
