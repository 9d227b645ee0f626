"""What preflight is told of an account: asked of AWS, or said to be unknown."""

from __future__ import annotations

import json

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.preflight import KeyFacts, inspect
from tests.fakes.aws.account import REPOSITORY, ROLE


@pytest.fixture
def key(access):
    """ARN of a new key, closed to all but the account."""
    made = access.client("kms").create_key(Description="for models")
    return made["KeyMetadata"]["Arn"]


@pytest.fixture
def facts(cloud, access, name):
    """From options to what is known before anything is built."""

    def found(**given):
        return cloud.facts(outline(name, parse(given), access.place))

    return found


def test_the_account_says_what_it_has_left(facts):
    """Concurrency, and room for code."""
    account = facts().account

    assert (1000, 1000) == (account.concurrency, account.unreserved)
    assert 0 < account.code_bytes_most


def test_a_role_and_a_repository_that_are_brought_along_are_looked_at(
    cloud, access, want
):
    """Only these: what we make ourselves is made right."""
    found = cloud.facts(want())

    assert found.role.there
    assert "lambda.amazonaws.com" in found.role.trust
    assert (REPOSITORY, True) == (found.repository.name, found.repository.there)
    missing = access.place.global_arn("iam", f"role/{ROLE}-not")
    assert not cloud.facts(want(role=missing)).role.there


def test_a_key_says_its_state_and_who_may_use_it(access, facts, key):
    """By whatever name it was asked for; its ARN is what log groups take."""
    kms = access.client("kms")
    kms.create_alias(AliasName="alias/models", TargetKeyId=key)
    alias = access.place.arn("kms", "alias/models")
    found, by_alias = facts(kms_key=key).key, facts(kms_key=alias).key

    assert found == by_alias
    assert (key, "Enabled") == (found.arn, found.state)
    assert json.loads(found.policy)["Statement"]
    kms.disable_key(KeyId=key.rpartition("/")[2])  # moto knows no ARN here
    assert "Disabled" == facts(kms_key=key).key.state


def test_a_key_that_is_not_there_is_a_finding(access, cloud, facts, name):
    """And so is one that log groups may not use: a new key's policy says nothing."""
    gone = access.place.arn("kms", "key/00000000-0000-0000-0000-000000000000")
    want = outline(name, parse({"kms_key": gone}), access.place)

    assert KeyFacts(there=False) == facts(kms_key=gone).key
    assert "key-missing" in {f.code for f in inspect(want, cloud.facts(want))}


def test_what_may_not_be_asked_is_said(aws, facts, key):
    """By the permission that lacks; the rest is known all the same."""
    aws.faults.deny("kms:DescribeKey", "lambda:GetAccountSettings")
    found = facts(kms_key=key)

    assert ("kms:DescribeKey", "lambda:GetAccountSettings") == found.denied
    assert (None, None) == (found.key, found.account)
