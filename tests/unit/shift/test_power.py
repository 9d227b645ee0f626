"""The judge's power, in small; the tables are made by `python -m benchmarks.judge`."""

from dataclasses import replace

import pytest

from benchmarks.judge.rollouts import rollout
from benchmarks.judge.worlds import FAULTS, MEDIUM, SHADOWED, WORLDS, Fault

BY_NAME = {world.name: world for world in WORLDS}
BY_FAULT = {fault.name: fault for fault in FAULTS}


@pytest.mark.parametrize(
    "name",
    [
        "a shadow of 20 % first", "heavy tail (Pareto 1.5)", "both versions drift",
        "each latency like the last (0.8)", "incidents of both",
        "the candidate's lines 3 minutes late", "all of it",
    ],
)  # fmt: skip
def test_a_good_version_is_promoted(name: str):
    """
    Where nothing is wrong, a rollout ends in promotion, whatever the traffic is like.
    """
    world = BY_NAME[name]
    guard_s = 0.0 if world.incidents else 600.0

    assert "promoted" == rollout(world, Fault(), 1_000, guard_s=guard_s).outcome


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        ("+20 % p95 (all latencies)", 2_000),
        ("errors 1 % -> 3 %", 3_000),
        ("every request fails", 60),
        ("no answer at all", 0),
    ],
)
def test_a_bad_version_is_rolled_back_in_time(fault: str, answers: int):
    """
    What is wrong is found within the stated number of the candidate's answers.
    """
    end = rollout(MEDIUM, BY_FAULT[fault], 1_002)

    assert "rolled back" == end.outcome
    assert end.answers <= answers


def test_other_answers_are_found_in_the_shadow():
    """
    Labels that differ are found before the first caller gets one.
    """
    end = rollout(SHADOWED, BY_FAULT["5 % of labels differ"], 1_003)

    assert "rolled back" == end.outcome
    assert "disagreement" in end.why
    assert end.answers <= 1_500


def test_without_traffic_nothing_is_promoted():
    """
    Where nothing comes, nothing is promoted, and patience ends in rollback.
    """
    nothing = replace(MEDIUM, rate=0.0, look=60)
    end = rollout(nothing, Fault(), 1_003, minutes=1_500)

    assert "out of patience" == end.outcome
    assert "no data" in end.why
