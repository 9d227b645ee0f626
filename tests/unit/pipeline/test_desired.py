"""What we want survives in what the cloud keeps: notes and tags."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless import limits
from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.desired import desired, note_of, origin_of, tag
from mlflow_serverless.plan import Actual, Version
from mlflow_serverless.plan.rules import check
from mlflow_serverless.topology import config_of
from tests.fakes.resolved import MODEL

AWS_TAG = re.compile(r"[\w\s.:/=+\-@]{0,256}")


def test_the_configuration_can_be_read_back_from_tags():
    """
    The cloud is the only state; an update starts from what it says.
    """
    config = parse({
        "memory_mb": 2048, "tags.team": "risk", "environment.A_B": "c d",
        "parity.samples": 12, "environment.LONG_ONE": "ü" * 400,
    })  # fmt: skip
    want = desired("fraud", "sha256:1", MODEL, "equal", config)

    check(want)
    have = Actual(name="fraud", function=want.function, tags=want.tags)
    assert config == config_of(have)
    assert "models:/fraud/7" == tag(have, "model")
    assert all(AWS_TAG.fullmatch(value) for _, value in want.tags)


def test_foreign_tags_mean_the_defaults():
    """
    A function that was tagged by hand is no reason to fail.
    """
    function = desired("it", "", MODEL, "", parse({})).function
    wrong = ("mlflow-serverless:config-0", "%%%")
    have = Actual(name="it", function=function, tags=(wrong, ("a", "b")))

    assert parse({}) == config_of(have)


@given(uri=st.text(max_size=600), parity=st.text(max_size=600))
def test_a_note_always_fits(uri, parity):
    """
    However long the names are, a version's note is readable and not too long.
    """
    note = note_of(replace(MODEL, uri=uri), parity)
    version = Version(
        number="1", content="", artifact="", note=note,
        settings=desired("it", "", MODEL, "", parse({})).function.settings,
    )  # fmt: skip

    assert len(note) <= limits.DESCRIPTION_CHARS
    assert MODEL.flavor == origin_of(version).flavor


def test_a_note_says_which_model():
    """
    History is read off the notes.
    """
    note = note_of(MODEL, "equal")
    want = desired("it", "", MODEL, "", parse({}))
    version = Version(
        number="1", content="", artifact="", note=note, settings=want.function.settings
    )
    origin = origin_of(version)

    assert ("models:/fraud/7", MODEL.model_id, "equal") == (
        origin.model, origin.model_id, origin.parity,
    )  # fmt: skip
    assert "" == origin_of(replace(version, note="by hand")).model
