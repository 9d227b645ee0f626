"""One look, at most one move."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_serverless.plan import RouteAlias
from mlflow_serverless.shift import (
    Advance,
    Criteria,
    Driver,
    Hold,
    Kind,
    Promote,
    RollBack,
    Stage,
    Strategy,
    abort,
    advance,
    begin,
    pause,
    promote,
    recorded,
    resume,
    under_way,
)
from mlflow_serverless.shift.errors import (
    BusyAliasError,
    NoRolloutError,
    NotReadyError,
    RolloutUnderWayError,
)
from mlflow_serverless.shift.history import InFolder, InMemory
from tests.fakes.rollout_cloud import (
    ALIAS,
    NAME,
    LostError,
    RolloutCloud,
    TestClock,
    published,
)
from tests.fakes.tell import Heard, silent

CANARY = Strategy(
    name="canary",
    stages=(Stage(Kind.CANARY, 0.1, 60), Stage(Kind.CANARY, 0.5, 60)),
    patience_s=600, guard_s=120, look_s=30,
)  # fmt: skip


def driver(cloud: RolloutCloud, **more: object) -> Driver:
    """A driver whose criteria a few requests meet."""
    parts = {
        "cloud": cloud, "clock": TestClock(), "tell": silent,
        "criteria": Criteria(requests=10, promote_requests=20),
    }  # fmt: skip
    return Driver(**parts | more)


def requests(drives: Driver, seconds: int = 61, **candidate: object) -> None:
    """Both versions answer for a while; then that time has passed."""
    for second in range(0, seconds, 10):
        drives.cloud.tell(drives.clock.at + second, "1", 6)
        drives.cloud.tell(drives.clock.at + second, "2", 4, **candidate)
    drives.clock.at += seconds


def share(cloud: RolloutCloud) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Where traffic goes."""
    alias = cloud.snapshot(NAME).alias(ALIAS)
    return alias.version, alias.weights


def test_a_good_version_goes_all_the_way():
    """
    Begin, stage by stage, promotion, guard, done; one move a look.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    routes = [share(cloud)]
    moves = []
    for _ in range(6):
        step = advance(NAME, ALIAS, drives)
        moves.append(type(step.shift).__name__ if step else None)
        routes.append(share(cloud))
        requests(drives)

    assert ["Advance", "Advance", "Promote", "Confirm", "Finish", None] == moves
    assert [
        ("1", ()), ("1", (("2", 0.1),)), ("1", (("2", 0.5),)),
        ("2", ()), ("2", ()), ("2", ()), ("2", ()),
    ] == routes  # fmt: skip


def test_a_bad_version_is_gone_in_one_call():
    """
    From the verdict to no traffic at all is a single update.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    requests(drives, Status=500)
    before = len(cloud.performed)
    step = advance(NAME, ALIAS, drives)

    assert isinstance(step.shift, RollBack)
    assert 1 == len(cloud.performed) - before
    assert ("1", ()) == share(cloud)
    assert "failed" in recorded(cloud.snapshot(NAME), ALIAS).why
    assert advance(NAME, ALIAS, drives) is None


def test_after_promotion_it_may_still_be_rolled_back():
    """
    While guarded, a version that starts to fail goes back on its own.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    promote(NAME, ALIAS, drives)
    drives.clock.at += 1
    for second in range(60):
        drives.cloud.tell(drives.clock.at + second, "2", 1, Status=503)
    drives.clock.at += 61
    step = advance(NAME, ALIAS, drives)

    assert isinstance(step.shift, RollBack)
    assert ("1", ()) == share(cloud)
    assert "after promotion" in step.shift.why


def test_silence_holds_and_then_rolls_back():
    """
    Without data it stays, and at the end of patience it goes back.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    drives.clock.at += 599
    held = advance(NAME, ALIAS, drives)
    drives.clock.at += 1
    back = advance(NAME, ALIAS, drives)

    assert (Hold, RollBack) == (type(held.shift), type(back.shift))
    assert "no data" in back.shift.why


def test_holding_writes_nothing():
    """
    A look that changes nothing does not touch the alias.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    before = len(cloud.performed)
    advance(NAME, ALIAS, drives)

    assert before == len(cloud.performed)


def test_one_at_a_time():
    """
    A second rollout is refused; the same one begun again is the same one.
    """
    cloud = published(3)
    drives = driver(cloud)
    first = begin(NAME, ALIAS, "2", CANARY, drives)
    drives.clock.at += 10

    assert first == begin(NAME, ALIAS, "2", CANARY, drives)
    with pytest.raises(RolloutUnderWayError):
        begin(NAME, ALIAS, "3", CANARY, drives)
    abort(NAME, ALIAS, drives)
    assert "3" == begin(NAME, ALIAS, "3", CANARY, drives).candidate


@pytest.mark.parametrize(
    ("alias", "candidate", "said"),
    [
        (ALIAS, "1", "already serves"),
        (ALIAS, "9", "not published"),
        (ALIAS, "$LATEST", "not published"),
        ("other", "2", "no alias"),
    ],
)
def test_what_cannot_take_traffic_does_not_begin(alias, candidate, said):
    """
    Both versions must be there, and differ; the alias must be there.
    """
    cloud = published()
    before = len(cloud.performed)

    with pytest.raises(NotReadyError) as refusal:
        begin(NAME, alias, candidate, CANARY, driver(cloud))

    assert said in refusal.value.message
    assert before == len(cloud.performed)


def test_shared_traffic_of_others_is_left_alone():
    """
    An alias that somebody has weighted already is not taken over.
    """
    cloud = published()
    cloud.perform(RouteAlias(NAME, ALIAS, "1", (("2", 0.3),)))

    with pytest.raises(NotReadyError):
        begin(NAME, ALIAS, "2", CANARY, driver(cloud))


def test_a_hand_on_the_alias_holds():
    """
    If somebody moves the weights, nothing goes on over their head.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    now = cloud.snapshot(NAME).alias(ALIAS)
    cloud.perform(RouteAlias(NAME, ALIAS, "1", (("2", 0.9),), now.note))
    requests(drives)
    step = advance(NAME, ALIAS, drives)

    assert isinstance(step.shift, Hold)
    assert "by hand" in step.shift.why
    assert (("2", 0.9),) == share(cloud)[1]


