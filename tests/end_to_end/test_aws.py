"""On AWS: from the registry to containers that answer, and back to nothing.

Real: MLflow, the builder, the registry and its login, the images, the containers under
Lambda's conditions, boto3, the wire, signatures and tokens. Stood in for: what AWS's
control plane says, and its doors.
"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import mlflow_serverless
from mlflow_serverless.cli import main
from mlflow_serverless.config import parse
from mlflow_serverless.pipeline.permitted import policies
from tests.fakes.aws.account import access_to
from tests.fakes.aws.server import REGION
from tests.fakes.aws.tokens import Issuer
from tests.fakes.shop import log
from tests.models.canonical import customers, pipeline

pytestmark = [
    pytest.mark.docker, pytest.mark.emulator, pytest.mark.slow,
    pytest.mark.xdist_group("docker"),
]  # fmt: skip

NAME, TARGET = "churn", f"lambda:/{REGION}"


@pytest.fixture(scope="module")
def versions(shop):
    """Two versions of `churn`."""
    from sklearn.ensemble import RandomForestClassifier

    first, data = pipeline()
    second, _ = pipeline(RandomForestClassifier(20, random_state=0))
    for model in (first, second):
        log(model, name="churn-on-aws", example=data.head(5),
            serialization_format="cloudpickle")  # fmt: skip


@pytest.fixture(scope="module")
def deployed(aws, base, versions):
    """The first version, on AWS."""
    return mlflow_serverless.deploy(
        NAME, "models:/churn-on-aws/1", target=TARGET, memory_mb=512, timeout_s=30,
        **options(base),
    )  # fmt: skip


def options(base) -> dict[str, str]:
    """An image made without an engine; a URL and an HTTP API for those who sign."""
    return {
        "image.base_image": base, "image.builder": "direct", "url.auth": "iam",
        "api.auth": "iam",
    }  # fmt: skip


def native(version, rows):
    import mlflow

    model = mlflow.pyfunc.load_model(f"models:/churn-on-aws/{version}")
    return model.predict(rows).tolist()


def run(*words: str) -> dict:
    """One of our commands; what it says in JSON."""
    return json.loads(ran(*words).stdout)


def ran(*words: str):
    """One of our commands, done."""
    done = CliRunner().invoke(main, [*words, "-t", TARGET, "--json"])
    assert 0 == done.exit_code, done.output
    return done


def images(aws, name: str = NAME) -> list[str]:
    """Digests that the registry keeps for the deployment."""
    ecr = access_to(aws).client("ecr")
    found = ecr.describe_images(repositoryName=f"mlflow-serverless/{name}")
    return [image["imageDigest"] for image in found["imageDetails"]]


def test_a_container_of_the_pushed_image_answers_as_the_model_does(deployed):
    """Built, pushed with ECR's token, made a function by digest, called by alias."""
    rows = customers(50, seed=7)

    assert native(1, rows) == deployed.predict(rows)
    (item,) = mlflow_serverless.history(NAME, target=TARGET)
    assert 2 == deployed.smoke.count("its URL answers as the model does")
    assert ".dkr.ecr.us-east-1.amazonaws.com/mlflow-serverless/churn@" in item.artifact


def test_the_same_again_takes_no_step(deployed, base):
    """Nothing is built, pushed or changed."""
    again = mlflow_serverless.deploy(
        NAME, "models:/churn-on-aws/1", target=TARGET, memory_mb=512, timeout_s=30,
        **options(base),
    )  # fmt: skip

    assert () == again.changed


def test_layers_of_a_neighbour_are_mounted(deployed, base):
    """Another deployment of the same model sends nothing to the registry."""
    given = options(base) | {
        "image.mount_from": f"mlflow-serverless/{NAME}", "smoke": "false",
        "url.auth": "off", "api.auth": "off",
    }  # fmt: skip
    words = [word for pair in given.items() for word in ("-C", "=".join(pair))]
    told = ran("deploy", "beside", "models:/churn-on-aws/1", *words).stderr
    (pushed,) = (
        event for event in map(json.loads, told.splitlines())
        if event["event"] == "push.done"
    )  # fmt: skip
    ran("delete", "beside")

    assert (0, 0) == (pushed["sent"], pushed["present"])
    assert 10_000_000 < pushed["mounted"]


