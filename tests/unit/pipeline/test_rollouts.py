"""An update ends in a rollout: by strategy, by what there is to judge it by."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

import pytest

from mlflow_serverless.aws.errors import FunctionFailedError
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.pipeline import DeployRequest, Intent, deploy, gc, plan_only
from mlflow_serverless.pipeline import rollback as go_back
from mlflow_serverless.pipeline.driving import drive
from mlflow_serverless.pipeline.errors import RolledBackError, StrategyNotGivenError
from mlflow_serverless.pipeline.rollouts import (
    abort,
    advance,
    pause,
    promote,
    resume,
    standing,
)
from mlflow_serverless.plan import (
    MakeResource,
    Place,
    PointAlias,
    ProvisionedConcurrency,
    RouteAlias,
)
from mlflow_serverless.shift import Hold, State, recorded
from mlflow_serverless.shift.errors import NoRolloutError, RolloutUnderWayError
from tests.fakes.rollout_cloud import RolloutCloud, TestClock
from tests.fakes.rooms import FakeRooms
from tests.fakes.worlds import make_world

RIGHT = b'{"predictions": [1.0]}'
QUICK = {
    "strategy.steps": "10,50", "strategy.bake_s": 60, "strategy.look_s": 30,
    "strategy.guard_s": 60, "judge.requests": 10, "judge.promote_requests": 20,
}  # fmt: skip


class Clock(TestClock):
    """As the clock of the machine to begin with; then as it is told."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC).timestamp())


@dataclass
class Traffic:
    """Both versions answer while the driver sleeps."""

    cloud: RolloutCloud
    clock: Clock
    candidate: dict = field(default_factory=dict)
    slept: int = 0

    def __call__(self, seconds: float) -> None:
        self.slept += 1
        for second in range(0, int(seconds), 5):
            self.cloud.tell(self.clock.at + second, "1", 6)
            self.cloud.tell(self.clock.at + second, "2", 4, **self.candidate)
        self.clock.at += seconds


