"""How long a form takes to load and to answer, on this machine."""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from lambda_runtime.manifest import Tensor
from mlflow_serverless.optimise.clean import session_options

_LOADS, _RUNS = 3, 15


def load_ms(file: Path, *, prepack: bool = True) -> float:
    """Best of a few session creations [ms], as the runtime creates them."""
    return min(_timed_load(file, prepack) for _ in range(_LOADS))


def run_us(file: Path, inputs: tuple[Tensor, ...]) -> float | None:
    """Median one-row run [us]; None if the graph refuses a row of nothing."""
    session = ort.InferenceSession(
        str(file), _options(prepack=True), providers=["CPUExecutionProvider"]
    )
    row = {tensor.name: _nothing(tensor) for tensor in inputs}
    try:
        return statistics.median(_timed_run(session, row) for _ in range(_RUNS)) * 1e6
    except Exception:  # noqa: BLE001 - each status of the library is a type of its own
        return None  # unknown categories are errors in some models


def _options(*, prepack: bool) -> ort.SessionOptions:
    options = session_options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if not prepack:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return options


def _timed_load(file: Path, prepack: bool) -> float:  # noqa: FBT001 - private
    options = _options(prepack=prepack)
    started = time.perf_counter()
    ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return (time.perf_counter() - started) * 1e3


def _timed_run(session: Any, row: dict[str, Any]) -> float:
    started = time.perf_counter()
    session.run(None, row)
    return time.perf_counter() - started


def _nothing(tensor: Tensor) -> np.ndarray[Any, Any]:
    shape = tuple(1 if size is None else size for size in tensor.shape)
    if tensor.dtype == "string":
        return np.full(shape, "", dtype=object)
    return np.zeros(shape, dtype=tensor.dtype)
