"""The judge's power, in small; the whole table is made by `make bench`."""

from dataclasses import replace

import pytest

from benchmarks.judge import FAULTS, WORLDS, Fault, rollout

BY_NAME = {world.name.split(":")[0].split(" (")[0]: world for world in WORLDS}
BY_FAULT = {fault.name: fault for fault in FAULTS}
HARD = {
    "medium": BY_NAME["medium"],
    "each latency like the last": BY_NAME["each latency like the last"],
    "both versions drift": BY_NAME["both versions drift"],
    "heavy tail": BY_NAME["heavy tail"],
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("seed", [1_000, 1_001])
def test_a_good_version_is_promoted(name: str, seed: int):
    """
    Where nothing is wrong, a rollout ends in promotion, whatever the traffic is like.
    """
    assert "Promote" == rollout(HARD[name], Fault(), seed).outcome


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        ("+20 % latency", 3_000),
        ("errors 1 % -> 3 %", 3_000),
        ("5 % of labels differ", 2_500),
        ("every request fails", 60),
        ("no answer at all", 0),
    ],
)
def test_a_bad_version_is_rolled_back_in_time(fault: str, answers: int):
    """
    What is wrong is found within the stated number of the candidate's answers.
    """
    end = rollout(BY_NAME["medium"], BY_FAULT[fault], 1_002)

    assert "RollBack" == end.outcome
    assert end.answers <= answers


def test_without_traffic_nothing_is_promoted():
    """
    Where nothing comes, nothing is promoted, and patience ends in rollback.
    """
    nothing = replace(BY_NAME["medium"], rate=0.0)
    end = rollout(nothing, Fault(), 1_003, minutes=1_500)

    assert "RollBack" == end.outcome
    assert "no data" in end.why
