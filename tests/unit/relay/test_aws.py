"""Deliveries and secrets on AWS's side, held by moto."""

import json

import boto3
import pytest
from moto import mock_aws

from mlflow_serverless.relay.errors import RelaySettingsError
from mlflow_serverless.relay.filter import Filter, dump
from mlflow_serverless.relay.handle import handle
from mlflow_serverless.relay.request import Request
from mlflow_serverless.relay.seen import SeenInBucket, SeenInTable
from mlflow_serverless.relay.settings import relay_of
from tests.fakes.github import github


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield


def table():
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="seen", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    return SeenInTable(client, "seen")


def bucket():
    client = boto3.client("s3")
    place = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="seen", CreateBucketConfiguration=place)
    return SeenInBucket(client, "seen")


@pytest.mark.parametrize("make", [table, bucket])
def test_a_delivery_is_claimed_once(make):
    """
    Taken, not taken again, and taken once more after it was given back.
    """
    seen = make()
    first, second = seen.claim("d-1", 1.0), seen.claim("d-1", 2.0)
    seen.release("d-1")

    assert (True, False, True) == (first, second, seen.claim("d-1", 3.0))
    assert seen.claim("d-2", 3.0)


def test_a_function_s_variables_make_a_relay():
    """
    Secrets by ARN, deliveries in a table, a dispatch to GitHub.
    """
    from tests.unit.relay.test_relay import NOW, body_of, headers_of

    table()
    secrets = boto3.client("secretsmanager")
    arns = {
        name: secrets.create_secret(Name=name, SecretString=value)["ARN"]
        for name, value in (("hook", "topsecret"), ("token", "good"))
    }
    with github() as fake:
        relay = relay_of({
            "RELAY_SECRETS": arns["hook"], "RELAY_TOKEN": arns["token"],
            "RELAY_FILTERS": dump((Filter("fraud", "alias", "champion"),)),
            "RELAY_SEEN": "table:seen", "RELAY_REPOSITORY": "acme/models",
            "RELAY_API": fake.url,
        })._replace(clock=lambda: NOW)  # fmt: skip
        body = body_of()
        answer = handle(Request("POST", "/", headers_of(body), body), relay)

    assert 202 == answer.status
    (sent,) = fake.dispatches
    assert "mlflow-registry" == sent["event_type"]
    assert ("fraud", "champion", "d-1") == tuple(
        sent["client_payload"][key] for key in ("model", "alias", "id")
    )
    assert len(json.dumps(sent)) < 1000


@pytest.mark.parametrize(
    "lacking", ["RELAY_SECRETS", "RELAY_FILTERS", "RELAY_SEEN", "RELAY_REPOSITORY"]
)
def test_a_missing_variable_is_named(lacking):
    """
    Before anything listens.
    """
    environ = {
        "RELAY_SECRETS": "s", "RELAY_FILTERS": "[]", "RELAY_SEEN": "file:x",
        "RELAY_REPOSITORY": "acme/models", "RELAY_TOKEN": "t",
    }  # fmt: skip
    del environ[lacking]
    with pytest.raises(RelaySettingsError, match=lacking):
        relay_of(environ)
