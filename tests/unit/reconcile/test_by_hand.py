"""What a person does to a deployment holds, until the registry changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_serverless.lineage import Cause, Does, read_cause, serving_at
from mlflow_serverless.pipeline import DeployRequest, deploy, rollback
from mlflow_serverless.pipeline.desired import tag
from mlflow_serverless.plan import RouteAlias, SetTags
from mlflow_serverless.plan.errors import NoSuchFunctionError
from mlflow_serverless.reconcile import MlflowRegistry, Told
from mlflow_serverless.reconcile.recorded import timeline
from tests.fakes.rooms import FakeRooms
from tests.fakes.shop import untagged

EVE = Cause(actor="eve", run="https://ci.example/7")
TARGET = "lambda:/eu-west-1"


def by_hand(stage):
    """The World as eve has it."""
    return replace(stage.world(TARGET), cause=EVE)


@pytest.fixture
def rolled_back(stage):
    """The alias means 2, and eve has sent the traffic back to 1."""
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    rollback("fraud", by_hand(stage))
    return stage


def test_a_rollback_by_hand_is_not_undone(rolled_back):
    """However often the registry is looked at; and it is said who did it."""
    held = [rolled_back.once().outcomes[0] for _ in range(2)]

    assert ["waiting", "waiting"] == [each.state for each in held]
    assert "models:/fraud/1" == rolled_back.serves()
    for part in ("rolled back", "eve", "--retry fraud"):
        assert part in held[0].intent.why


def test_the_mark_is_there_before_traffic_moves(rolled_back):
    """So that a reconcile that comes between finds it."""
    taken = rolled_back.cloud.performed
    kinds = [type(step) for step in taken[-2:]]

    assert [SetTags, RouteAlias] == kinds
    assert EVE == read_cause(tag(rolled_back.cloud.snapshot("fraud"), "cause"))


def test_a_mark_that_cannot_be_made_holds_nobody_up(stage, monkeypatch):
    """Who may move traffic and not tag goes back all the same, and is told."""
    for number in (1, 2):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    perform = stage.cloud.perform

    def untagged(step):
        if isinstance(step, SetTags):
            raise NoSuchFunctionError("any error of ours")
        perform(step)

    monkeypatch.setattr(stage.cloud, "perform", untagged)
    rollback("fraud", by_hand(stage))

    assert "models:/fraud/1" == stage.serves()
    assert any("not noted" in str(said) for said in stage.heard.events)


def test_somebody_may_let_it_try_again(rolled_back):
    """By `--retry`; then nothing is refused any more."""
    told = Told(retry=frozenset({"fraud"}))
    again = rolled_back.said(rolled_back.once(scene={"told": told}))

    assert [("fraud", "Update", "done")] == again
    assert "models:/fraud/2" == rolled_back.serves()
    assert "" == tag(rolled_back.cloud.snapshot("fraud"), "refused")


def test_somebody_may_deploy_it_again(rolled_back):
    """Then it is served, and a reconcile has nothing to do."""
    wish = DeployRequest(
        name="fraud", model_uri="models:/fraud/2", given={"record": False}
    )
    deploy(wish, by_hand(rolled_back), rolled_back.rooms)

    assert [("fraud", "Ignore", "ignored")] == rolled_back.said(rolled_back.once())
    assert "models:/fraud/2" == rolled_back.serves()


def test_another_version_is_news(rolled_back):
    """A newer one goes forward; and the one that was refused may come after it."""
    rolled_back.registry.point("fraud", "champion", 3)
    newer = rolled_back.said(rolled_back.once())
    rolled_back.registry.point("fraud", "champion", 2)
    rolled_back.once()

    assert [("fraud", "Update", "done")] == newer
    assert "models:/fraud/2" == rolled_back.serves()


def test_a_registry_that_agreed_once_is_followed_again(rolled_back):
    """The alias goes back to 1, is seen there, and means 2 anew: somebody wants it."""
    rolled_back.registry.point("fraud", "champion", 1)
    agreed = rolled_back.said(rolled_back.once())
    rolled_back.registry.point("fraud", "champion", 2)
    again = rolled_back.said(rolled_back.once())

    assert [("fraud", "Ignore", "ignored")] == agreed
    assert [("fraud", "Update", "done")] == again


def test_two_rollbacks_refuse_both(stage):
    """From 3 to 2 to 1; and whoever goes forward again by hand means it."""
    for number in (1, 2, 3):
        stage.registry.point("fraud", "champion", number)
        stage.once()
    for _ in range(2):
        rollback("fraud", by_hand(stage))
    both = tag(stage.cloud.snapshot("fraud"), "refused")
    (held,) = stage.once().outcomes
    rollback("fraud", by_hand(stage), to="2")

    assert ("3 2", "waiting") == (both, held.state)
    assert "3 1" == tag(stage.cloud.snapshot("fraud"), "refused")


class InShop(FakeRooms):
    """Rooms whose models carry the ids of the store's versions."""

    ids: dict[str, str]

    def resolve(self, text, downloads, flavor):
        model = super().resolve(text, downloads, flavor)
        return replace(model, model_id=self.ids[text])


