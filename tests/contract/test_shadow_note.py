"""The deployer writes an alias's note, and the runtime reads a shadow in it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.shadow.note import shadow_of
from mlflow_serverless.shift.note import encode
from mlflow_serverless.shift.rollout import Rollout
from mlflow_serverless.shift.strategy import Kind
from tests.unit.shift.test_note import rollouts


@given(rollouts())
def test_the_runtime_sees_a_shadow_where_a_rollout_is_in_one(rollout: Rollout):
    """
    Candidate and share while the stage is a shadow's; nothing in any other state.
    """
    here, found = rollout.here, shadow_of(encode(rollout))
    mirrored = here is not None and here.kind is Kind.SHADOW

    assert mirrored == (found is not None)
    if here is not None and found is not None:
        assert (rollout.candidate, here.share) == (found.candidate, found.share)


@given(rollouts(), st.sampled_from("rcm"))
def test_a_note_without_one_of_its_words_has_no_shadow(rollout: Rollout, word: str):
    """
    What the runtime does not understand wholly it does not act on.
    """
    said = json.loads(encode(rollout))
    said.pop(word, None)

    assert shadow_of(json.dumps(said)) is None
