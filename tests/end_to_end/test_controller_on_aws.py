"""A rollout that an image of the controller drives, in a container, and nobody else.

Real: MLflow, both builders of images, the registry, the containers under Lambda's
conditions of the model and of the controller, boto3, the wire, what the controller's
role may do. Stood in for: what AWS's control plane says, and the minute that passes.
"""

from __future__ import annotations

import os
import time

import pytest

import mlflow_serverless
from mlflow_serverless.plan import Schedule, driving, names
from tests.end_to_end.test_aws import (  # noqa: F401 - fixtures
    TARGET,
    native,
    options,
    versions,
)
from tests.fakes.aws.account import access_to, cloud_of
from tests.models.canonical import customers

pytestmark = [
    pytest.mark.docker, pytest.mark.emulator, pytest.mark.slow,
    pytest.mark.xdist_group("docker"),
    pytest.mark.skipif(
        not os.environ.get("MLFLOW_SERVERLESS_LONG"),
        reason="builds an image with scipy, minutes: set MLFLOW_SERVERLESS_LONG=1",
    ),
]  # fmt: skip

NAME = "churn-alone"
QUICK = {
    "strategy": "canary", "strategy.driver": "cloud", "strategy.steps": "50",
    "strategy.bake_s": 1, "strategy.look_s": 0.5, "strategy.guard_s": 1,
    "judge.requests": 5, "judge.promote_requests": 10, "judge.latency_tolerance": 9,
    "judge.max_p95_ratio": 50, "judge.max_memory": 1, "memory_mb": 512, "timeout_s": 30,
}  # fmt: skip
PATIENCE_S = 240.0
"""Longest wait for what must come to pass [s]."""


@pytest.fixture(scope="module")
def begun(aws, base, versions):  # noqa: F811 - fixtures
    """Version 1 serves, a rollout to 2 has begun, and whoever began it is gone."""
    given = {**QUICK, **options(base)}
    mlflow_serverless.deploy(NAME, "models:/churn-on-aws/1", target=TARGET, **given)
    mlflow_serverless.update(NAME, "models:/churn-on-aws/2", target=TARGET)
    place = access_to(aws).place
    role = names.control_role(NAME, place.region)
    aws.plane.beside = aws.acting_as(place.global_arn("iam", f"role/{role}"))
    return cloud_of(aws)


def schedules(cloud) -> list[Schedule]:
    return [r for r in driving(cloud.snapshot(NAME)) if isinstance(r, Schedule)]


def test_the_account_promotes_it_and_lets_go(aws, begun):
    """
    Looked at by the controller's own image, until nothing is left to look at.
    """
    rows = customers(3, seed=7)
    deadline = time.monotonic() + PATIENCE_S
    while schedules(begun):
        assert time.monotonic() < deadline
        for _ in range(10):
            mlflow_serverless.predict(NAME, rows, target=TARGET)
        aws.tick()

    found = mlflow_serverless.rollout(NAME, target=TARGET)
    assert "promoted" == found.outcome
    assert native(2, rows) == mlflow_serverless.predict(NAME, rows, target=TARGET)
    assert {"promote", "finish"} <= {look.move for look in found.looks}
    assert [] == aws.scheduler.refused


def test_nothing_of_it_is_left(aws, begun):
    """
    The controller, its image, its roles, its log and its group go with the deployment.
    """
    aws.plane.beside = aws.environ()
    assert mlflow_serverless.delete(NAME, target=TARGET)

    access = access_to(aws)
    functions = access.client("lambda").list_functions()["Functions"]
    groups = access.client("logs").describe_log_groups()["logGroups"]
    roles = access.client("iam").list_roles()["Roles"]
    assert [[], [], [], {}] == [functions, groups, roles, aws.scheduler.groups]
