"""What MLflow's own store says, as values."""

import warnings

import pytest

from mlflow_serverless.reconcile.observed import APPROVED
from mlflow_serverless.reconcile.policy import Rule, Trigger
from mlflow_serverless.reconcile.registry import MlflowRegistry


def rule(model, **on):
    return Rule(model=model, on=Trigger(**(on or {"alias": "champion"})))


@pytest.fixture
def registry(shop):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stages are deprecated, and still read
        yield MlflowRegistry()


def test_a_named_model_is_read_with_all_that_triggers_need(registry, shop):
    """
    Aliases, stages, tags, whether it is ready, and which logged model it is.
    """
    from mlflow.tracking import MlflowClient

    registry.tag("models:/fraud/1", f"{APPROVED}production", "eve")
    (model,) = registry.models([rule("fraud")])
    MlflowClient().delete_model_version_tag("fraud", "1", f"{APPROVED}production")

    assert {"champion": 1, "challenger": 2} == model.aliases
    assert shop.logged == tuple(v.model_id for v in model.versions[:2])
    assert ("None", "Production") == tuple(v.stage for v in model.versions[:2])
    assert "eve" == model.version(1).tags[f"{APPROVED}production"]
    assert all(v.ready for v in model.versions)
    assert 2 == model.meant(Trigger(stage="Production")).number
    assert 1 == model.meant(Trigger(tag=f"{APPROVED}production", value="eve")).number
    assert model.meant(Trigger(alias="nobody")) is None


def test_a_pattern_is_read_as_what_matches(registry):
    """
    And a name that is not registered as nothing.
    """
    found = registry.models([rule("f*d"), rule("nothing")])

    assert ["fraud"] == [model.name for model in found]
    assert () == registry.models([rule("nothing")])
    assert {"fraud", "empty"} <= set(registry.names())


def test_every_page_is_read(registry, shop):
    """
    More models than one answer of the store holds.
    """
    from mlflow.tracking import MlflowClient

    client, names = MlflowClient(), [f"page-{number:03}" for number in range(101)]
    try:
        for name in names:
            client.create_registered_model(name)
        found = registry.models([rule("page-*")])
    finally:
        for name in names:
            client.delete_registered_model(name)

    assert names == [model.name for model in found]
