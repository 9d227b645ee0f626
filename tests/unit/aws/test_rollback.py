"""Going back on AWS: what goes over the wire for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.lineage import Cause
from mlflow_serverless.pipeline import rollback
from mlflow_serverless.plan import RouteAlias, plan
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import World
from tests.fakes.tell import silent


@pytest.fixture
def world(cloud, want, name, tmp_path):
    """Two versions, of which the second serves."""
    for number in (1, 2):
        wished = want(number)
        apply(plan(wished, cloud.snapshot(name)), cloud, silent)
    return World(
        target="lambda", cloud=cloud, store=ContentStore(tmp_path / "work"),
        downloads=tmp_path / "models", tell=silent, cause=Cause(actor="ann"),
    )  # fmt: skip


def written(aws) -> list[str]:
    """Calls that may have changed something."""
    return [str(call) for call in aws.faults.calls if call.writes]


def test_it_is_one_update_of_the_alias(aws, world, name):
    """After the note of who did it; nothing else is written."""
    aws.faults.calls.clear()
    moved = rollback(name, world)

    assert ("2", "1") == (moved.before, moved.now.version)
    assert ["lambda:TagResource", "lambda:UpdateAlias"] == written(aws)


def test_weights_go_with_it(aws, world, name):
    """Version, shares and note are one update: there is no moment between."""
    world.cloud.perform(RouteAlias(name, "live", "1", (("2", 0.3),), "half way"))
    aws.faults.calls.clear()
    rollback(name, world)
    alias = world.cloud.snapshot(name).alias("live")

    assert ("1", (), "") == (alias.version, alias.weights, alias.note)
    assert 1 == written(aws).count("lambda:UpdateAlias")


def test_whoever_may_not_tag_can_still_go_back(aws, world, name):
    """The note is told as lacking; the move is made."""
    told: list[str] = []
    aws.faults.deny("lambda:TagResource", "lambda:UntagResource")
    heard = replace(world, tell=lambda event, /, **_: told.append(event))

    assert rollback(name, heard).changed
    assert "note.warning" in told
