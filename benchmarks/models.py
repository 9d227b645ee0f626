"""The models that are measured: random weights, no downloads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = 32
RNG = np.random.default_rng(0)
_BEGINNING = RNG.bit_generator.state


def restart() -> None:
    """Draw the same numbers again: a model is the same whatever was made before it."""
    RNG.bit_generator.state = _BEGINNING


def table(rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Rows of 32 floats and a label that depends on some of them."""
    x = RNG.normal(size=(rows, FEATURES)).astype("f4")
    y = (x[:, 0] + x[:, 1] * x[:, 2] + RNG.normal(size=rows) * 0.5 > 0).astype("i8")
    return x, y


def logistic():
    """A logistic regression over 32 features."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=200).fit(*table())


def forest():
    """200 trees, depth 12: some hundred thousand nodes."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = table(40_000)
    flip = RNG.random(len(y)) < 0.25
    return RandomForestClassifier(200, max_depth=12, random_state=0, n_jobs=2).fit(
        x, np.where(flip, 1 - y, y)
    )


def boosted():
    """XGBoost, 500 trees."""
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=500, max_depth=6, n_jobs=2).fit(*table())


def mlp():
    """Three hidden layers of 1,024: 8.5 MB of float32."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one pass is not convergence
        return MLPClassifier((1024,) * 3, max_iter=1, random_state=0).fit(*table(400))


def convolutional(path: Path, *, megabytes: int = 100) -> Path:
    """3x3 convolutions to a given weight, like a ResNet-50's."""
    channels = 512
    count = max(1, megabytes * 2**20 // (channels * channels * 9 * 4))
    nodes = [helper.make_node("Conv", ["x", "stem"], ["c"], kernel_shape=[1, 1])]
    stem = RNG.normal(size=(channels, 3, 1, 1)).astype("f4") * 0.01
    weights, last = [numpy_helper.from_array(stem, "stem")], "c"
    for index in range(count):
        weight = RNG.standard_normal((channels, channels, 3, 3), "f4") * 0.01
        weights.append(numpy_helper.from_array(weight, f"w{index}"))
        nodes.append(
            helper.make_node(
                "Conv", [last, f"w{index}"], [f"c{index}"], pads=[1, 1, 1, 1]
            )
        )
        nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"]))
        last = f"r{index}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pool"]))
    return _save(
        path, nodes, weights, "pool", [None, 3, 14, 14], [None, channels, 1, 1]
    )


def transformer(path: Path, *, megabytes: int = 400) -> Path:
    """Feed-forward blocks of a transformer's size, to a given weight."""
    width, inner = 768, 3072
    count = max(1, megabytes * 2**20 // (2 * width * inner * 4))
    nodes, weights, last = [], [], "x"
    for index in range(count):
        for part, shape in (("up", (width, inner)), ("down", (inner, width))):
            weight = RNG.standard_normal(shape, "f4") * 0.02
            weights.append(numpy_helper.from_array(weight, f"{part}{index}"))
        nodes += [
            helper.make_node("MatMul", [last, f"up{index}"], [f"u{index}"]),
            helper.make_node("Relu", [f"u{index}"], [f"a{index}"]),
            helper.make_node("MatMul", [f"a{index}", f"down{index}"], [f"d{index}"]),
            helper.make_node("Add", [last, f"d{index}"], [f"s{index}"]),
        ]
        last = f"s{index}"
    return _save(path, nodes, weights, last, [None, 16, width], [None, 16, width])


def _save(path, nodes, weights, last, inputs, outputs) -> Path:
    graph = helper.make_graph(
        [*nodes, helper.make_node("Identity", [last], ["y"])],
        path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)],
        weights,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.save(model, path)
    return path
