"""Whoever lacks a permission is told which, and is where they were."""

import json

import pytest

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.plan import plan, plan_removal
from mlflow_serverless.secure import deployer_policy
from tests.fakes.aws.account import cloud_of, image, wanted
from tests.unit.aws.test_around import KINDS, first

WHO = "sts:GetCallerIdentity"
"""Everybody may ask who they are."""


def journey(aws, access, name):
    """Steps of three plans: make everything, change the function, remove everything."""
    cloud = cloud_of(aws)
    resources = tuple(first(kind, name) for kind in KINDS)
    for want in (
        wanted(access, name, 1, resources=resources, concurrency=5),
        wanted(access, name, 2, resources=resources, tags=(("a", "b"),)),
    ):
        yield from plan(want, cloud.snapshot(name, wanted=resources)).steps
    yield from plan_removal(cloud.snapshot(name, wanted=resources)).steps


def needed(aws, step) -> list[str]:
    """The permissions that *step* takes, as they come; it is taken."""
    aws.faults.heal()
    cloud_of(aws).perform(step)
    return list(dict.fromkeys(call.permission for call in aws.faults.calls))


@pytest.fixture
def rehearsed(aws, access, name):
    """What each step of another deployment's journey took."""
    return [needed(aws, step) for step in journey(aws, access, f"{name}-0")]


def test_each_permission_that_is_missing_is_named(aws, access, name, rehearsed):
    """
    Denied in turn, step by step: the error says which, and the step can be taken once
    it is allowed. All of them are in the policy that `mlflow-serverless iam` prints.
    """
    told = set()
    for step, permissions in zip(journey(aws, access, name), rehearsed, strict=True):
        for permission in permissions:
            if permission != WHO:
                told |= refused(aws, step, permission)
        needed(aws, step)

    assert 40 < len(told)
    want = wanted(access, name, resources=tuple(first(kind, name) for kind in KINDS))
    said = json.loads(deployer_policy(access.place, want))["Statement"]
    assert set() == told - {one for statement in said for one in statement["Action"]}


def refused(aws, step, permission: str) -> set[str]:
    """Deny *permission*: *step* says so, or never asks for it as the rest is done."""
    aws.faults.calls.clear()
    aws.faults.deny(permission)
    try:
        cloud_of(aws).perform(step)
    except ServerlessError as said:
        error = said
    else:
        assert permission not in {call.permission for call in aws.faults.calls}
        return set()
    assert ("access-denied", Kind.DENIED) == (error.code, error.kind), step
    assert permission in error.message
    assert permission in error.hint
    return {permission}


def test_what_may_not_be_looked_at_and_is_not_wanted_is_noted(aws, cloud, access, name):
    """A deployer without a kind's permissions has made none of it, and goes on."""
    image(access, 1)
    aws.faults.deny("cloudwatch:GetDashboard", "apigateway:GET")

    have = cloud.snapshot(name)

    called = f"HTTP API mlflow-serverless-{name}, dashboard mlflow-serverless-{name}"
    assert (("not_looked_at", f"{called}-us-east-1"),) == have.outputs
    dashboard = first("dashboard", name)
    with pytest.raises(ServerlessError, match="cloudwatch:GetDashboard"):
        cloud.snapshot(name, wanted=(dashboard,))
