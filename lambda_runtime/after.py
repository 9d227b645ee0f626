"""What can wait: run between posting an answer and asking for the next event.

On Lambda the caller has the answer by then, and the process is frozen only once it
asks for more; AWS's emulator hands the answer on only at that moment. The time is
billed, and a next caller may be waiting, so it is bounded, by a budget and by what is
left of the invocation.

Many environments answer once and are never used again. What only makes later answers
faster therefore waits for a second one, which shows that there are later answers.
"""

from __future__ import annotations

from time import time_ns

from lambda_runtime.loop import report
from lambda_runtime.record import NamedTuple
from lambda_runtime.telemetry import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambda_runtime.loop import Outcome
    from lambda_runtime.runtime_api import Invocation

AGAIN = "again"
"""A job's word for: nothing is left for now, ask again after the next answer."""

MARGIN_MS = 250
"""Kept free before the invocation's deadline [ms]."""


class Job(NamedTuple):
    """Something to be done once, some time after an answer."""

    name: str
    run: Callable[[int], object]
    """Given until when it may work [ms since the epoch]; False asks for another go,
    and for more time; `AGAIN` for another go only."""
    needs_ms: int
    """Not begun with less time than this [ms]."""
    answers: int = 1
    """Not begun before so many answers were posted."""


class After:
    """
    Called after each answer.

    A job that needs more than the budget of one answer is not starved: what its
    answers had to give is saved up until it fits. Only the function's own time limit
    can keep it from ever being begun, and that is told once.

    Args:
        jobs: Done once each, in order, as time allows.
        note: Told of every request; cheap.
        budget_ms: Most time for jobs after one answer, on average [ms].
        tell: Gets one line if the function's time limit keeps a job from being begun.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        note: Callable[[Invocation, Outcome], None],
        *,
        budget_ms: int,
        tell: Callable[[str], object] = say,
    ) -> None:
        self._jobs = list(jobs)
        self._note, self._tell = note, tell
        self._budget_ms = budget_ms
        self._saved_ms = 0
        self._answers = 0
        self._told = False

    def __call__(self, invocation: Invocation, outcome: Outcome) -> None:
        """Note the request, then work on; nothing that fails here reaches a caller."""
        self.note(invocation, outcome)
        if not self._jobs:
            return
        self._answers += 1
        due = [job for job in self._jobs if job.answers <= self._answers]
        if due:
            self._spend(due, invocation.deadline_ms)

    def note(self, invocation: Invocation, outcome: Outcome) -> None:
        """Tell of one request."""
        try:
            self._note(invocation, outcome)
        except Exception as cause:  # noqa: BLE001 - the answer is out already
            report(cause)

    def work(self, until_ms: int) -> None:
        """Do what is still to be done and can be begun before *until_ms*."""
        self._do(self._jobs, until_ms)

    def _spend(self, due: Sequence[Job], deadline_ms: int) -> None:
        """Work on what is *due*, for as long as answers have paid for."""
        began = _now_ms()
        self._saved_ms += self._budget_ms
        until, last = began + self._saved_ms, deadline_ms - MARGIN_MS
        left = self._do(due, min(until, last) if deadline_ms else until)
        self._saved_ms -= min(self._saved_ms, _now_ms() - began)
        if not left and all(job in due for job in self._jobs):
            self._saved_ms = 0  # nothing is waiting for it
        if left and deadline_ms and last < until and not self._told:
            self._told = True
            self._tell(
                f"after.out-of-time jobs={','.join(job.name for job in left)} "
                f"has_ms={max(0, last - began)} why=the function's time limit leaves "
                "no more after this answer; it waits for one that leaves enough"
            )

    def _do(self, jobs: Sequence[Job], until_ms: int) -> list[Job]:
        """Do *jobs* that fit; those that want more time."""
        left, done = [], []
        for job in jobs:
            fits = _now_ms() + job.needs_ms <= until_ms
            said = _outcome(job, until_ms) if fits else False
            if said is False:
                left.append(job)
            elif said != AGAIN:
                done.append(job)
        self._jobs = [job for job in self._jobs if job not in done]
        return left


def _outcome(job: Job, until_ms: int) -> object:
    try:
        return job.run(until_ms)
    except Exception as cause:  # noqa: BLE001 - it is not tried again
        report(cause)
        return None


def _now_ms() -> int:
    return time_ns() // 1_000_000
