"""Clean-up that leaves every answer as it was."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import onnx

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

SLIM_UP_TO_BYTES = 512 << 20
"""onnxslim holds several copies of a graph in memory."""


def slimmed(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, bool]:
    """
    *proto* after onnxslim, and whether it ran.

    It runs where a graph came from elsewhere and it is installed; graphs of our own
    recipes have nothing to slim, and trees are opaque to it.
    """
    ours = proto.producer_name == "mlflow-serverless"
    if ours or find_spec("onnxslim") is None or proto.ByteSize() > SLIM_UP_TO_BYTES:
        return proto, False
    import onnxslim  # noqa: PLC0415 - optional

    return onnxslim.slim(proto), True


def optimised(proto: onnx.ModelProto) -> onnx.ModelProto:
    """
    *proto* as onnxruntime writes it after its portable (extended) optimisations.

    Layouts that suit only this machine's processor are left to the session.
    """
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        onnx.save(proto, before)
        options = session_options()
        options.optimized_model_filepath = str(after)
        options.graph_optimization_level = (
            ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        )
        ort.InferenceSession(str(before), options, providers=["CPUExecutionProvider"])
        result: onnx.ModelProto = onnx.load(after)
        return result


def session_options(*, threads: int = 1) -> ort.SessionOptions:
    """Quiet, on *threads* threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options
