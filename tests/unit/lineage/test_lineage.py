"""Causes and moves survive where they are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless import limits
from mlflow_serverless.lineage import (
    Cause,
    Does,
    Move,
    cause_of,
    read_cause,
    serving_at,
)
from mlflow_serverless.lineage.moves import moves_in
from mlflow_serverless.plan.rules import check_tags

START = datetime(2026, 11, 1, tzinfo=UTC)
words = st.text(max_size=300)


@settings(deadline=None)
@given(st.builds(Cause, actor=words, run=words, commit=words, event=words))
def test_a_cause_always_fits_into_a_tag(cause):
    """
    Whatever it holds: AWS's characters, and no more than AWS takes.
    """
    text = cause.text()

    check_tags("it", (("mlflow-serverless:cause", text),))
    assert len(text) <= limits.TAG_VALUE_CHARS


def test_a_cause_is_read_again():
    """
    As long as it fits, all of it.
    """
    cause = Cause(
        actor="ann", commit="a1b2c3", event="d-1", approved_by="eve",
        run="https://github.com/acme/models/actions/runs/123",
    )  # fmt: skip

    assert cause == read_cause(cause.text())


@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        (
            {
                "GITHUB_ACTOR": "ann", "GITHUB_SHA": "a1", "GITHUB_RUN_ID": "7",
                "GITHUB_REPOSITORY": "acme/models", "USER": "runner",
            },
            Cause(
                actor="ann", commit="a1",
                run="https://github.com/acme/models/actions/runs/7",
            ),
        ),
        (
            {"GITLAB_USER_LOGIN": "bob", "CI_COMMIT_SHA": "b2", "CI_JOB_URL": "https://g"},
            Cause(actor="bob", commit="b2", run="https://g"),
        ),
        ({"USER": "eve"}, Cause(actor="eve")),
        ({}, Cause()),
    ],
)  # fmt: skip
def test_ci_says_who_it_is(environ, cause):
    """
    GitHub Actions, GitLab CI, a shell, nobody.
    """
    assert cause == cause_of(environ)


def move(minutes, does, model="models:/fraud/1"):
    return Move(
        at=START + timedelta(minutes=minutes), deployment="fraud",
        target="lambda:/local", environment="production", does=does, model=model,
        version="1", why="because", cause=Cause(actor="ann"),
        where="aws:123456789012:eu-west-1",
    )  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(Does))
def test_a_move_is_kept_as_a_tag(minutes, does):
    """
    And comes back as it was; MLflow takes its key.
    """
    from mlflow.utils.validation import _validate_model_version_tag

    kept = move(minutes, does)
    _validate_model_version_tag(*kept.as_tag())

    assert [kept] == list(moves_in(dict([kept.as_tag()]), "models:/fraud/1"))


@pytest.mark.parametrize("value", ["", "{}", "[]", '{"at": 1}', "nonsense"])
def test_a_tag_that_is_no_move_is_left_alone(value):
    """
    Somebody may edit tags by hand.
    """
    tags = {"mlflow-serverless.history.fraud.x": value, "other": "x"}

    assert [] == list(moves_in(tags, "models:/fraud/1"))


def test_a_copy_of_a_version_has_no_history_of_its_own():
    """
    MLflow copies a version with its tags; they are about the other one.
    """
    tags = dict([move(1, Does.SERVES).as_tag()])

    assert [] == list(moves_in(tags, "models:/copied/1"))


def test_what_served_at_a_time_is_the_last_move_before_it():
    """
    Nothing before the first, nothing once it is retired.
    """
    moves = [
        move(30, Does.RETIRED, "models:/fraud/1"),
        move(10, Does.SERVES),
        move(20, Does.SERVES, "models:/fraud/2"),
        move(25, Does.RETURNS, "models:/fraud/1"),
    ]
    found = [
        serving_at(moves, START + timedelta(minutes=minutes))
        for minutes in (9, 10, 24, 25, 31)
    ]

    assert [None, "models:/fraud/1", "models:/fraud/2", "models:/fraud/1", None] == [
        each and each.model for each in found
    ]
