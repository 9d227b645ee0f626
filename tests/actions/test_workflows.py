"""Each job of each example, run: what it asks the CLI for, and by what right."""

import json

import pytest
import yaml

from mlflow_serverless.github.inputs import words_of
from tests.fakes.actions import ACTIONS

EXAMPLES = ACTIONS / "examples"
POLICY = "--policy=mlflow-serverless.yaml"
EVENT = {"kind": "model_version_alias.created", "model": "fraud", "id": "d-1"}
VARIABLES = {
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/models", "AWS_REGION": "eu-central-1",
    "AWS_READING_ROLE_ARN": "arn:aws:iam::1:role/reading",
    "MLFLOW_TRACKING_URI": "https://mlflow.example",
}  # fmt: skip
CALLS = {
    ("on-transition", "reconcile"): (
        {"github": {"event": {"client_payload": EVENT}}},
        ["reconcile", POLICY, f"--event={json.dumps(EVENT, indent=2)}"],
    ),
    ("on-schedule", "reconcile"): ({}, ["reconcile", POLICY]),
    ("on-pull-request", "plan"): (
        {"github": {"event": {"pull_request": {"number": 7}}}},
        ["reconcile", POLICY, "--dry-run", "--comment=7"],
    ),
    ("promote", "plan"): (
        {"github": {"actor": "ann"}},
        [
            "reconcile", POLICY, "--dry-run", "--only=production",
            "--approved-by=production=ann",
        ],
    ),
    ("promote", "promote"): (
        {"needs": {"plan": {"outputs": {"plan": "abc"}}}},
        [
            "reconcile", POLICY, "--only=production",
            "--approved-by=production=@reviewers", "--expect=abc",
        ],
    ),
    ("roll-back", "rollback"): (
        {"inputs": {"name": "fraud", "to": "3"}},
        ["rollback", "--name=fraud", "--to=3", "--target=lambda:/eu-central-1"],
    ),
    ("shadow-then-canary", "begin"): (
        {
            "github": {"event_name": "workflow_dispatch"},
            "inputs": {"model": "models:/fraud@champion"},
        },
        [
            "deploy", "--name=fraud", "--model-uri=models:/fraud@champion",
            "--config=strategy=shadow-then-canary", "--config=strategy.steps=5,25,50",
        ],
    ),
    ("shadow-then-canary", "advance"): (
        {"github": {"event_name": "schedule"}}, ["advance", "--name=fraud"],
    ),
}  # fmt: skip


def test_every_job_of_every_example_is_here():
    """
    A job that nobody runs may call anything.
    """
    found = {
        (file.stem, job)
        for file in EXAMPLES.glob("*.yml")
        if file.stem != "gitlab-ci"
        for job in yaml.safe_load(file.read_text())["jobs"]
    }

    assert set(CALLS) == found


@pytest.mark.parametrize("which", CALLS, ids="-".join)
def test_a_job_asks_for_what_it_says(recording, which):
    """
    One call with these words, as a role that trusts the job; no key is given.
    """
    (workflow, job), (given, words) = which, CALLS[which]
    done = recording.job(EXAMPLES / f"{workflow}.yml", job, vars=VARIABLES, **given)
    _, called = (recording.workspace / "words").read_text().splitlines()
    inputs = (recording.workspace / "inputs").read_text()
    (checkout, credentials, *_) = done["uses"]

    assert done["ok"], done["log"]
    assert words == words_of(called, inputs)
    assert checkout["with"] == {"persist-credentials": "false"}
    assert {"role-to-assume", "aws-region"} == set(credentials["with"])
    assert all(credentials["with"].values())


@pytest.mark.parametrize(
    "job, event", [("begin", "schedule"), ("advance", "workflow_dispatch")]
)
def test_a_job_of_another_event_is_skipped(recording, job, event):
    """
    The schedule begins nothing, and who begins by hand does not advance.
    """
    file = EXAMPLES / "shadow-then-canary.yml"
    done = recording.job(file, job, vars=VARIABLES, github={"event_name": event})

    assert done["skipped"]
    assert not (recording.workspace / "words").exists()
