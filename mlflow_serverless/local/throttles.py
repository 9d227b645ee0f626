"""Requests that were turned away, told in a line now and then, as CloudWatch counts."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable

from mlflow_serverless.local.journal import Entry
from mlflow_serverless.local.route import Target

EVERY_S = 0.2
"""They come in floods: all of this time are one line [s]."""


class Throttles:
    """
    Counts by version.

    Args:
        record: Takes the lines.
    """

    def __init__(self, record: Callable[[Entry], None]) -> None:
        self._record = record
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, target: Target) -> None:
        """One more request of *target* was turned away."""
        if not self._counts:
            asyncio.get_running_loop().call_later(EVERY_S, self._tell)
        self._counts[target.name, target.version] += 1

    def _tell(self) -> None:
        counts, self._counts = self._counts, Counter()
        now = time.time()
        for (name, version), count in counts.items():
            line = {
                "_aws": {"Timestamp": int(now * 1000)}, "FunctionName": name,
                "FunctionVersion": version, "Throttles": count,
            }  # fmt: skip
            self._record(Entry(now, name, version, "", json.dumps(line)))
