"""Small graphs, one behaviour each, written with `onnx.helper`."""

import onnx
from onnx import TensorProto, helper

IR, OPSET = 8, 17

TYPES = {
    "float16": TensorProto.FLOAT16, "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE, "int8": TensorProto.INT8,
    "int16": TensorProto.INT16, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16, "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64, "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}  # fmt: skip


def info(name, dtype, shape):
    """A tensor's declaration; *shape* None declares no rank at all."""
    return helper.make_tensor_value_info(name, TYPES[dtype], shape)


def model(nodes, inputs, outputs, *, constants=(), opset=OPSET, domains=()):
    """A model of *nodes*."""
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializer=list(constants))
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(name, version) for name, version in domains]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR)


def saved(made, path):
    """Write *made* to *path*; the path as text."""
    onnx.save(made, str(path))
    return str(path)


def identity(dtype, shape):
    """Y is x."""
    return model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [info("x", dtype, shape)],
        [info("y", dtype, shape)],
    )


def linear(weights):
    """Score = x @ weights, and its row-wise softmax; float32."""
    features, classes = weights.shape
    return model(
        [
            helper.make_node("MatMul", ["x", "w"], ["score"]),
            helper.make_node("Softmax", ["score"], ["share"], axis=-1),
        ],
        [info("x", "float32", ["n", features])],
        [
            info("score", "float32", ["n", classes]),
            info("share", "float32", ["n", classes]),
        ],
        constants=[onnx.numpy_helper.from_array(weights, "w")],
    )


def mixed():
    """Two inputs of unlike types, three outputs of unlike ranks."""
    return model(
        [
            helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Add", ["x", "f"], ["sum"]),
            helper.make_node("ReduceMax", ["sum"], ["top"], keepdims=0),
            helper.make_node("NonZero", ["i"], ["where"]),
        ],
        [info("x", "float32", ["n", "k"]), info("i", "int64", ["n", "k"])],
        [
            info("sum", "float32", ["n", "k"]),
            info("top", "float32", []),
            info("where", "int64", [2, "found"]),
        ],
    )


def reshapes():
    """The second input says the shape of the first, and may be wrong."""
    return model(
        [helper.make_node("Reshape", ["x", "to"], ["y"])],
        [info("x", "float32", ["n"]), info("to", "int64", ["r"])],
        [info("y", "float32", None)],
    )


def sequence_output():
    """One tensor, and one sequence that no tensor engine can carry."""
    y = helper.make_tensor_sequence_value_info("all", TensorProto.FLOAT, None)
    return model(
        [
            helper.make_node("Identity", ["x"], ["y"]),
            helper.make_node("SequenceConstruct", ["x", "x"], ["all"]),
        ],
        [info("x", "float32", ["n"])],
        [info("y", "float32", ["n"]), y],
    )


def sequence_input():
    """An input that is no tensor."""
    x = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)
    return model(
        [helper.make_node("SequenceLength", ["x"], ["y"])],
        [x],
        [info("y", "int64", [])],
    )


def odd_type():
    """An input of an element type that has no name of ours."""
    x = helper.make_tensor_value_info("x", TensorProto.BFLOAT16, ["n"])
    return model(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
        [x],
        [info("y", "float32", ["n"])],
    )


def external(weights, folder):
    """`linear`, with its weights in `weights.bin` beside it; the path as text."""
    path = folder / "external.onnx"
    onnx.save(
        linear(weights),
        str(path),
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    return str(path)