def test_a_candidate_that_is_deleted_loses_its_traffic():
    """
    A version that is gone gets nothing; a baseline that is gone is not gone back to.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    have = cloud.state[NAME]
    cloud.state[NAME] = replace(have, versions=have.versions[:1])
    step = advance(NAME, ALIAS, drives)

    assert isinstance(step.shift, RollBack)
    assert ("1", ()) == share(cloud)


@pytest.mark.parametrize("lose", ["before", "after"])
def test_a_lost_answer_is_neither_lost_nor_done_twice(lose: str):
    """
    Whether the update was taken or not, the next look goes on from what is there.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    cloud.lose = lose
    with pytest.raises(LostError):
        advance(NAME, ALIAS, drives)
    advance(NAME, ALIAS, drives)
    requests(drives)

    assert (("2", 0.1),) == share(cloud)[1]
    assert 1 == recorded(cloud.snapshot(NAME), ALIAS).moves


def test_the_second_of_two_drivers_looks_again():
    """
    Two drivers that see the same make one move together.
    """
    cloud = published()
    one, two = driver(cloud), driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, one)
    advance(NAME, ALIAS, one)
    requests(one)
    two.clock.at = one.clock.at + 0.5
    cloud.meanwhile = lambda: advance(NAME, ALIAS, two)
    step = advance(NAME, ALIAS, one)

    assert isinstance(step.shift, Hold)
    assert (("2", 0.5),) == share(cloud)[1]
    assert 2 == recorded(cloud.snapshot(NAME), ALIAS).moves


def test_an_alias_that_never_rests_is_given_up():
    """
    If others move the alias at every attempt, that is said, not fought.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)

    def others() -> None:
        note = cloud.snapshot(NAME).alias(ALIAS).note
        flip = f"{note[:-2]}}}" if note.endswith(" }") else f"{note[:-1]} }}"
        cloud.perform(RouteAlias(NAME, ALIAS, "1", (), flip))
        cloud.meanwhile = others

    cloud.meanwhile = others
    with pytest.raises(BusyAliasError):
        advance(NAME, ALIAS, drives)
    cloud.meanwhile = None


def test_a_person_is_obeyed():
    """
    Pause, resume, promote and abort move traffic and record at once.
    """
    cloud = published()
    drives = driver(cloud)
    begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)

    assert pause(NAME, ALIAS, drives).paused
    requests(drives)
    assert isinstance(advance(NAME, ALIAS, drives).shift, Hold)
    assert not resume(NAME, ALIAS, drives).paused
    promote(NAME, ALIAS, drives)
    assert ("2", ()) == share(cloud)
    abort(NAME, ALIAS, drives)
    assert ("1", ()) == share(cloud)
    with pytest.raises(NoRolloutError):
        pause(NAME, ALIAS, drives)
    assert under_way(cloud.snapshot(NAME), ALIAS) is None


def test_a_shadow_moves_no_traffic():
    """
    A shadow stage leaves the weights alone and says in the note what to mirror.
    """
    cloud = published()
    drives = driver(cloud)
    shadow = Strategy(name="shadow", stages=(Stage(Kind.SHADOW, 0.2, 60),), look_s=30)
    begin(NAME, ALIAS, "2", shadow, drives)
    advance(NAME, ALIAS, drives)
    note = json.loads(cloud.snapshot(NAME).alias(ALIAS).note)
    for _ in range(2):
        requests(drives, Shadow=1, Compared=1, Disagreed=0)

    assert ("1", ()) == share(cloud)
    assert (0.2, "2", "s") == (note["m"], note["c"], note["s"])
    assert isinstance(advance(NAME, ALIAS, drives).shift, Promote)
    assert "m" not in json.loads(cloud.snapshot(NAME).alias(ALIAS).note)


@pytest.mark.parametrize("kept", ["memory", "folder", "damaged"])
def test_looks_are_kept_and_may_be_lost(kept: str, tmp_path: Path):
    """
    What is kept makes the next look quick; without it, the lines say the same.
    """
    history = InMemory() if kept == "memory" else InFolder(tmp_path)
    cloud, heard = published(), Heard()
    drives = driver(cloud, history=history, tell=heard)
    begun = begin(NAME, ALIAS, "2", CANARY, drives)
    advance(NAME, ALIAS, drives)
    requests(drives, 601)
    if kept == "damaged":
        (tmp_path / NAME / f"{begun.identity}.json").write_text("{")
    first = advance(NAME, ALIAS, driver(cloud, clock=drives.clock)).observation
    requests(drives, 61)
    step = advance(NAME, ALIAS, drives)
    again = advance(NAME, ALIAS, replace(drives, history=InMemory()))
    past = history.recall(NAME, begun.identity)

    assert first.cells == step.observation.cells[: len(first.cells)]
    assert step.observation.cells == again.observation.cells
    assert "advance" in {look.move for look in past.looks} or kept == "damaged"
    assert isinstance(step.shift, Promote | Advance)
    assert any(event == "shift.advance" for event, _ in heard.events)
