"""Rollouts that the account drives: what is made for them, when, and what goes."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mlflow_serverless.export import Format, Syntax
from mlflow_serverless.pipeline import DeployRequest, delete, deploy, gc, plan_only
from mlflow_serverless.pipeline.controlled import longest_s
from mlflow_serverless.pipeline.handover import hand_over
from mlflow_serverless.pipeline.rollouts import abort, pause, promote, resume
from mlflow_serverless.plan import Controller, Schedule, driving, names
from mlflow_serverless.plan.errors import NotOfferedError
from mlflow_serverless.shift import Kind, Stage, Strategy
from tests.fakes.rollout_cloud import RolloutCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.worlds import RIGHT, make_world
from tests.unit.pipeline.test_at_a_place import PLACE

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mlflow-serverless/fraud@sha256:it"
BESIDE = {"log group", "role", "schedule group", "controller"}


@pytest.fixture
def world(tmp_path):
    cloud = RolloutCloud(answer=lambda _: RIGHT, where=PLACE)
    return replace(make_world(tmp_path, cloud), controller=lambda _: IMAGE)


@pytest.fixture
def rooms():
    return FakeRooms()


def wish(number: int = 1, **given) -> DeployRequest:
    said = {"record": False, "strategy": "canary", "strategy.driver": "cloud", **given}
    return DeployRequest(name="fraud", model_uri=f"models:/fraud/{number}", given=said)


def beside(world):
    return driving(world.cloud.snapshot("fraud"))


def schedules(world) -> list[Schedule]:
    return [r for r in beside(world) if isinstance(r, Schedule)]


def test_only_a_rollout_makes_a_controller(world, rooms):
    """
    A first deployment has none; the first update has all of it, and its schedule
    comes last, when the rollout has begun.
    """
    deploy(wish(), world, rooms)
    assert () == beside(world)

    changed = deploy(wish(2), world, rooms).changed

    assert {*BESIDE, "schedule"} == {r.kind for r in beside(world)}
    assert "make the schedule" in changed[-1]
    (controller,) = (r for r in beside(world) if isinstance(r, Controller))
    assert IMAGE == controller.artifact
    assert IMAGE in world.cloud.snapshot("fraud").artifacts


def test_the_schedule_says_what_to_look_at_and_ends_by_itself(world, rooms):
    """
    Deployment, alias and the revision before; the end is beyond all patience.
    """
    deploy(wish(), world, rooms)
    before = world.cloud.snapshot("fraud").alias("live").revision
    deploy(wish(2, **{"strategy.patience_s": 100}), world, rooms)
    (made,) = schedules(world)
    said = json.loads(made.input)

    assert ("fraud", "live", before) == (
        said["deployment"], said["alias"], said["since"],
    )  # fmt: skip
    assert (made.group, made.name) == (said["group"], said["schedule"])
    assert made.target.endswith(f":function:{names.controller('fraud')}")
    assert made.end > datetime.now(UTC).timestamp() + 5 * 100


def test_the_same_again_changes_nothing(world, rooms):
    """
    While the rollout is under way, and after it: what stands by stays.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    before = schedules(world)
    (again,) = deploy(wish(2), world, rooms).changed
    assert "it is under way already" in again
    assert before == schedules(world)

    promote("fraud", world)
    promote("fraud", world)
    ended(world)
    assert () == deploy(wish(2), world, rooms).changed
    assert BESIDE == {r.kind for r in beside(world)}


def ended(world) -> None:
    """The controller has ended its schedule."""
    have = world.cloud.snapshot("fraud")
    left = tuple(r for r in have.resources if not isinstance(r, Schedule))
    world.cloud.state["fraud"] = replace(have, resources=left)


def test_each_rollout_has_a_schedule_of_its_own(world, rooms):
    """
    So that whoever ends the last one's does not end the next one's.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    (first,) = schedules(world)
    promote("fraud", world)

    changed = deploy(wish(3), world, rooms).changed

    (second,) = schedules(world)
    assert first.name != second.name
    assert ["make the schedule", "remove the schedule"] == [
        " ".join(step.split()[:3]) for step in changed[-2:]
    ]


def test_a_rollout_whose_maker_died_gets_its_schedule_from_the_next(world, rooms):
    """
    Killed between beginning it and making its schedule.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    ended(world)

    deploy(wish(2), world, rooms)

    assert 1 == len(schedules(world))


