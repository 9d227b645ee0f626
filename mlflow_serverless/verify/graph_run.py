"""Run a candidate as it lies on disk, with python onnxruntime."""

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from lambda_runtime.engine.options import options_for
from lambda_runtime.manifest import CHECKED, Check
from mlflow_serverless.verify.batch import Batch, rows_of, take
from mlflow_serverless.verify.bind import answer_of, bind
from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.outputs import Outputs, join_outputs

CHUNK = 4_096
"""Rows in one run: bounds memory, and exercises the kernels' batch paths."""

WORKERS = min(os.cpu_count() or 1, 4)
"""Pieces of a batch that run at once."""

ENOUGH_S = 0.5
"""Spent on timing one-row runs, at most, beyond the first three [s]."""

QUICK_S = 0.1
"""Sessions made faster than this are made twice, and the second time counts [s]."""


class RefusedError(ValueError):
    """The graph says that the model raises for a row, which the model answers."""

    def __init__(self, row: int, check: Check) -> None:
        where = f" in {check.of!r}" if check.of else ""
        super().__init__(f"it finds {check.value}{where} in row {row}, and refuses")


class GraphRun:
    """
    A session on a candidate, opened as the runtime will open it, with one thread.

    Batches are cut into pieces that run side by side; the answers do not depend on it.

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
        self._frozen = _frozen_rows(candidate)
        self._checks = candidate.answer.checks
        wanted = [field.output for field in candidate.answer.fields]
        self._wanted = list(
            dict.fromkeys([*wanted, CHECKED] if self._checks else wanted)
        )

    def answer(
        self, batch: Batch, *, chunk: int = CHUNK, left_out: Sequence[str] = ()
    ) -> Outputs:
        """
        The candidate's answers to *batch*, *chunk* rows at a time.

        *left_out* are optional columns that the rows do not have.
        """
        rows, chunk = rows_of(batch), min(chunk, self._frozen or chunk)
        pieces = [
            np.arange(start, min(start + chunk, rows))
            for start in range(0, max(rows, 1), chunk)
        ]
        if len(pieces) == 1:
            return self._once(batch, left_out)
        with ThreadPoolExecutor(WORKERS) as pool:
            found = pool.map(lambda p: self._once(take(batch, p), left_out), pieces)
            return join_outputs(list(found))

    def _once(self, batch: Batch, left_out: Sequence[str]) -> Outputs:
        candidate = self._candidate
        feeds = bind(batch, candidate.feeds, candidate.inputs, left_out)
        return answer_of(self._run(feeds), candidate.answer)

    def _run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        values = self._session.run(self._wanted, dict(feeds))
        found = dict(zip(self._wanted, values, strict=True))
        if self._checks and found[CHECKED].any():
            row = int(np.flatnonzero(found[CHECKED])[0])
            check = self._checks[int(found[CHECKED][row]) - 1]
            raise RefusedError(row, check)
        return found

    def one_row_us(self, batch: Batch, *, runs: int = 40) -> float:
        """Median time of one run on the first row, without binding [us]."""
        one = take(batch, np.arange(self._frozen or 1))
        feeds = bind(one, self._candidate.feeds, self._candidate.inputs)
        found = [self._timed(feeds) for _ in range(3)]
        more = min(runs, int(ENOUGH_S / max(found[-1], 1e-6)))
        found += [self._timed(feeds) for _ in range(more)]
        return statistics.median(found) * 1e6

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
    """The session options that the runtime's engines would choose."""
    options = options_for(candidate.variant, threads=1, version=ort.__version__)
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = ort.GraphOptimizationLevel(options.level)
    settings.log_severity_level = 3
    for key, value in options.entries:
        settings.add_session_config_entry(key, value)
    return settings
