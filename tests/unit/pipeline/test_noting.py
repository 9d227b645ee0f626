"""Who ended a rollout is on the function, and in the models' history, at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_serverless.lineage import Cause, Does, read_cause
from mlflow_serverless.lineage.moves import moves_in
from mlflow_serverless.pipeline import deploy
from mlflow_serverless.pipeline.desired import tag
from mlflow_serverless.pipeline.rollouts import abort, advance, promote
from tests.fakes.rollout_cloud import RolloutCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.shop import untagged
from tests.fakes.worlds import make_world
from tests.unit.pipeline.test_rollouts import QUICK, RIGHT, Clock, Traffic, wish

ANN = Cause(actor="ann", run="https://ci.example/1", commit="a1")


@pytest.fixture
def world(tmp_path, shop):
    """A rollout from version 1 to 2, begun on behalf of ann."""
    made = make_world(tmp_path, RolloutCloud(answer=lambda _: RIGHT))
    made = replace(made, rollouts=tmp_path / "rollouts", cause=ANN)
    rooms = FakeRooms()
    for number, how in ((1, {}), (2, {"strategy": "canary"})):
        deploy(wish(number, **QUICK, **{**how, "record": True}), made, rooms)
    yield made
    untagged()


def moves() -> list[tuple[Does, str, str, Cause]]:
    """What the store says, oldest first."""
    from mlflow.tracking import MlflowClient

    found = [
        move
        for number in ("1", "2")
        for move in moves_in(
            MlflowClient().get_model_version("fraud", number).tags,
            f"models:/fraud/{number}",
        )
    ]
    found.sort(key=lambda move: move.at)
    return [(m.does, m.model, m.why.partition(":")[0], m.cause) for m in found]


def caused(world) -> Cause:
    return read_cause(tag(world.cloud.snapshot("fraud"), "cause"))


FIRST = (Does.SERVES, "models:/fraud/1", "deployed", ANN)


def test_a_promotion_is_history_once_it_is_made(world):
    """By whoever takes the look that promotes; not when the rollout begins."""
    begun = moves()
    clock = Clock()
    traffic, bot = Traffic(world.cloud, clock), Cause(actor="schedule")
    for _ in range(12):
        traffic(60)
        if not advance("fraud", replace(world, cause=bot), clock=clock).step:
            break

    assert [FIRST] == begun
    assert [FIRST, (Does.SERVES, "models:/fraud/2", "promoted", bot)] == moves()
    assert bot == caused(world)


def test_an_order_is_history_too(world):
    """Promoted by eve, taken back by bob: each with the name and the reason."""
    eve, bob = Cause(actor="eve"), Cause(actor="bob")
    promote("fraud", replace(world, cause=eve))
    promoted = caused(world)
    abort("fraud", replace(world, cause=bob))

    assert (eve, bob) == (promoted, caused(world))
    assert [
        FIRST,
        (Does.SERVES, "models:/fraud/2", "promoted", eve),
        (Does.RETURNS, "models:/fraud/1", "rolled back", bob),
    ] == moves()


def test_a_rollout_that_ends_before_it_serves_moves_nothing(world):
    """The old version has served all along; who ended it is on the function."""
    bob = Cause(actor="bob")
    abort("fraud", replace(world, cause=bob))

    assert [FIRST] == moves()
    assert bob == caused(world)
