"""Whoever lacks a permission is told which, and is where they were."""

import json
from fnmatch import fnmatchcase

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import AwsCloud
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.plan import Packing, plan, plan_removal
from mlflow_serverless.secure import deployer_policies
from tests.fakes.aws.about import Asked, listen
from tests.fakes.aws.account import (
    REPOSITORY,
    access_to,
    cloud_of,
    image,
    unbuilt,
    wanted,
)
from tests.fakes.tell import silent
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
    assert set() == told - allowed(access, name)


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


def statements(access, name) -> list[dict]:
    """What `mlflow-serverless iam` says that the journey of *name* takes."""
    want = wanted(access, name, resources=tuple(first(kind, name) for kind in KINDS))
    packing = Packing(name=name, repository=f"{access.place.registry}/{REPOSITORY}")
    texts = deployer_policies(access.place, want, packing)
    return [said for text in texts for said in json.loads(text)["Statement"]]


def allowed(access, name) -> set[str]:
    return {action for said in statements(access, name) for action in said["Action"]}


def test_all_that_is_called_is_allowed_on_what_it_is_about(aws, access, name):
    """Looks, listings, logs, a prediction: nothing is called beside the policy."""
    mine = access_to.__wrapped__(aws)
    heard = listen(mine.session, access.place)
    cloud, resources = AwsCloud(mine, unbuilt, silent), tuple(
        first(kind, name) for kind in KINDS
    )  # fmt: skip
    for number in (1, 2):
        want = wanted(access, name, number, resources=resources, concurrency=5)
        apply(plan(want, cloud.snapshot(name, wanted=resources)), cloud, silent)
    cloud.facts(want)
    cloud.names()
    cloud.invoke(name, b"{}")
    assert list(cloud.logs(name))
    apply(plan_removal(cloud.snapshot(name, wanted=resources)), cloud, silent)

    beside = {one for one in heard if not may(statements(access, name), one)}
    assert 60 < len(heard)
    assert beside <= {Asked(WHO, "*")}


def may(said: list[dict], asked: Asked) -> bool:
    """Whether a statement lets whoever has it do this with that."""
    return any(
        asked.permission in one["Action"]
        and any(fnmatchcase(asked.arn, each) for each in one["Resource"])
        for one in said
    )


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
