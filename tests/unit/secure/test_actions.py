"""Every policy that is generated, against AWS's own tables of actions.

The tables (actions, the resources that each knows, what their ARNs look like) come with
cfn-lint, which takes them from AWS's service authorization reference.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import cfnlint
import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.plan import Desired, Function, Place
from mlflow_serverless.relay.outline import outline as relay_outline
from mlflow_serverless.secure import deployer_policies, key_policy
from mlflow_serverless.secure.policy import NETWORK_ACTIONS
from mlflow_serverless.topology import control, schedule, topology
from tests.unit.export.wants import PLACE, WAYS, way

KEYS = {
    "aws:PrincipalArn": {"kms"}, "aws:SecureTransport": {"s3"},
    "aws:SourceAccount": {"ecr", "sts"}, "aws:SourceArn": {"ecr", "sts"},
    "elasticfilesystem:AccessPointArn": {"elasticfilesystem"},
    "s3files:AccessPointArn": {"s3files"}, "iam:PassedToService": {"iam"},
    "iam:AWSServiceName": {"iam"},
    "kms:EncryptionContext:aws:logs:arn": {"kms"}, "lambda:SourceFunctionArn": {"ec2"},
}  # fmt: skip
"""Condition keys that we use, and for which services. Global: aws:*, and
lambda:SourceFunctionArn, which Lambda adds to every call of a function's role
(developer guide, "Using source function ARN to control function access behavior");
kms:EncryptionContext:CONTEXT-KEY stands for any; the others are their services' own."""

ANYTHING = "*"

UNLISTED = {"apigateway:TagResource"}
"""Asked for when an API is made with tags, though the reference does not list it:
AWS::ApiGatewayV2::Stage's schema names it, and so does cloudtools/awacs#254."""

ON_ALL = {"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", *NETWORK_ACTIONS}
"""Looks that are refused if they are limited to what we know (DescribeAlarms by names
answers for composite alarms, too; GetMetricData of a metric names no alarm), and what
Lambda asks for on all resources, see `NETWORK_ACTIONS`."""


@cache
def tables() -> dict:
    """By service: its actions in small letters, and its resources."""
    folder = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs"
    return json.loads((folder / "Policies.json").read_text())


def policies(given) -> list[str]:
    """All that deploying *given* generates."""
    want = _driven(way(given), given)
    around = [
        getattr(resource, name, "")
        for resource in want.resources
        for name in ("policy", "trust")
    ]
    packing = topology("fraud", parse(given), PLACE).packing
    signed = replace(packing, signing="ecr", mount_from=("ml/base",))
    ours = deployer_policies(PLACE, want, signed)
    relay = deployer_policies(PLACE, *relay_outline("hooks", {}, PLACE))
    return [*filter(None, around), *ours, key_policy(PLACE, want), *relay]


DRIVEN = {"strategy.driver": "cloud", "strategy.before": "lambda:gate"}
"""With all that a rollout brings with it."""


def _driven(want, given):
    if given is not DRIVEN:
        return want
    config = parse(given)
    wakes = schedule("fraud", config, PLACE, since="it", end=0.0)
    beside = (*control("fraud", config, PLACE), wakes)
    return replace(want, resources=(*want.resources, *beside))


def said(given):
    """Each statement with each of its actions."""
    for policy in policies(given):
        for statement in json.loads(policy)["Statement"]:
            for action in statement["Action"]:
                yield statement, action


def meant(action: str) -> list[dict]:
    """What AWS's table says of the action, or of those that a pattern means."""
    service, _, name = action.partition(":")
    known = tables()[service]["Actions"]
    return [known[each] for each in known if fnmatchcase(each, name.lower())]


@pytest.mark.parametrize("given", [*WAYS, DRIVEN])
def test_every_action_exists(given):
    """A misspelt action is accepted by IAM, and allows nothing."""
    unknown = {action for _, action in said(given) if not meant(action)}

    assert unknown <= UNLISTED


@pytest.mark.parametrize("given", [*WAYS, DRIVEN])
def test_every_action_knows_a_resource_that_is_named(given):
    """An action of another resource is allowed nothing; one of none has to say `*`."""
    wrong = [
        (statement["Sid"], action)
        for statement, action in said(given)
        for resources in [statement.get("Resource", [ANYTHING])]
        if ANYTHING not in resources
        and action not in UNLISTED
        and not _fits(action, resources)
    ]

    assert [] == wrong


def _fits(action: str, resources: list[str]) -> bool:
    service = tables()[action.partition(":")[0]]["Resources"]
    kinds = {kind for one in meant(action) for kind in one.get("Resources", ())}
    forms = {
        form
        for kind in kinds
        for form in service.get(kind.lower(), {}).get("ARNFormats", ())
    }
    return any(_is(resource, form) for form in forms for resource in resources)


def _is(resource: str, form: str) -> bool:
    """Whether an ARN, which may itself be a pattern, can be of this form."""
    parts = {"Partition": "aws[a-z-]*", "Region": "[a-z0-9-]*", "Account": r"[0-9*]*"}
    pattern = re.sub(
        r"\\\$\\\{(\w+)\\\}", lambda found: parts.get(found[1], ".*"), re.escape(form)
    )
    return bool(re.fullmatch(pattern.replace(r"\.\*", ".*"), resource))


@pytest.mark.parametrize("given", [*WAYS, DRIVEN])
def test_all_resources_are_meant_only_where_aws_knows_no_others(given):
    """Of what is allowed: what is denied, and a resource's own policy, say `*`."""
    attached = [
        (statement, action)
        for statement, action in said(given)
        if "Principal" not in statement and statement["Effect"] == "Allow"
    ]
    wrong = {
        action
        for statement, action in attached
        if ANYTHING in statement["Resource"]
        and any(one.get("Resources") for one in meant(action))
    }

    assert wrong <= ON_ALL


@pytest.mark.parametrize("given", [*WAYS, DRIVEN])
def test_every_condition_is_one_of_its_service(given):
    """A key that a service never sends makes a statement that never applies."""
    wrong = {
        (key, action)
        for statement, action in said(given)
        for keys in statement.get("Condition", {}).values()
        for key in keys
        if action.partition(":")[0] not in KEYS[key]
    }

    assert set() == wrong


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_every_arn_is_of_the_partition(partition, region):
    """No `arn:aws:` in China or GovCloud."""
    place = Place(region=region, account="123456789012", partition=partition)
    config = parse({"api.auth": "iam", "image.model_store": "own", "tracing": "true"})
    around = topology("fraud", config, place)
    function = Function(name="fraud", artifact="", settings=around.settings)
    want = Desired(function=function, resources=around.resources)
    ours = deployer_policies(place, want, around.packing)
    text = "".join(ours) + "".join(
        getattr(resource, "policy", "") for resource in around.resources
    )

    assert {partition} == set(re.findall(r"arn:([a-z-]+):", text))