class Watching:
    """A watch that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen, self.told, self.open = [], [], 0

    def __enter__(self) -> Self:
        self.open += 1
        return self

    def __exit__(self, *error: object) -> None:
        self.open -= 1

    def tell(self, event, /, **fields):
        self.told.append(event)

    def show(self, seen):
        self.seen.append(seen)


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path, RolloutCloud(answer=lambda _: RIGHT))
    return replace(made, rollouts=tmp_path / "rollouts")


@pytest.fixture
def rooms():
    return FakeRooms()


def wish(number: int, **given) -> DeployRequest:
    return DeployRequest(
        name="fraud", model_uri=f"models:/fraud/{number}",
        given={"record": False, **given}, intent=Intent.DEPLOY,
    )  # fmt: skip


def shifted(world, rooms, strategy: str = "canary", **given):
    """Version 1 serves; version 2 is to."""
    deploy(wish(1, **QUICK), world, rooms)
    return deploy(wish(2, **QUICK, strategy=strategy, **given), world, rooms)


def alias(world):
    return world.cloud.snapshot("fraud").alias("live")


def pointed(world) -> list[str]:
    return [s.content for s in world.cloud.performed if isinstance(s, PointAlias)]


def test_an_update_with_a_strategy_moves_no_traffic_yet(world, rooms):
    """
    The version is made and asked; the alias stays, and carries the rollout's record.
    """
    done = shifted(world, rooms)

    assert ("2", "waiting") == (done.version, done.rollout)
    assert ("1", ()) == (alias(world).version, alias(world).weights)
    assert "canary" == recorded(world.cloud.snapshot("fraud"), "live").strategy.name
    assert 1 == len(pointed(world))
    assert "2" == world.cloud.asked[-1][1]


def test_a_first_deployment_takes_all_traffic(world, rooms):
    """
    There is nothing to compare it with.
    """
    done = deploy(wish(1, strategy="canary"), world, rooms)

    assert ("1", "") == (alias(world).version, done.rollout)
    assert "" == alias(world).note


def test_the_same_update_again_begins_nothing_anew(world, rooms):
    """
    The rollout is the one that was begun.
    """
    shifted(world, rooms)
    note = alias(world).note
    again = deploy(wish(2, **QUICK, strategy="canary"), world, rooms)

    assert (note, "waiting") == (alias(world).note, again.rollout)


def test_running_an_update_again_never_ends_its_rollout_early(world, rooms):
    """
    With too little traffic left to choose a strategy, the one that was begun stays.
    """
    deploy(wish(1), world, rooms)
    world.cloud.tell(datetime.now(UTC).timestamp() - 60, "1", 300)
    deploy(wish(2), world, rooms)
    world.cloud.told.clear()
    again = deploy(wish(2), world, rooms)

    assert "waiting" == again.rollout
    assert "1" == alias(world).version


def test_another_version_must_wait_for_the_rollout(world, rooms):
    """
    It is refused before anything is changed; once promoted, the guard gives way.
    """
    shifted(world, rooms)
    steps = len(world.cloud.performed)
    with pytest.raises(RolloutUnderWayError):
        deploy(wish(3, **QUICK, strategy="canary"), world, rooms)
    unchanged = len(world.cloud.performed)
    promote("fraud", world)
    done = deploy(wish(3, **QUICK, strategy="canary"), world, rooms)

    assert steps == unchanged
    assert "waiting" == done.rollout
    assert "2" == alias(world).version


def test_without_traffic_to_judge_by_all_moves_at_once_and_says_so(world, rooms):
    """
    By itself a strategy is only chosen where it can come to a verdict.
    """
    deploy(wish(1), world, rooms)
    done = deploy(wish(2), world, rooms)

    assert ("2", "") == (alias(world).version, done.rollout)
    said = [f["what"] for e, f in world.tell.events if e == "shift.done"][-1]
    assert "0 requests in the last hour; 250 are needed" in said


def test_where_the_log_cannot_be_read_all_moves_at_once_and_says_so(world, rooms):
    """
    An update does not fail for want of what only chooses how it moves.
    """

    class Refusing(RolloutCloud):
        def metrics(self, name, *, since=None):
            raise NoRolloutError(name, "any error of ours")

    refusing = replace(world, cloud=Refusing(answer=lambda _: RIGHT))
    deploy(wish(1), refusing, rooms)
    done = deploy(wish(2), refusing, rooms)

    assert ("2", "") == (alias(refusing).version, done.rollout)
    said = [f["what"] for e, f in world.tell.events if e == "shift.done"][-1]
    assert "the last hour's requests are unknown" in said


def test_with_traffic_an_update_is_shadowed_then_canaried(world, rooms):
    """
    The default strategy; the versions were ready for it from the first.
    """
    deploy(wish(1), world, rooms)
    world.cloud.tell(datetime.now(UTC).timestamp() - 60, "1", 300)
    proposed = plan_only(wish(2), world, rooms)
    done = deploy(wish(2), world, rooms)

    assert "waiting" == done.rollout
    assert str(proposed.rollout).startswith("shadow-then-canary: shadow 20 %")
    assert "20 % of the requests once more" in proposed.rollout.cost
    settings = world.cloud.snapshot("fraud").version("1").settings
    assert "live" == dict(settings.environment)["MLFLOW_SERVERLESS_SHADOW"]


def test_a_version_without_a_shadow_in_mind_is_canaried(world, rooms):
    """
    What it was published with never changes; a shadow alone is then refused.
    """
    deploy(wish(1, strategy="canary"), world, rooms)
    done = deploy(wish(2, strategy="shadow-then-canary"), world, rooms)
    abort("fraud", world)

    stages = recorded(world.cloud.snapshot("fraud"), "live").strategy.stages
    assert "waiting" == done.rollout
    assert {"canary"} == {stage.kind.value for stage in stages}
    with pytest.raises(StrategyNotGivenError):
        deploy(wish(3, strategy="shadow"), world, rooms)


@pytest.fixture
def kept_world(tmp_path):
    """Where environments are kept started for version 1."""
    place = Place(region="us-east-1", account="123456789012", caller="arn:aws:x:ann")
    cloud = RolloutCloud(answer=lambda _: RIGHT, where=place)
    return make_world(tmp_path, cloud)


def kept(world) -> dict[str, int]:
    """How many environments are kept started, by alias or version."""
    found = world.cloud.snapshot("fraud").resources
    return {
        r.qualifier: r.count for r in found if isinstance(r, ProvisionedConcurrency)
    }


def test_what_is_kept_started_moves_to_the_versions(kept_world, rooms):
    """
    Both versions have it before one request is shared, the old one until it is over.
    """
    deploy(wish(1, provisioned=2), kept_world, rooms)
    before = kept(kept_world)
    proposal = plan_only(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    begun = kept(kept_world)
    promote("fraud", kept_world)
    guarded = kept(kept_world)
    promote("fraud", kept_world)

    assert {"live": 2} == before
    assert "twice as many" in proposal.rollout.cost
    assert {"1": 2, "2": 2} == begun == guarded
    assert {"2": 2} == kept(kept_world)
    again = plan_only(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    assert not again.plan.steps


def test_what_a_lost_version_was_kept_started_for_goes(kept_world, rooms):
    """
    After a rollback the old version keeps its environments; the next rollout finds
    them there.
    """
    deploy(wish(1, provisioned=2), kept_world, rooms)
    deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    abort("fraud", kept_world)
    after = kept(kept_world)
    deploy(wish(3, provisioned=3, strategy="canary"), kept_world, rooms)

    assert {"1": 2} == after
    assert {"1": 2, "3": 3} == kept(kept_world)


@pytest.mark.parametrize("dies_after", range(3))
def test_a_killed_preparation_is_finished(kept_world, rooms, dies_after):
    """
    Wherever it dies on the way from the alias to the versions, the next one goes on.
    """
    deploy(wish(1, provisioned=2), kept_world, rooms)
    cloud = kept_world.cloud
    took = cloud.taken
    steps = iter(range(99))

    def dying(step) -> None:
        about = isinstance(getattr(step, "resource", None), ProvisionedConcurrency)
        if about and next(steps) == dies_after:
            raise KeyboardInterrupt
        took(step)

    cloud.taken = dying
    with pytest.raises(KeyboardInterrupt):
        deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    assert not alias(kept_world).weights
    cloud.taken = took
    deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    advance("fraud", kept_world)

    assert {"1": 2, "2": 2} == kept(kept_world)
    assert alias(kept_world).weights


def test_no_request_goes_where_environments_do_not_start(kept_world, rooms):
    """
    If the candidate's cannot be kept started, the rollout does not begin; if that is
    found out later, it holds.
    """
    deploy(wish(1, provisioned=2), kept_world, rooms)
    cloud = kept_world.cloud
    took = cloud.taken

    def failing(step) -> None:
        if isinstance(getattr(step, "resource", None), ProvisionedConcurrency):
            raise FunctionFailedError("fraud:2", "Failed", "no room")
        took(step)

    cloud.taken = failing
    with pytest.raises(ServerlessError):
        deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    assert not alias(kept_world).note
    cloud.taken = took
    deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    cloud.taken = failing
    step = advance("fraud", kept_world).step

    assert isinstance(step.shift, Hold)
    assert "no room" in step.shift.why
    assert not alias(kept_world).weights


def test_environments_that_are_left_go_with_the_next_look(kept_world, rooms):
    """
    A driver that died after the last move left the old version's; another one finds
    them.
    """
    deploy(wish(1, provisioned=2), kept_world, rooms)
    deploy(wish(2, provisioned=2, strategy="canary"), kept_world, rooms)
    abort("fraud", kept_world)
    leftover = ProvisionedConcurrency(qualifier="2", count=2)
    kept_world.cloud.perform(MakeResource("fraud", leftover))
    advance("fraud", kept_world)

    assert {"1": 2} == kept(kept_world)


def test_all_at_once_is_watched_afterwards(world, rooms):
    """
    Asked for by name it is a rollout without stages: moved, then guarded.
    """
    done = shifted(world, rooms, "all-at-once")

    assert "guarding" == done.rollout
    assert ("2", ()) == (alias(world).version, alias(world).weights)


def test_a_good_version_is_driven_to_the_end(world, rooms):
    """
    One look after another, each shown; in the end the new version serves.
    """
    shifted(world, rooms)
    clock, watch = Clock(), Watching()
    traffic = Traffic(world.cloud, clock)
    last = drive("fraud", world, watch=watch, clock=clock, sleep=traffic)

    assert State.DONE is last.report.rollout.state
    assert ("2", ()) == (alias(world).version, alias(world).weights)
    moves = [type(seen.step.shift).__name__ for seen in watch.seen]
    assert ["Advance", "Advance", "Promote", "Finish"] == [
        move for move in moves if move not in {"Hold", "Confirm"}
    ]
    assert traffic.slept == len(watch.seen) - 1
    assert 0 == watch.open


def test_a_bad_version_is_driven_back_and_the_wait_fails(world, rooms):
    """
    Whoever waits is told by an error, with the judge's reason.
    """
    shifted(world, rooms)
    clock = Clock()
    traffic = Traffic(world.cloud, clock, {"Status": 500})
    seen = drive("fraud", world, clock=clock, sleep=traffic)
    from mlflow_serverless.pipeline.driving import promoted

    with pytest.raises(RolledBackError, match="failed"):
        promoted("fraud", seen)
    assert ("1", ()) == (alias(world).version, alias(world).weights)


def test_an_interrupted_wait_leaves_the_rollout_and_says_how_to_go_on(world, rooms):
    """
    Another driver takes it up where it was left.
    """
    shifted(world, rooms)
    clock = Clock()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive("fraud", world, clock=clock, sleep=interrupt)
    left = alias(world)
    drive("fraud", world, clock=clock, sleep=Traffic(world.cloud, clock))

    assert (("2", 0.1),) == left.weights
    assert "2" == alias(world).version
    said = [f["what"] for e, f in world.tell.events if e == "shift.warning"]
    assert any("advance fraud -t memory: --wait" in what for what in said)


def test_a_person_orders_it_about(world, rooms):
    """
    Pause, resume, promote; then it is guarded, and aborted all the same.
    """
    shifted(world, rooms)
    orders = [pause, resume, promote, abort]
    states = [(r.state.value, r.paused) for r in (o("fraud", world) for o in orders)]

    assert [
        ("waiting", True), ("waiting", False), ("guarding", False),
        ("rolled-back", False),
    ] == states  # fmt: skip
    assert "1" == alias(world).version
    with pytest.raises(NoRolloutError):
        pause("fraud", world)


def test_a_second_promotion_ends_the_guard(world, rooms):
    """
    A person has seen enough.
    """
    shifted(world, rooms)
    promote("fraud", world)

    assert State.DONE is promote("fraud", world).state


def test_rollback_ends_the_rollout_and_keeps_its_record(world, rooms):
    """
    One command goes back to where it began, also after promotion.
    """
    shifted(world, rooms)
    promote("fraud", world)
    moved = go_back("fraud", world)

    assert ("1", "2") == (moved.now.version, moved.before)
    found = standing("fraud", world)
    assert (State.ROLLED_BACK, "1") == (found.rollout.state, alias(world).version)
    assert advance("fraud", world).step is None


def test_what_a_rollout_needs_is_no_garbage(world, rooms):
    """
    The guarded version stays, however few are to be kept.
    """
    shifted(world, rooms)
    promote("fraud", world)
    kept = gc("fraud", world, keep=1).kept

    assert ["1", "2"] == [number for number, _ in kept]


def test_the_report_is_kept_for_programs_and_people(world, rooms):
    """
    Every look, in a file that needs nothing else.
    """
    from mlflow_serverless.pipeline.rollouts import files_of

    shifted(world, rooms)
    clock = Clock()
    drive("fraud", world, clock=clock, sleep=Traffic(world.cloud, clock))
    plain, page = files_of(standing("fraud", world), world)

    assert "promoted" == json.loads(plain.read_text())["outcome"]
    assert page.read_text().startswith("<!doctype html>")


def test_a_rollback_is_one_update_of_the_alias(world, rooms):
    """
    From the verdict to no weight at all.
    """
    shifted(world, rooms)
    clock = Clock()
    advance("fraud", world, clock=clock)
    Traffic(world.cloud, clock, {"Status": 500})(60)
    before = len(world.cloud.performed)
    advance("fraud", world, clock=clock)

    (only,) = world.cloud.performed[before:]
    assert isinstance(only, RouteAlias)
    assert ("1", ()) == (only.version, only.weights)
