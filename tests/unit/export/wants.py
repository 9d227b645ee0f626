"""Deployments to be exported: every option alone, some together, and all at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_serverless.config import parse
from mlflow_serverless.plan import Desired, Function
from mlflow_serverless.topology import topology
from tests.unit.topology.test_topology import KEY, OPTIONS, PLACE, ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_serverless.config import DeploymentConfig

IMAGE = f"{PLACE.registry}/mlflow-serverless/fraud@sha256:{'0' * 64}"
TAGS = (("mlflow-serverless:owner", "fraud"), ("team", "risk"))
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/c"
POINT = PLACE.arn("elasticfilesystem", "access-point/fsap-0123456789abcdef0")
VPC = {
    "vpc.subnets": "subnet-0123456789abcdef0,subnet-01234567",
    "vpc.security_groups": "sg-01234567",
}
EVERYTHING: dict[str, str] = {
    "kms_key": KEY, "tracing": "true", "image.model_store": "own", "concurrency": "10",
    "provisioned": "2", "url.auth": "iam", "url.cors": "https://a",
    "api.auth": "jwt", "api.issuer": "https://i", "api.audience": "a,b",
    "api.scopes": "s", "api.cors": "https://a", "api.domain": "m.example.com",
    "api.certificate": CERTIFICATE, "alarms.errors": "1", "alarms.throttles": "2",
    "alarms.p99_ms": "80", "alarms.notify": "arn:aws:sns:eu-central-1:123456789012:t",
    "alarms.dashboard": "true", "mount.arn": POINT, **VPC,
    "permissions_boundary": "arn:aws:iam::123456789012:policy/b",
    "environment.HARD": 'a ${b} %{c} $d "e" # {f}',
}  # fmt: skip
TELLING: list[Mapping[str, str]] = [
    {}, EVERYTHING, {"cold_start": "snapshot", "url.auth": "public"},
    {"role": ROLE, "image.repository": "shared/models", "api.auth": "iam"},
    {"image.repository":
     "210987654321.dkr.ecr.eu-central-1.amazonaws.com/theirs"},
    {"api.auth": "public", "api.access_log": "false", "image.architecture": "arm64"},
]  # fmt: skip
"""Together they have every kind of resource, with and without each of its parts."""
WAYS = [*OPTIONS, *TELLING]


def wanted(config: DeploymentConfig, name: str = "fraud") -> Desired:
    """What *config* means, with an image."""
    around = topology(name, config, PLACE, bundle=f"sha256:{'1' * 64}")
    return Desired(
        function=Function(name=name, artifact=IMAGE, settings=around.settings),
        alias=config.alias, note='{"model":"models:/fraud/1"}', tags=TAGS,
        resources=around.resources,
    )  # fmt: skip


def way(given: Mapping[str, str]) -> Desired:
    """What these options mean."""
    return wanted(parse(given))


def without_tags(want: Desired) -> Desired:
    """*want*, of somebody who tags nothing."""
    plain = tuple(
        replace(r, tags=()) if hasattr(r, "tags") else r for r in want.resources
    )
    return replace(want, tags=(), note="", resources=plain)