@pytest.fixture
def clean(shop):
    """The store's versions, without a tag before and after."""
    untagged()
    yield shop
    untagged()


def test_what_moves_at_once_is_noted_at_once(stage, clean):
    """A strategy without stages: no look comes after it that could say what serves."""
    from mlflow.tracking import MlflowClient

    stage.rooms = InShop()
    stage.rooms.ids = {
        f"models:/fraud/{number}": logged
        for number, logged in enumerate(clean.logged, 1)
    }
    given = {"strategy": "all-at-once"}
    for number in ("1", "2"):
        wish = DeployRequest(
            name="fraud", model_uri=f"models:/fraud/{number}", given=given
        )
        deploy(wish, by_hand(stage), stage.rooms)
    client = MlflowClient()
    served = ["mlflow_serverless.fraud.version" in client.get_model_version(
        "fraud", number).tags for number in ("1", "2")]  # fmt: skip

    moves = timeline("fraud", TARGET, ["fraud"], MlflowRegistry(), where=TARGET)
    assert ["models:/fraud/2", "models:/fraud/1"] == [move.model for move in moves]
    assert {(Does.SERVES, "eve")} == {(move.does, move.cause.actor) for move in moves}
    assert [False, True] == served


def test_the_registry_itself_says_who_moved_what(stage, clean):
    """
    Promoted by a pass, taken back by eve, deployed again by eve: the history of a real
    store answers at once what served when, and why, without another pass.
    """
    from mlflow.tracking import MlflowClient

    client, registry = MlflowClient(), MlflowRegistry()
    stage.registry = registry
    stage.rooms = InShop()
    stage.rooms.ids = {
        f"models:/fraud/{number}": logged
        for number, logged in enumerate(clean.logged, 1)
    }
    stage.policy = stage.policy.replace("record: false", "record: true")
    for number in ("1", "2"):
        client.set_registered_model_alias("fraud", "champion", number)
        stage.once()
    rollback("fraud", by_hand(stage))
    (held,) = stage.once().outcomes
    wish = DeployRequest(name="fraud", model_uri="models:/fraud/2")
    deploy(wish, by_hand(stage), stage.rooms)
    stage.once()
    client.set_registered_model_alias("fraud", "champion", "1")

    moves = timeline("fraud", TARGET, ["fraud"], registry, where=TARGET)
    assert "waiting" == held.state
    assert [
        (Does.SERVES, "models:/fraud/2", "eve"),
        (Does.RETURNS, "models:/fraud/1", "eve"),
        (Does.SERVES, "models:/fraud/2", "ann"),
        (Does.SERVES, "models:/fraud/1", "ann"),
    ] == [(move.does, move.model, move.cause.actor) for move in moves]
    assert EVE.run == serving_at(moves, moves[1].at).cause.run
    assert "rolled back from version 2" == moves[1].why