def test_an_update_is_served_and_taken_back(deployed):
    """An image of a `docker build` is served; then the first again, without a build."""
    rows, engine = customers(50, seed=8), {"image.builder": "docker"}
    moved = mlflow_serverless.update(NAME, "models:/churn-on-aws/2", TARGET, **engine)
    assert native(2, rows) == moved.predict(rows)

    run("rollback", NAME)

    assert native(1, rows) == mlflow_serverless.predict(NAME, rows, target=TARGET)
    assert [(), ("live",)] == [
        item.aliases for item in mlflow_serverless.history(NAME, target=TARGET)
    ]


def test_what_it_said_is_in_the_log(deployed):
    """Lines and embedded metrics, by way of CloudWatch."""
    metrics = list(mlflow_serverless.metrics(NAME, target=TARGET))

    assert {True, False} == {metric["cold"] for metric in metrics}


def test_a_token_gets_through_its_api(deployed, aws):
    """The API now wants a token: with one it answers as the model does."""
    issuer = Issuer("https://issuer.example.com/")
    aws.apis.issuers.append(issuer)
    changed = mlflow_serverless.update(
        NAME, target=TARGET, memory_mb=768,
        **{"api.auth": "jwt", "api.issuer": issuer.url, "api.audience": "churn",
           "image.builder": "direct"},
    )  # fmt: skip
    rows, token = customers(20, seed=10), issuer.token(aud="churn")
    ways = ({"door": "api", "token": token}, {"door": "url"})
    found = [mlflow_serverless.predict(NAME, rows, TARGET, **way) for way in ways]

    assert [native(1, rows)] * 2 == found
    assert "its URL refuses whoever has no token" in changed.smoke


def test_what_nobody_needs_goes(deployed, aws):
    """
    Two versions that serve nobody, and the one image that no other is made of.

    First it is only said; the image that serves is the first version's, too, and stays.
    """
    before = images(aws)
    (dry,) = run("gc", NAME, "--keep", "1")
    said = images(aws)
    (done,) = run("gc", NAME, "--keep", "1", "--yes")
    (left,) = mlflow_serverless.history(NAME, target=TARGET)

    assert (2, before) == (len(before), said)
    assert dry["steps"] == done["steps"]
    assert 3 == len(done["steps"])
    assert ("3", [left.artifact.partition("@")[2]]) == (left.version, images(aws))
    rows = customers(5, seed=9)
    assert native(1, rows) == mlflow_serverless.predict(NAME, rows, target=TARGET)
    (none,) = run("gc", NAME, "--keep", "1", "--yes")
    assert [] == none["steps"]


def test_nothing_was_called_beside_the_printed_policy(deployed, aws):
    """All that this file has asked of AWS so far, `mlflow-serverless iam` allows."""
    given = {"url.auth": "iam", "api.auth": "iam"}
    texts = policies("deployer", NAME, parse(given), access_to(aws).place)
    said = [s for text in texts for s in json.loads(text)["Statement"]]
    allowed = {action for statement in said for action in statement["Action"]}
    called = {call.permission for call in aws.faults.calls}

    assert {"sts:GetCallerIdentity"} == called - allowed


def test_nothing_is_left(deployed, aws):
    """After a delete there is no trace of it in the account."""
    assert mlflow_serverless.delete(NAME, target=TARGET)

    access = access_to(aws)
    functions = access.client("lambda").list_functions()["Functions"]
    roles = access.client("iam").list_roles()["Roles"]
    repositories = access.client("ecr").describe_repositories()["repositories"]
    groups = access.client("logs").describe_log_groups()["logGroups"]
    alarms = access.client("cloudwatch").describe_alarms()["MetricAlarms"]
    apis = access.client("apigatewayv2").get_apis()["Items"]
    found = [functions, roles, repositories, groups, alarms, apis]
    assert [[]] * 6 == found
    assert not mlflow_serverless.delete(NAME, target=TARGET)
