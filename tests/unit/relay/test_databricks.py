"""Databricks' webhooks, by the samples of its documentation; never tried live."""

from __future__ import annotations

import json

import pytest

from mlflow_serverless.relay.event import Event, read_event
from mlflow_serverless.relay.filter import Filter

AT = 1_589_859_029_343
COMMON = {
    "webhook_id": "c559", "event_timestamp": AT, "model_name": "delays", "version": "8",
    "text": "in words",
}  # fmt: skip
ISO = "2020-05-19T03:30:29.343000+00:00"
TAGS = [{"key": "deploy", "value": "yes"}, {"key": "team", "value": "air"}]
FILTERS = {
    "alias": Filter("delays", "alias", "champion"),
    "tag": Filter("delays", "tag", "deploy"),
    "stage": Filter("delays", "stage", "Production"),
}


@pytest.mark.parametrize(
    ("sample", "read", "heard_by"),
    [
        (
            {
                "event": "MODEL_VERSION_TRANSITIONED_STAGE",
                "to_stage": "Production", "from_stage": "None",
            },
            {"stage": "Production"},
            {"stage"},
        ),
        (
            {"event": "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION"},
            {},
            {"stage"},
        ),
        (
            {"event": "MODEL_VERSION_TAG_SET", "tags": TAGS[:1]},
            {"tag": "deploy", "value": "yes"},
            {"tag"},
        ),
        (
            {"event": "MODEL_VERSION_TAG_SET", "tags": TAGS[1:]},
            {"tag": "team", "value": "air"},
            set(),
        ),
        (
            {"event": "MODEL_VERSION_TAG_SET", "tags": TAGS},
            {},
            {"alias", "tag", "stage"},
        ),
        ({"event": "COMMENT_CREATED", "comment": "raw text"}, {}, set()),
        ({"event": "MODEL_VERSION_CREATED", "run_id": "1"}, {}, {"tag"}),
    ],
)  # fmt: skip
def test_a_documented_sample_is_read(sample, read, heard_by):
    """
    What happened to which version, and which rules it may concern; several tags at
    once may concern any.
    """
    event = read_event(json.dumps({**COMMON, **sample}), "d-1")

    assert Event(
        kind=sample["event"], model="delays", version="8", at=ISO, id="d-1", **read
    ) == event  # fmt: skip
    assert heard_by == {on for on, rule in FILTERS.items() if rule.cares(event)}


@pytest.mark.parametrize("tags", [None, "x", [], [1], [{}], [{"key": None}]])
@pytest.mark.parametrize("at", ["2022-03-04 00:00", 10**30, None])
def test_what_is_not_as_documented_is_read_all_the_same(tags, at):
    """
    An event is a hint: what it does not say is left empty.
    """
    sample = {**COMMON, "event": "MODEL_VERSION_TAG_SET", "tags": tags}
    event = read_event(json.dumps({**sample, "event_timestamp": at}))

    assert ("delays", "", "c559") == (event.model, event.tag, event.id)
