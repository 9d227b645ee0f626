"""What can wait: run between posting an answer and asking for the next event.

The caller has the answer by then; Lambda freezes the process only once it asks for
more. The time is billed, and a next caller may be waiting, so it is bounded, by a
budget and by what is left of the invocation.
"""

from __future__ import annotations

from time import time_ns

from lambda_runtime.loop import report
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation

MARGIN_MS = 250
"""Kept free before the invocation's deadline [ms]."""


class Job(NamedTuple):
    """Something to be done once, some time after the first answer."""

    name: str
    run: Callable[[int], object]
    """Given until when it may work [ms since the epoch]; False asks for another go."""
    needs_ms: int
    """Not begun with less time than this [ms]."""


class After:
    """
    Called after each answer.

    Args:
        jobs: Done once each, in order, as time allows.
        note: Told of every request; cheap.
        budget_ms: Most time for jobs after one answer [ms].
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        note: Callable[[Invocation, Outcome], None],
        *,
        budget_ms: int,
    ) -> None:
        self._jobs = list(jobs)
        self._note = note
        self._budget_ms = budget_ms

    def __call__(self, invocation: Invocation, outcome: Outcome) -> None:
        """Note the request, then work on; nothing that fails here reaches a caller."""
        self.note(invocation, outcome)
        if self._jobs:
            until = _now_ms() + self._budget_ms
            if invocation.deadline_ms:
                until = min(until, invocation.deadline_ms - MARGIN_MS)
            self.work(until)

    def note(self, invocation: Invocation, outcome: Outcome) -> None:
        """Tell of one request."""
        try:
            self._note(invocation, outcome)
        except Exception as cause:  # noqa: BLE001 - the answer is out already
            report(cause)

    def work(self, until_ms: int) -> None:
        """Do what is still to be done and can be begun before *until_ms*."""
        self._jobs = [
            job
            for job in self._jobs
            if _now_ms() + job.needs_ms > until_ms or not _done(job, until_ms)
        ]


def _done(job: Job, until_ms: int) -> bool:
    try:
        return job.run(until_ms) is not False
    except Exception as cause:  # noqa: BLE001 - it is not tried again
        report(cause)
        return True


def _now_ms() -> int:
    return time_ns() // 1_000_000
