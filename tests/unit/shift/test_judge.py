"""Verdicts, and the sentences that explain them."""

from dataclasses import replace

import pytest

from mlflow_serverless.observe import Cell, Histogram, Observation, Seen, Window
from mlflow_serverless.shift import (
    Criteria,
    Demand,
    Healthy,
    Inconclusive,
    Result,
    Unhealthy,
    judge,
)

MINUTES = 20


def seen(n: int, *, failures: int = 0, ms: float = 10.0, **more: object) -> Seen:
    """*n* answers of a version whose latency spreads around *ms*."""
    warm = [1_000 * ms * (0.8 + 0.4 * i / n) for i in range(n)]
    return Seen(
        requests=n, failures=failures, warm=Histogram.of(warm) if n else None, **more
    )  # fmt: skip


def observed(
    candidate: Seen, baseline: Seen | None = None, minutes: int = MINUTES
) -> Observation:
    """The same minute again and again."""
    theirs = seen(100, failures=1) if baseline is None else baseline
    cells = [Cell(60.0 * minute, theirs, candidate) for minute in range(minutes)]
    return Observation(
        baseline="1", candidate="2", cells=tuple(cells),
        window=Window(since=0, until=60.0 * minutes),
    )  # fmt: skip


def test_a_good_version_is_healthy_in_numbers():
    """
    Enough answers and nothing wrong: healthy, with the numbers that say so.
    """
    verdict = judge(observed(seen(20))).verdict

    assert isinstance(verdict, Healthy)
    assert "400 answers" in verdict.why
    assert "p95" in verdict.why


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (seen(20, failures=4), "failures"),
        (seen(20, failures=20, statuses={"503": 20}), "failed (400 x 503)"),
        (seen(20, refusals=6), "refusals"),
        (seen(20, ms=13), "latency"),
        (seen(20, ms=50), "latency"),
        (seen(20, compared=20, disagreed=3), "differ from those served"),
        (seen(20, outputs={"yes": 18, "no": 2}), "drift"),
        (seen(20, throttles=5), "throttled"),
        (seen(20, memory_used=0.99), "memory"),
    ],
)
def test_each_fault_is_named(bad: Seen, word: str):
    """
    A bad version is unhealthy, for the reason that it is bad.
    """
    baseline = replace(seen(100, failures=1), outputs={"yes": 50, "no": 50})
    criteria = Criteria(max_p95_ratio=3.0)
    verdict = judge(observed(bad, baseline), criteria).verdict

    assert isinstance(verdict, Unhealthy), verdict
    assert word in verdict.why


def test_far_slower_is_told_by_a_few_minutes():
    """
    Where too few minutes have passed to compare ranks, far slower is seen all the same.
    """
    slow = observed(seen(20, ms=50), minutes=4)
    verdict = judge(slow, Criteria(max_p95_ratio=3.0)).verdict

    assert isinstance(verdict, Unhealthy)
    assert "80 of 80" in verdict.why
    assert "3 times the baseline's p95" in verdict.why


def test_a_slow_hour_of_both_is_not_the_candidates():
    """
    If everything takes five times as long for a while, neither version is to blame.
    """
    fine, slow = (seen(100), seen(20)), (seen(100, ms=50), seen(20, ms=50))
    hours = [*[fine] * 60, *[slow] * 60]
    cells = [Cell(60.0 * i, *both) for i, both in enumerate(hours)]
    observation = Observation(
        baseline="1", candidate="2", cells=tuple(cells),
        window=Window(since=0, until=7_200),
    )  # fmt: skip

    assert isinstance(judge(observation).verdict, Healthy)


def test_far_slower_is_seen_after_promotion():
    """
    With all traffic moved, the old version's worst p95 is still a measure.
    """
    before = [Cell(60.0 * i, seen(100), seen(100)) for i in range(10)]
    after = [Cell(60.0 * i, Seen(), seen(200, ms=50)) for i in range(10, 15)]
    observation = Observation(
        baseline="1", candidate="2", cells=(*before, *after),
        window=Window(since=0, until=900),
    )  # fmt: skip
    verdict = judge(observation).verdict

    assert isinstance(verdict, Unhealthy)
    assert "far slower" in verdict.why


@pytest.mark.parametrize("early", [True, False])
def test_steady_trouble_of_both_holds_for_a_while(*, early: bool):
    """
    Both fail alike: nothing goes on at first; later, that is how things are there.
    """
    both = observed(seen(20, failures=4), seen(100, failures=20))
    verdict = judge(both, None, Demand(early=early)).verdict

    assert isinstance(verdict, Inconclusive if early else Healthy), verdict


def test_trouble_of_both_that_is_over_holds_nothing():
    """
    Ten bad minutes of both versions, when the candidate had more of the traffic than
    before, are forgiven when they are over.
    """
    early = [Cell(60.0 * i, seen(95), seen(5)) for i in range(60)]
    bad = [
        Cell(60.0 * i, seen(50, failures=20), seen(50, failures=20))
        for i in range(60, 70)
    ]
    quiet = [Cell(60.0 * i, seen(50), seen(50)) for i in range(70, 76)]
    cells = (*early, *bad, *quiet)

    def verdict(count: int):
        seen_ = Observation(
            baseline="1", candidate="2", cells=cells[:count],
            window=Window(since=0, until=60.0 * count),
        )  # fmt: skip
        return judge(seen_, None, Demand()).verdict

    assert isinstance(verdict(70), Inconclusive)
    assert isinstance(verdict(76), Healthy)


