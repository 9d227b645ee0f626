"""Which rollouts the embedded cloud drives, without asking the judge's room."""

import pytest
from hypothesis import given

from mlflow_serverless.config import parse
from mlflow_serverless.local.rollouts import DRIVER, driven
from mlflow_serverless.pipeline.desired import tags_of
from mlflow_serverless.plan import Actual, Alias
from mlflow_serverless.shift.note import encode
from mlflow_serverless.shift.rollout import Rollout
from tests.fakes.rooms import BLANK
from tests.unit.shift.test_note import rollouts


def deployment(note: str, **given: object) -> Actual:
    """A deployment with an alias that says *note*."""
    pointed = Alias(name="live", version="1", note=note)
    tags = tags_of(BLANK, parse(given))
    return Actual(name="fraud", aliases=(pointed,), tags=tags)


@given(rollouts())
def test_it_drives_what_is_under_way_where_it_is_asked_to(rollout: Rollout):
    """
    What the deployer writes into note and tags is what is read here.
    """
    note = encode(rollout)

    assert driven(deployment(note, **{"strategy.driver": "cloud"})) != rollout.over
    assert not driven(deployment(note))


@pytest.mark.parametrize("note", ["", "by hand", "[]", '{"r": 2}', '{"r": 1}', "7"])
def test_notes_of_others_are_left_alone(note):
    """
    Whatever a person wrote there, it is no rollout.
    """
    assert not driven(deployment(note, **{"strategy.driver": "cloud"}))


def test_nothing_is_tagged_where_nothing_is_asked():
    """
    The tag costs those who drive themselves nothing.
    """
    assert DRIVER not in tags_of(BLANK, parse({}))
