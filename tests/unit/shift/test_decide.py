"""What is done next, by where a rollout stands, what the judge says, and the time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.shift import (
    Advance,
    Confirm,
    Finish,
    Healthy,
    Hold,
    Inconclusive,
    Kind,
    Promote,
    RollBack,
    Rollout,
    Stage,
    State,
    Strategy,
    Unhealthy,
    decide,
)
from mlflow_serverless.shift.decide import Failed, Passed, due
from mlflow_serverless.shift.errors import OrderRefusedError
from mlflow_serverless.shift.person import aborted, paused, promoted, resumed
from mlflow_serverless.shift.rollout import Moment, moved

STRATEGY = Strategy(
    name="canary",
    stages=(Stage(Kind.CANARY, 0.05, 60), Stage(Kind.CANARY, 0.5, 60)),
    patience_s=600,
    guard_s=300,
)
WAITING = Rollout(
    baseline="1", candidate="2", strategy=STRATEGY, begun=1_000, since=1_000
)
SHIFTING = replace(WAITING, state=State.SHIFTING)
LAST = replace(SHIFTING, stage=1)
GUARDING = replace(WAITING, state=State.GUARDING)
CONFIRMED = replace(GUARDING, passed=(Moment.AFTER,))

GOOD, BAD, ODD = Healthy("good"), Unhealthy("bad"), Inconclusive("odd")


@pytest.mark.parametrize(
    ("rollout", "verdict", "waited", "answer", "expected"),
    [
        (WAITING, ODD, 0, Passed(), Advance),
        (WAITING, ODD, 0, Failed("no"), Hold),
        (WAITING, ODD, 0, None, Hold),
        (WAITING, GOOD, 600, Failed("no"), RollBack),
        (SHIFTING, GOOD, 59, None, Hold),
        (SHIFTING, GOOD, 60, None, Advance),
        (SHIFTING, ODD, 599, None, Hold),
        (SHIFTING, ODD, 600, None, RollBack),
        (SHIFTING, BAD, 0, None, RollBack),
        (LAST, GOOD, 60, None, Promote),
        (LAST, BAD, 60, None, RollBack),
        (GUARDING, GOOD, 0, Passed(), Confirm),
        (GUARDING, GOOD, 599, Failed("no"), Hold),
        (GUARDING, GOOD, 600, Failed("no"), RollBack),
        (GUARDING, BAD, 0, Passed(), RollBack),
        (CONFIRMED, GOOD, 299, None, Hold),
        (CONFIRMED, GOOD, 300, None, Finish),
        (CONFIRMED, ODD, 300, None, Finish),
        (CONFIRMED, BAD, 299, None, RollBack),
    ],
)
def test_every_verdict_has_its_answer(rollout, verdict, waited, answer, expected):
    """
    Verdict, time and hook decide the move.
    """
    assert expected is type(decide(rollout, verdict, 1_000 + waited, answer))


@pytest.mark.parametrize("rollout", [WAITING, SHIFTING, LAST, CONFIRMED])
@pytest.mark.parametrize("verdict", [GOOD, ODD])
@pytest.mark.parametrize("waited", [0, 10_000])
def test_paused_means_nothing_goes_on(rollout, verdict, waited):
    """
    While paused there is no move but away from what is unhealthy, and no impatience.
    """
    still = replace(rollout, paused=True)

    assert Hold is type(decide(still, verdict, 1_000 + waited, None))
    assert due(still) is None


@pytest.mark.parametrize("rollout", [SHIFTING, LAST, GUARDING, CONFIRMED])
def test_paused_or_not_the_unhealthy_goes(rollout):
    """
    A pause does not protect a bad version.
    """
    shift = decide(replace(rollout, paused=True), BAD, 1_000, None)

    assert RollBack is type(shift)
    assert "bad" in shift.why


@pytest.mark.parametrize("state", [State.DONE, State.ROLLED_BACK])
@pytest.mark.parametrize("verdict", [GOOD, BAD, ODD])
def test_what_is_over_stays(state, verdict):
    """
    Nothing moves a rollout that is over, and no person either.
    """
    over = replace(WAITING, state=state)

    assert Hold is type(decide(over, verdict, 99_999, Passed()))
    for order in (paused, lambda r: resumed(r, 1), lambda r: promoted(r, 1)):
        with pytest.raises(OrderRefusedError):
            order(over)
    with pytest.raises(OrderRefusedError):
        aborted(over, 1)


@settings(deadline=None)
@given(st.integers(0, 2_000), st.sampled_from([WAITING, SHIFTING, LAST]))
def test_silence_never_promotes(waited: int, rollout: Rollout):
    """
    Without a healthy verdict nothing beyond the first stage is reached.
    """
    shift = decide(rollout, ODD, 1_000 + waited, Passed())

    assert not isinstance(shift, Promote)
    assert not isinstance(shift, Advance) or rollout is WAITING


def test_all_at_once_promotes_and_guards():
    """
    A strategy without stages moves all traffic as soon as the hook allows it.
    """
    at_once = replace(WAITING, strategy=replace(STRATEGY, stages=()))

    assert Promote is type(decide(at_once, ODD, 1_000, Passed()))
    assert Hold is type(decide(at_once, ODD, 1_000, Failed("no")))


def test_moves_carry_traffic_and_time():
    """
    A move says where traffic goes, restarts the clock and counts itself.
    """
    first = moved(WAITING, Advance(0, "begun"), 1_010)
    shadow = replace(STRATEGY, stages=(Stage(Kind.SHADOW, 0.2, 60),))
    mirrored = moved(replace(WAITING, strategy=shadow), Advance(0, ""), 1_010)
    guarded = moved(first, Promote("good"), 1_100)
    back = moved(guarded, RollBack("bad"), 1_200)

    assert ("1", (("2", 0.05),), 1_010, 1) == (
        first.primary, first.weights, first.since, first.moves
    )  # fmt: skip
    assert ("1", ()) == (mirrored.primary, mirrored.weights)
    assert ("2", ()) == (guarded.primary, guarded.weights)
    assert ("1", (), True, 3) == (back.primary, back.weights, back.over, back.moves)
    assert first is moved(first, Hold("baking"), 2_000)


def test_a_person_may_do_anything_at_any_time():
    """
    Pause, resume, promote and abort take effect wherever the rollout stands.
    """
    still = paused(SHIFTING)
    again = resumed(still, 1_500)

    assert (True, SHIFTING.since) == (still.paused, still.since)
    assert (False, 1_500) == (again.paused, again.since)
    assert "2" == promoted(WAITING, 1_100).primary
    assert "2" == promoted(still, 1_100).primary
    assert State.ROLLED_BACK is aborted(GUARDING, 1_100).state
    assert State.DONE is promoted(GUARDING, 1_100).state
    with pytest.raises(OrderRefusedError):
        resumed(SHIFTING, 1_100)
