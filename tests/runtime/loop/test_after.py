"""Put-off work: begun when it pays and fits, bounded, never starved in silence."""

from time import time_ns

import pytest

from lambda_runtime.after import AGAIN, MARGIN_MS, After, Job
from lambda_runtime.loop import Outcome
from lambda_runtime.runtime_api import Invocation

BUDGET_MS = 1000


class Slow:
    """A job that needs so long, and says whether it was begun."""

    def __init__(self, needs_ms: int) -> None:
        self.needs_ms = needs_ms
        self.begun = 0

    def __call__(self, until_ms: int) -> bool:
        """Begin only if there is time enough."""
        fits = now_ms() + self.needs_ms <= until_ms
        self.begun += fits
        return fits


def now_ms() -> int:
    return time_ns() // 1_000_000


def answers(after: After, count: int, *, left_ms: int = 0) -> None:
    """So many answers, each with *left_ms* until its deadline, or none."""
    for _ in range(count):
        deadline = now_ms() + left_ms if left_ms else 0
        after(Invocation("1", b"", deadline), Outcome(b""))


@pytest.fixture
def told():
    return []


@pytest.fixture
def after_of(told):
    def make(*jobs: Job, budget_ms: int = BUDGET_MS) -> After:
        return After(jobs, lambda *_: None, budget_ms=budget_ms, tell=told.append)

    return make


@pytest.mark.parametrize("waits_for", [1, 2, 3])
def test_a_job_waits_for_its_answers(after_of, waits_for):
    """Not begun before so many answers; then once."""
    job = Slow(0)
    after = after_of(Job("swap", job, 0, answers=waits_for))

    answers(after, waits_for - 1)
    assert 0 == job.begun

    answers(after, 3)
    assert 1 == job.begun


@pytest.mark.parametrize("needs_ms", [900, 2500, 9500])
def test_a_job_longer_than_the_budget_is_begun_in_bounded_time(
    after_of, told, needs_ms
):
    """Unspent budgets are saved up: after ceil(needs / budget) answers it is done."""
    job = Slow(needs_ms)
    after = after_of(Job("swap", job, 0))
    enough = -(-needs_ms // BUDGET_MS)

    answers(after, enough - 1)
    assert 0 == job.begun

    answers(after, 2)
    assert 1 == job.begun
    assert [] == told


def test_what_was_saved_is_not_spent_twice(after_of):
    """A job that uses the time uses up what answers gave."""
    first, second = Slow(2500), Slow(2500)

    def spend(until_ms: int) -> bool:
        if not first(until_ms):
            return False
        end = now_ms() + 300
        while now_ms() < end:
            pass
        return True

    after = after_of(Job("one", spend, 0), Job("two", second, 0), budget_ms=100)
    answers(after, 26)
    assert (1, 0) == (first.begun, second.begun)

    answers(after, 4)
    assert (1, 1) == (first.begun, second.begun)


def test_a_function_with_too_little_time_says_so_once(after_of, told):
    """What can never be begun before the deadline is told of, with the time it has."""
    job = Slow(5000)
    after = after_of(Job("swap", job, 0))

    answers(after, 20, left_ms=3000)

    assert 0 == job.begun
    (line,) = told
    assert line.startswith("after.out-of-time jobs=swap has_ms=")
    has_ms = int(line.partition("has_ms=")[2].split()[0])
    assert 2000 < has_ms <= 3000 - MARGIN_MS


def test_a_job_that_comes_again_is_done_after_each_answer(after_of, told):
    """It is never over, never called starved, and nothing is saved up for it."""
    until = []

    def again(until_ms: int) -> str:
        until.append(until_ms - now_ms())
        return AGAIN

    after = after_of(Job("swap", again, 0), budget_ms=100)
    answers(after, 30, left_ms=3000)

    assert 30 == len(until)
    assert max(until) <= 100
    assert [] == told


def test_without_a_budget_nothing_is_begun(after_of, told):
    """Zero is a choice, and no reason to complain."""
    job = Slow(1)
    after = after_of(Job("swap", job, 0), budget_ms=0)

    answers(after, 50, left_ms=60_000)

    assert 0 == job.begun
    assert [] == told


def test_a_job_that_crashes_is_given_up(after_of, capfd):
    """It is told of, not tried again, and the next one is still done."""
    tries = []

    def crash(_until_ms: int) -> bool:
        tries.append(1)
        raise ZeroDivisionError

    job = Slow(0)
    after = after_of(Job("bad", crash, 0), Job("good", job, 0))
    answers(after, 3)

    assert [1] == tries
    assert 1 == job.begun
    assert "ZeroDivisionError" in capfd.readouterr().err
