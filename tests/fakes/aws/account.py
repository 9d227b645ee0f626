"""A small account on the stand-in: what deployments need to be there before them."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from mlflow_serverless.aws import Access, AwsCloud, Pace
from mlflow_serverless.plan import Desired, Function, Settings
from tests.fakes.tell import silent

if TYPE_CHECKING:
    from mlflow_serverless.build import BuildOptions, Image
    from mlflow_serverless.package import Bundle
    from mlflow_serverless.plan import Pairs, Resource
    from tests.fakes.aws.server import Aws

REPOSITORY = "mlflow-serverless/images"
ROLE = "functions"
PACE = Pace(
    poll_s=0.01, settle_s=5, wait_s=10, attempts=3, invoke_attempts=1, connect_s=2,
    read_s=20,
)  # fmt: skip
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@cache
def access_to(aws: Aws, pace: Pace = PACE) -> Access:
    """Access to the stand-in, by its own credentials; clients take long to make."""
    environ = aws.environ()
    session = boto3.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=environ["AWS_DEFAULT_REGION"],
    )
    return Access(session, endpoint=aws.endpoint, pace=pace)


def unbuilt(bundle: Bundle, options: BuildOptions) -> Image:
    """For clouds that are given images only."""
    raise AssertionError("nothing is built here")


def cloud_of(aws: Aws, pace: Pace = PACE) -> AwsCloud:
    """A cloud that makes functions of images that are there."""
    return AwsCloud(access_to(aws, pace), unbuilt, silent)


def allow(service: str, *actions: str) -> str:
    """A policy that lets *service* do *actions*."""
    statement = {
        "Sid": "it", "Effect": "Allow", "Principal": {"Service": service},
        "Action": list(actions),
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def furnish(access: Access) -> str:
    """Make a role for functions and a repository that Lambda may pull from."""
    role = access.client("iam").create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=allow("lambda.amazonaws.com", "sts:AssumeRole"),
    )
    ecr = access.client("ecr")
    ecr.create_repository(repositoryName=REPOSITORY)
    ecr.set_repository_policy(
        repositoryName=REPOSITORY,
        policyText=allow(
            "lambda.amazonaws.com", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"
        ),
    )
    return str(role["Role"]["Arn"])


def wanted(
    access: Access, name: str, number: int = 1, *, resources: tuple[Resource, ...] = (),
    tags: Pairs = (), note: str = "", **given: Any,
) -> Desired:  # fmt: skip
    """A deployment of the n-th image, all of its settings said."""
    settings: dict[str, Any] = {
        "memory_mb": 256, "timeout_s": 5, "architecture": "x86_64",
        "role": access.place.global_arn("iam", f"role/{ROLE}"),
        "log_group": f"/aws/lambda/{name}", "log_format": "Text",
    }  # fmt: skip
    function = Function(
        name=name, artifact=image(access, number), settings=Settings(**settings | given)
    )
    return Desired(function=function, resources=resources, tags=tags, note=note)


def image(access: Access, number: int) -> str:
    """Address of the n-th image, which is there."""
    digest = f"sha256:{hashlib.sha256(str(number).encode()).hexdigest()}"
    manifest: dict[str, Any] = {
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": {"mediaType": "x", "size": number, "digest": digest},
    }  # fmt: skip
    ecr = access.client("ecr")
    with suppress(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(
            repositoryName=REPOSITORY, imageManifest=json.dumps(manifest),
            imageManifestMediaType=MANIFEST, imageDigest=digest,
            imageTag=f"image-{number}",
        )  # fmt: skip
    return f"{access.place.registry}/{REPOSITORY}@{digest}"
