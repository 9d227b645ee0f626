"""Run a candidate as it lies on disk, with python onnxruntime."""

import statistics
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mlflow_serverless.verify.batch import Batch, rows_of, take
from mlflow_serverless.verify.bind import answer_of, bind
from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.outputs import Outputs, join_outputs

CHUNK = 4_096
"""Rows in one run: bounds memory, and exercises the kernels' batch paths."""

QUICK_S = 0.1
"""Sessions made faster than this are made twice, and the second time counts [s]."""


class GraphRun:
    """
    A session on a candidate: one thread, no optimisation on top of what it holds.

    Raises:
        Exception: Whatever onnxruntime raises when it cannot load the file.
    """

    def __init__(self, candidate: Candidate) -> None:
        self._session, seconds = _open(candidate)
        if seconds < QUICK_S:  # the first session of a process also starts the library
            self._session, again = _open(candidate)
            seconds = min(seconds, again)
        self.load_ms = seconds * 1e3
        """Time to create the session [ms]."""
        self._candidate = candidate
        self._most = _frozen_rows(candidate) or CHUNK
        self._wanted = list(dict.fromkeys(f.output for f in candidate.answer.fields))

    def answer(self, batch: Batch, *, chunk: int = CHUNK) -> Outputs:
        """The candidate's answers to *batch*, *chunk* rows at a time."""
        rows, chunk = rows_of(batch), min(chunk, self._most)
        starts = range(0, max(rows, 1), chunk)
        return join_outputs(
            [
                self._once(take(batch, np.arange(start, min(start + chunk, rows))))
                for start in starts
            ]
        )

    def _once(self, batch: Batch) -> Outputs:
        candidate = self._candidate
        return answer_of(
            self._run(bind(batch, candidate.feeds, candidate.inputs)), candidate.answer
        )

    def _run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        found = self._session.run(self._wanted, dict(feeds))
        return dict(zip(self._wanted, found, strict=True))

    def one_row_us(self, batch: Batch, *, runs: int = 40) -> float:
        """Median time of one run on the first row, without binding [us]."""
        one = take(batch, np.arange(1))
        feeds = bind(one, self._candidate.feeds, self._candidate.inputs)
        return statistics.median(self._timed(feeds) for _ in range(runs)) * 1e6

    def _timed(self, feeds: Mapping[str, NDArray[Any]]) -> float:
        started = time.perf_counter()
        self._session.run(self._wanted, dict(feeds))
        return time.perf_counter() - started


def _frozen_rows(candidate: Candidate) -> int | None:
    """How many rows a run takes, where an export fixed that; None if it varies."""
    sizes = [tensor.shape[0] for tensor in candidate.inputs if tensor.shape]
    return next((size for size in sizes if size is not None), None)


def _open(candidate: Candidate) -> tuple[ort.InferenceSession, float]:
    """A session, and the time it took to make [s]."""
    started = time.perf_counter()
    session = ort.InferenceSession(
        str(candidate.file), _settings(candidate), providers=["CPUExecutionProvider"]
    )
    return session, time.perf_counter() - started


def _settings(candidate: Candidate) -> ort.SessionOptions:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.log_severity_level = 3
    settings.add_session_config_entry(
        "session.disable_prepacking", "0" if candidate.prepack else "1"
    )
    if candidate.format == "ort":
        settings.add_session_config_entry("session.load_model_format", "ORT")
    return settings
