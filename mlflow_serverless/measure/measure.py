"""The room's verb: the runtime, started and asked, and what it used."""

import time
from collections.abc import Iterable
from pathlib import Path

from mlflow_serverless.measure.asked import Asked
from mlflow_serverless.measure.values import Measured
from mlflow_serverless.native.start import started

BUDGET_S = 5.0
"""No further request is made after this long: memory is what the first ones need."""

_MB = 1024 * 1024


def measure(
    bundle: Path, asked: Iterable[Asked], python: Path | None = None
) -> Measured:
    """
    Serve *bundle* by the real runtime, in a process of its own, and ask it.

    Requests that it refuses count as well: refusing takes memory, too.

    Args:
        bundle: Its folder.
        asked: Requests, in order.
        python: Runs it; this interpreter if None.

    Raises:
        ColdStartError: It does not come to serve.
        SlowAnswerError: It takes longer than any function may.
    """
    count = rows = largest = 0
    with started(bundle, python) as runtime:
        until = time.monotonic() + BUDGET_S
        for one in asked:
            runtime.post(one.body)
            count, rows = count + 1, rows + one.rows
            largest = max(largest, len(one.body))
            if time.monotonic() > until:
                break
        return Measured(
            memory_mb=-(-runtime.peak_bytes() // _MB),
            scratch_bytes=runtime.scratch_bytes(),
            requests=count, rows=rows, largest_bytes=largest,
        )  # fmt: skip
