"""A deployment as a template: decided like one, and nothing is touched."""

import pytest

from mlflow_serverless.export import Format, NoTemplateError, Syntax
from mlflow_serverless.pipeline import deploy, fill, hand_over
from mlflow_serverless.secure import RefusedError
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.worlds import RIGHT, make_world
from tests.unit.pipeline.test_at_a_place import PLACE, wish


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path, MemoryCloud(answer=lambda _: RIGHT, where=PLACE))


@pytest.fixture
def rooms():
    return FakeRooms()


def handed(request, world, rooms, form=Format.TERRAFORM):
    return hand_over(request, world, form=form, syntax=Syntax.JSON, rooms=rooms)


def test_nothing_is_made(world, rooms):
    """A template is a text; others make what it says."""
    text, proposal = handed(wish(), world, rooms)

    assert proposal.want.function.artifact in text
    assert world.cloud.snapshot("fraud").function is None


def test_it_is_what_deploy_would_make(world, rooms):
    """After a deployment the template says the same."""
    before, _ = handed(wish(), world, rooms)

    deploy(wish(), world, rooms)
    after, proposal = handed(wish(), world, rooms)

    assert before == after
    assert not proposal.plan


def test_what_deploy_refuses_is_refused(world, rooms):
    """A template is no way around the audit."""
    with pytest.raises(RefusedError, match="everybody"):
        handed(wish(**{"url.auth": "public"}), world, rooms)


def test_the_embedded_cloud_has_no_templates(tmp_path, rooms):
    """Said before a model is built for it."""
    world = make_world(tmp_path, MemoryCloud(answer=lambda _: RIGHT))

    with pytest.raises(NoTemplateError, match="not AWS"):
        handed(wish(), world, rooms)

    assert not rooms.visits


def test_filling_brings_the_artifact_and_nothing_else(world, rooms):
    """What no template can bring: the image, to its repository."""
    _, proposal = handed(wish(), world, rooms)

    addresses = fill(proposal, world)
    have = world.cloud.snapshot("fraud")

    assert (proposal.want.function.artifact,) == addresses
    assert addresses == have.artifacts
    assert have.function is None
