"""The story: nothing is done twice, nothing is half-done, nothing unproved serves."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.errors import Kind
from mlflow_serverless.pipeline import (
    Intent,
    delete,
    deploy,
    history,
    plan_only,
    status,
)
from mlflow_serverless.pipeline.errors import (
    DeploymentExistsError,
    DeploymentMissingError,
    ModelUnnamedError,
    PredictionFailedError,
    SmokeFailedError,
)
from mlflow_serverless.plan.errors import BadNameError
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.tell import Heard
from tests.fakes.worlds import RIGHT, WISH, make_world


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path)


@pytest.fixture
def rooms():
    return FakeRooms()


def test_a_model_becomes_a_served_version(world, rooms):
    """
    After a deployment the alias serves the model, with the settings asked for.
    """
    done = deploy(WISH, world, rooms)

    assert ("fraud", "live", "1", "models:/fraud/1") == (
        done.name, done.alias, done.version, done.model,
    )  # fmt: skip
    assert 512 == world.cloud.snapshot("fraud").function.settings.memory_mb
    assert done.changed
    assert done.smoke.startswith("answers as the model does")


def test_a_second_run_does_nothing_and_says_so(world, rooms):
    """
    With nothing changed no room works, no step is taken, nothing is asked.
    """
    deploy(WISH, world, rooms)
    visits, asked = rooms.visits.copy(), len(world.cloud.asked)
    again = replace(world, tell=Heard())
    done = deploy(WISH, again, rooms)

    assert () == done.changed
    assert {"resolve": 1} == rooms.visits - visits
    assert asked == len(world.cloud.asked)
    for room in ("convert", "optimise", "verify", "package", "plan"):
        assert f"{room}.kept" in again.tell.names()


@pytest.mark.parametrize("room", ["convert", "optimise", "verify", "question"])
def test_a_killed_run_goes_on_where_it_was(world, rooms, room):
    """
    Rooms that had finished are not visited again.
    """
    rooms.dies_in = room
    with pytest.raises(KeyboardInterrupt):
        deploy(WISH, world, rooms)
    finished = set(rooms.visits) - {"resolve"}
    rooms.dies_in = ""
    deploy(WISH, world, rooms)

    assert all(1 == rooms.visits[name] for name in finished)
    assert "1" == status("fraud", world).serving.version


@settings(deadline=None)
@given(die_after=st.integers(0, 6), second=st.booleans())
def test_an_interrupted_apply_is_finished_by_the_next(
    tmp_path_factory, die_after, second
):
    """
    Killed between any two steps and run again, it ends where an undisturbed run does.
    """
    folder, rooms = tmp_path_factory.mktemp("w"), FakeRooms()
    cloud = MemoryCloud(answer=lambda _: RIGHT)
    world = make_world(folder, cloud)
    if second:
        deploy(replace(WISH, model_uri="models:/fraud/0"), world, rooms)
        cloud.performed.clear()
    cloud.die_after = die_after
    try:
        deploy(WISH, world, rooms)
    except KeyboardInterrupt:
        cloud.die_after = None
        deploy(WISH, world, rooms)

    assert "models:/fraud/1" == status("fraud", world).serving.model
    assert (2 if second else 1) == len(history("fraud", world))
    cloud.die_after = None
    assert () == deploy(WISH, world, rooms).changed


def test_traffic_moves_only_after_the_right_answer(tmp_path, rooms):
    """
    A version that answers otherwise than the model is never given traffic.
    """
    cloud = MemoryCloud(answer=lambda _: RIGHT)
    world = make_world(tmp_path, cloud)
    deploy(WISH, world, rooms)
    cloud.answer = lambda _: b'{"predictions": [2.0]}'
    with pytest.raises(SmokeFailedError, match=r"\[0\] is 2.0, not 1.0") as caught:
        deploy(replace(WISH, model_uri="models:/fraud/2"), world, rooms)

    assert Kind.REFUSED is caught.value.kind
    assert "models:/fraud/1" == status("fraud", world).serving.model


def test_a_function_that_fails_gets_no_traffic(tmp_path, rooms):
    """
    A crash in the first request stops the deployment before the alias moves.
    """
    cloud = MemoryCloud(answer=lambda _: b"{}", error="Unhandled")
    world = make_world(tmp_path, cloud)
    with pytest.raises(PredictionFailedError):
        deploy(WISH, world, rooms)

    assert () == cloud.snapshot("fraud").aliases


def test_smoke_can_be_left_out(world, rooms):
    """
    `smoke=false` asks nothing.
    """
    deploy(replace(WISH, given={"smoke": "false", "record": False}), world, rooms)

    assert [] == world.cloud.asked


def test_without_an_example_nothing_is_asked(world):
    """
    A model that brings no example is served, and it is said that nobody asked.
    """
    done = deploy(WISH, world, FakeRooms(asks=None))

    assert "no example" in done.smoke
    assert "smoke.warning" in world.tell.names()


def test_create_again_is_no_change(world, rooms):
    """
    The same model and configuration under the same name is done already.
    """
    create = replace(WISH, intent=Intent.CREATE)
    deploy(create, world, rooms)

    assert () == deploy(create, world, rooms).changed


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"model_uri": "models:/fraud/2"}, "the model"),
        ({"given": {"memory_mb": 256, "record": False}}, "the configuration"),
        (
            {"given": {"memory_mb": 512, "record": False, "tags.a": "b"}},
            "configuration",
        ),
    ],
)
def test_create_over_something_else_is_a_conflict(world, rooms, change, differs):
    """
    Create never replaces; it says what is there and what differs, before any work.
    """
    create = replace(WISH, intent=Intent.CREATE)
    deploy(create, world, rooms)
    built = rooms.visits["convert"]
    before = world.cloud.snapshot("fraud")
    with pytest.raises(DeploymentExistsError, match=differs) as caught:
        deploy(replace(create, **change), world, rooms)

    assert "serves models:/fraud/1" in caught.value.message
    assert built == rooms.visits["convert"]
    assert before == world.cloud.snapshot("fraud")


def test_an_update_keeps_what_it_does_not_mention(world, rooms):
    """
    Changing the model keeps the memory; changing the memory keeps the model.
    """
    deploy(WISH, world, rooms)
    update = replace(WISH, intent=Intent.UPDATE, given={})
    deploy(replace(update, model_uri="models:/fraud/2"), world, rooms)
    deploy(replace(update, model_uri=None, given={"timeout_s": "9"}), world, rooms)
    now = status("fraud", world)

    assert ("models:/fraud/2", 512, 9) == (
        now.serving.model, now.config.memory_mb, now.config.timeout_s,
    )  # fmt: skip
    assert 3 == now.versions


def test_a_deployment_says_all_of_it(world, rooms):
    """
    Deploying is declarative: what is not said is the default again.
    """
    deploy(WISH, world, rooms)
    deploy(replace(WISH, given={"record": False}), world, rooms)

    assert 1024 == status("fraud", world).config.memory_mb


def test_an_earlier_model_needs_no_new_version(world, rooms):
    """
    Going back is moving the alias to the version that is there already.
    """
    deploy(WISH, world, rooms)
    deploy(replace(WISH, model_uri="models:/fraud/2"), world, rooms)
    done = deploy(WISH, world, rooms)

    assert "1" == done.version
    assert [((), "2"), (("live",), "1")] == [
        (item.aliases, item.version) for item in history("fraud", world)
    ]


def test_the_same_model_by_another_name_is_the_same(world, rooms):
    """
    An alias that resolves to the deployed version changes nothing.
    """
    rooms.aliases["models:/fraud@champion"] = "models:/fraud/1"
    deploy(WISH, world, rooms)
    done = deploy(replace(WISH, model_uri="models:/fraud@champion"), world, rooms)

    assert () == done.changed


def test_a_plan_changes_nothing(world, rooms):
    """
    Planning builds on this machine and leaves the cloud alone.
    """
    proposal = plan_only(WISH, world, rooms)

    assert 4 == len(proposal.plan.steps)
    assert [] == world.cloud.performed
    assert proposal.plan.steps == tuple(
        deploy(WISH, world, rooms) and world.cloud.performed
    )


def test_an_update_of_nothing_names_what_there_is(world, rooms):
    """
    A typo in the name gets a guess.
    """
    deploy(WISH, world, rooms)
    with pytest.raises(DeploymentMissingError, match="did you mean fraud"):
        deploy(replace(WISH, name="fruad", intent=Intent.UPDATE), world, rooms)


def test_a_name_that_aws_would_refuse_is_refused_first(world, rooms):
    """
    Nothing is resolved or converted for a name that cannot be.
    """
    with pytest.raises(BadNameError):
        deploy(replace(WISH, name="fraud model!"), world, rooms)

    assert not rooms.visits


def test_a_deployment_needs_a_model(world, rooms):
    """
    Nothing named and nothing known: ask for it.
    """
    with pytest.raises(ModelUnnamedError):
        deploy(replace(WISH, model_uri=None), world, rooms)


def test_delete_is_idempotent(world, rooms):
    """
    The second delete finds nothing and is no error.
    """
    deploy(WISH, world, rooms)

    assert (True, False) == (delete("fraud", world), delete("fraud", world))
    assert () == world.cloud.names()


def test_other_parity_options_prove_again_but_pack_the_same(world, rooms):
    """
    How hard one looks is not part of what is deployed.
    """
    first = deploy(WISH, world, rooms)
    more = replace(WISH, given={**WISH.given, "parity.samples": 99})
    second = deploy(more, world, rooms)

    assert 2 == rooms.visits["verify"]
    assert 1 == rooms.visits["convert"]
    assert (first.bundle, first.version) == (second.bundle, second.version)


def test_a_damaged_bundle_is_made_again(world, rooms):
    """
    What was changed on disk is noticed, not deployed.
    """
    deploy(WISH, world, rooms)
    for file in (world.store.root / "bundle").rglob("manifest.json"):
        file.write_text("{}")
    done = deploy(WISH, world, rooms)

    assert () == done.changed
