"""What a template makes is what `apply` would have made: nothing is left to change."""

import json
from dataclasses import replace

import pytest
import yaml

from mlflow_serverless.apply import apply
from mlflow_serverless.config import parse
from mlflow_serverless.export import Format, Syntax, export
from mlflow_serverless.plan import (
    ChangeResource,
    Desired,
    Function,
    HttpApi,
    MakeResource,
    Permission,
    names,
    plan,
    plan_removal,
)
from mlflow_serverless.topology import topology
from tests.fakes.aws.account import image
from tests.fakes.aws.stack import Stack
from tests.fakes.aws.terraform import Configuration
from tests.fakes.tell import silent
from tests.unit.export.wants import EVERYTHING

HERE = {"mount.arn", "vpc.subnets", "vpc.security_groups", "kms_key", "api.domain",
        "api.certificate", "permissions_boundary", "alarms.notify"}  # fmt: skip
"""Options that name what the stand-in's account does not have."""
MOST = {key: value for key, value in EVERYTHING.items() if key not in HERE}


@pytest.fixture
def want(access, name):
    """From options to a deployment of an image that is there."""

    def deployment(**given: str) -> Desired:
        around = topology(name, parse(given), access.place, bundle="sha256:1")
        function = Function(
            name=name, artifact=image(access, 1), settings=around.settings
        )
        return Desired(
            function=function, alias="live", note='{"model":"m"}',
            tags=((names.OWNER, name),), resources=around.resources,
        )  # fmt: skip

    return deployment


def made(want, cloud):
    """A look at all of it."""
    return cloud.snapshot(want.function.name, wanted=want.resources)


def stack_of(want, access):
    text = export(want, access.place, Format.CLOUDFORMATION, Syntax.YAML)
    return Stack(access, yaml.safe_load(text), SharedStorage="make")


@pytest.mark.parametrize("given_", [{}, MOST], ids=["least", "most"])
def test_a_stack_leaves_nothing_to_do(want, cloud, access, given_):
    """Only ids of statements differ: CloudFormation chooses those itself."""
    wanted = want(**given_)

    stack_of(wanted, access).make()
    have = made(wanted, cloud)

    assert have.owned
    assert wanted.note == have.versions[0].note
    for step in plan(wanted, have).steps:
        match step:
            case MakeResource(_, Permission()):
                pass
            case ChangeResource(_, HttpApi() as api):
                (there,) = (r for r in have.resources if isinstance(r, HttpApi))
                assert replace(there, sid=api.sid, routes=api.routes) == api
                assert sorted(api.routes) == sorted(there.routes)
            case _:
                raise AssertionError(f"left to do: {step}")
    apply(plan_removal(made(wanted, cloud)), cloud, silent)


@pytest.mark.parametrize("given_", [{}, MOST], ids=["least", "most"])
def test_terraform_leaves_nothing_at_all_to_do(want, cloud, access, given_):
    """It names statements as we do; only versions bear another note."""
    wanted = want(**given_)
    text = export(wanted, access.place, Format.TERRAFORM, Syntax.JSON)

    Configuration(access, json.loads(text)).apply()
    have = made(wanted, cloud)

    assert have.owned
    assert () == plan(wanted, have).steps
    apply(plan_removal(have), cloud, silent)


def test_apply_after_a_stack_ends_in_the_same_place(want, cloud, access):
    """Who changes tools is not made to start again: no version, no function anew."""
    wanted = want(**MOST)
    stack_of(wanted, access).make()
    before = made(wanted, cloud)

    apply(plan(wanted, before), cloud, silent)
    after = made(wanted, cloud)

    assert () == plan(wanted, after).steps
    assert before.versions == after.versions
    apply(plan_removal(after), cloud, silent)
    assert made(wanted, cloud).function is None


def test_the_first_step_makes_storage_alone(want, cloud, access):
    """So that the image can be pushed before a function is made of it."""
    wanted = want(**MOST)
    text = export(wanted, access.place, Format.CLOUDFORMATION, Syntax.JSON)

    Stack(access, json.loads(text), Step="storage", SharedStorage="make").make()
    have = made(wanted, cloud)

    kinds = {resource.kind for resource in have.resources}
    assert {"image repository", "model bucket"} == kinds
    assert have.function is None
    apply(plan_removal(have), cloud, silent)
    bucket = names.bucket(access.place.account, access.place.region)
    access.client("s3").delete_bucket(Bucket=bucket)