@pytest.mark.parametrize(
    ("early", "expected"), [(True, Inconclusive), (False, Unhealthy)]
)
def test_failures_of_minutes_that_the_old_version_has_not_told_of_wait(
    *, early: bool, expected: type
):
    """
    Lines may come late: what they say is waited for, half the patience long.
    """
    fine = [Cell(60.0 * i, seen(100), seen(20)) for i in range(10)]
    bad = [Cell(60.0 * i, Seen(), seen(20, failures=8)) for i in range(10, 14)]
    observation = Observation(
        baseline="1", candidate="2", cells=(*fine, *bad),
        window=Window(since=0, until=840),
    )  # fmt: skip

    verdict = judge(observation, None, Demand(early=early)).verdict

    assert isinstance(verdict, expected), verdict


@pytest.mark.parametrize("theirs", [seen(0), seen(100)])
def test_no_data_is_never_health(theirs: Seen):
    """
    A candidate that says nothing is inconclusive, whatever the baseline says.
    """
    assert isinstance(judge(observed(seen(0), theirs)).verdict, Inconclusive)


def test_nothing_at_all_is_inconclusive():
    """
    An observation without cells says so.
    """
    verdict = judge(observed(seen(0), minutes=0)).verdict

    assert isinstance(verdict, Inconclusive)
    assert "no data" in verdict.why


@pytest.mark.parametrize("silent", ["baseline", "latency", "stage"])
def test_missing_parts_are_inconclusive(silent: str):
    """
    Without a baseline, without latencies, or without anything in this stage, no
    verdict is good.
    """
    ours, theirs, demand = seen(20), None, Demand(requests=50)
    if silent == "baseline":
        theirs = Seen()
    if silent == "latency":
        ours = replace(ours, warm=None)
    if silent == "stage":
        demand = replace(demand, since=60.0 * MINUTES)

    verdict = judge(observed(ours, theirs), None, demand).verdict

    assert isinstance(verdict, Inconclusive), verdict


def test_few_answers_are_inconclusive_in_numbers():
    """
    It says how many there are, and how many it takes.
    """
    verdict = judge(observed(seen(1)), None, Demand(requests=50)).verdict

    assert isinstance(verdict, Inconclusive)
    assert "20 of 50" in verdict.why


def test_promotion_takes_more():
    """
    What is enough for a stage is not enough for promotion.
    """
    few = judge(observed(seen(20)), None, Demand(requests=50, overall=500)).verdict

    assert isinstance(few, Inconclusive)
    assert "400 of 500" in few.why


def test_a_shadow_must_be_compared():
    """
    In a shadow stage, answers that nobody compared prove nothing.
    """
    demand = Demand(requests=50, compared=20)
    quiet = judge(observed(seen(20)), None, demand).verdict
    fine = judge(observed(seen(20, compared=20, disagreed=0)), None, demand).verdict

    assert isinstance(quiet, Inconclusive)
    assert isinstance(fine, Healthy)


@pytest.mark.parametrize("trouble", ["failures", "throttles", "memory"])
def test_trouble_of_both_is_not_the_candidates(trouble: str):
    """
    If the old version is in the same trouble, going back would not help.
    """
    ours, theirs = seen(20, failures=4), seen(100, failures=20)
    if trouble == "throttles":
        ours, theirs = seen(20, throttles=5), seen(100, throttles=25)
    if trouble == "memory":
        ours, theirs = seen(20, memory_used=0.99), seen(100, memory_used=0.99)

    verdict = judge(observed(ours, theirs)).verdict

    assert not isinstance(verdict, Unhealthy)


def test_a_version_that_hangs_is_unhealthy():
    """
    Requests that are sent and never reported are the worst of all.
    """
    demand = Demand(requests=50, share=0.1)
    verdict = judge(observed(Seen()), None, demand).verdict

    assert isinstance(verdict, Unhealthy)
    assert "about 200 requests were sent" in verdict.why


def test_a_limit_of_ones_own_is_kept():
    """
    A p95 that is allowed is no reason; one that is not, is.
    """
    both = observed(seen(20, ms=50), seen(100, ms=30))
    limit = Criteria(max_p95_ms=40, latency_tolerance=1.0)
    found = {f.check: f.result for f in judge(both, limit).findings}
    slack = {f.check: f.result for f in judge(both, Criteria(max_p95_ms=80)).findings}

    assert Result.HIGH is found["p95 limit"]
    assert Result.PASS is slack["p95 limit"]


def test_late_onset_is_found_in_its_stage():
    """
    A version that slows down only in a later stage is found there.
    """
    early = [Cell(60.0 * i, seen(100), seen(20)) for i in range(100)]
    late = [Cell(60.0 * i, seen(100), seen(20, ms=12)) for i in range(100, 120)]
    observation = Observation(
        baseline="1", candidate="2", cells=(*early, *late),
        window=Window(since=0, until=7_200),
    )  # fmt: skip

    verdict = judge(observation, None, Demand(since=6_000)).verdict

    assert isinstance(verdict, Unhealthy)
    assert "latency" in verdict.why