def test_resuming_wakes_it_again(world, rooms):
    """
    A pause may outlast the schedule.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    pause("fraud", world)
    ended(world)

    resume("fraud", world)

    assert 1 == len(schedules(world))
    resume_again = schedules(world)
    pause("fraud", world)
    resume("fraud", world)
    assert resume_again == schedules(world)


def test_gc_takes_what_stands_by_and_nothing_that_drives(world, rooms):
    """
    All of it once no rollout is under way, with its image.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    gc("fraud", world)
    assert {*BESIDE, "schedule"} == {r.kind for r in beside(world)}
    abort("fraud", world)

    gc("fraud", world)

    have = world.cloud.snapshot("fraud")
    assert () == driving(have)
    assert IMAGE not in have.artifacts
    assert {"log group", "role"} <= {r.kind for r in have.resources}


def test_delete_leaves_nothing(world, rooms):
    """
    What wakes it goes first, so that it does not look at what is being deleted.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    world.cloud.performed.clear()
    delete("fraud", world)

    have = world.cloud.snapshot("fraud")
    assert (None, (), ()) == (have.function, have.resources, have.artifacts)
    assert "remove the schedule" in str(world.cloud.performed[0])


def test_another_driver_has_no_use_for_it(world, rooms):
    """
    It goes with the first deployment that says so.
    """
    deploy(wish(), world, rooms)
    deploy(wish(2), world, rooms)
    promote("fraud", world)
    deploy(wish(2, **{"strategy.driver": "command"}), world, rooms)

    assert () == beside(world)


def test_a_plan_shows_it_with_its_price_and_changes_nothing(world, rooms):
    """
    And what its roles may do is audited like every role.
    """
    deploy(wish(), world, rooms)
    proposal = plan_only(wish(2), world, rooms)

    steps = [str(step) for step in proposal.plan.steps]
    assert any("make the controller" in step for step in steps)
    assert any("looks, one a minute" in line.what for line in proposal.costs)
    assert not [f for f in proposal.findings if "wildcard" in f.code]
    assert () == beside(world)


def test_a_template_leaves_it_out_and_says_so(world, rooms):
    """
    What a template makes moves all traffic at once.
    """
    deploy(wish(), world, rooms)
    text, _ = hand_over(
        wish(2), world, form=Format.TERRAFORM, syntax=Syntax.JSON, rooms=rooms
    )

    assert not [n for n in ("Schedule", "mlflow-serverless.control") if n in text]
    said = [f["what"] for event, f in world.tell.events if event == "export.warning"]
    assert ["the template has no controller: it moves all traffic at once"] == said


@pytest.mark.parametrize("hook", ["command:true", "python:os:getcwd"])
def test_a_controller_cannot_call_what_is_on_this_machine(world, rooms, hook):
    """
    Refused before anything is built.
    """
    with pytest.raises(NotOfferedError, match=r"strategy\.before"):
        deploy(wish(**{"strategy.before": hook}), world, rooms)

    assert not rooms.visits


def test_where_no_controller_can_be_made_it_is_refused(world, rooms):
    """
    Never ignored.
    """
    with pytest.raises(NotOfferedError, match=r"strategy\.driver=cloud"):
        deploy(wish(), replace(world, controller=None), rooms)


def test_the_longest_rollout_is_shorter_than_its_schedule():
    """
    Patience in every state, or the bake time where that is longer; and a day.
    """
    stages = (Stage(Kind.SHADOW, 0.2, 50), Stage(Kind.CANARY, 0.1, 500))
    strategy = Strategy(name="it", stages=stages, patience_s=100, guard_s=30)

    assert 100 + (100 + 500) + 100 + 86_400 == longest_s(strategy)
