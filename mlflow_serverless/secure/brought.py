"""What deploying takes of what it uses and does not make: images, models, networks."""

from collections.abc import Iterator

from mlflow_serverless.plan import (
    Dashboard,
    Desired,
    HttpApi,
    ModelBucket,
    Packing,
    Place,
    Repository,
    Role,
    names,
)
from mlflow_serverless.secure.document import Statement

IMAGES = tuple(
    f"ecr:{action}"
    for action in (
        "DescribeRepositories", "GetRepositoryPolicy", "DescribeImages", "ListImages",
        "DescribeImageSigningStatus", "BatchGetImage", "BatchDeleteImage",
        "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "InitiateLayerUpload",
        "UploadLayerPart", "CompleteLayerUpload", "PutImage",
    )
)  # fmt: skip
"""What is done with images, wherever they are kept."""

_SEEK = ("ecr:DescribeImages", "ecr:DescribeRepositories")
"""Whether it has images of its own, from before they were kept elsewhere."""

MODELS = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion")

NETWORK = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
"""What Lambda looks at on behalf of whoever puts a function into a private network; AWS
knows no resources for these.

Source: Lambda developer guide, "Giving functions access to resources in a VPC".
"""

_MOUNT_TARGETS = {
    "elasticfilesystem": "elasticfilesystem:DescribeMountTargets",
    "s3files": "s3files:ListMountTargets",
}
"""The same for file systems; the id of the one behind a point is not in its ARN.

Source: Lambda developer guide, "Configuring file system access" (EFS); that of S3 Files
is what its own reference calls the like.
"""

_API_GATEWAY = "ops.apigateway.amazonaws.com"


def brought(place: Place, want: Desired, packing: Packing) -> Iterator[Statement]:
    """
    Statements for what *want* uses and does not make.

    Args:
        place: Where.
        want: All of it.
        packing: Where its images go, and where their layers may come from.
    """
    made = {r.name for r in want.resources if isinstance(r, Repository)}
    host, _, path = packing.repository.partition("/")
    if path not in made:
        keep = (_repository(place, host, path),)
        yield Statement(sid="KeepImagesThere", actions=IMAGES, resources=keep)
    yield from _sought(place, want, path)
    if packing.mount_from:
        yield Statement(
            sid="MountLayers",
            actions=("ecr:GetDownloadUrlForLayer",),
            resources=tuple(_repository(place, host, o) for o in packing.mount_from),
        )
    bucket = any(isinstance(resource, ModelBucket) for resource in want.resources)
    if want.function.settings.model_url and not bucket:
        yield from _models(place, want.function.settings.model_url)
    if mount := want.function.settings.mount:
        yield from _seeing(place, mount.arn)
    if any(isinstance(r, HttpApi) and r.domain for r in want.resources):
        yield _linked_role(place)


def _sought(place: Place, want: Desired, images: str) -> Iterator[Statement]:
    """
    What is always looked for by its name, where it is not wanted.

    Whoever may not look cannot know that nothing is left; see `pipeline.unseen`.
    """
    name, region = want.function.name, place.region
    wanted = {(resource.kind, resource.name) for resource in want.resources}
    own, role = names.repository(name), names.role(name, region)
    board, bucket = names.dashboard(name, region), names.bucket(place.account, region)
    gateway = f"arn:{place.partition}:apigateway:{region}::/apis"
    own_role = place.global_arn("iam", f"role/{role}")
    seek = {
        (Repository.kind, own): (_SEEK, (place.arn("ecr", f"repository/{own}"),)),
        (Role.kind, role): (("iam:GetRole",), (own_role,)),
        (Dashboard.kind, board): (
            ("cloudwatch:GetDashboard",),
            (place.global_arn("cloudwatch", f"dashboard/{board}"),),
        ),
        (ModelBucket.kind, bucket): (("s3:ListBucket",), (place.bucket_arn(bucket),)),
        (HttpApi.kind, names.api(name)): (
            ("apigateway:GET",), (gateway, f"{gateway}/*"),
        ),
    }  # fmt: skip
    for number, (what, (actions, arns)) in enumerate(seek.items()):
        if what not in wanted and what[1] != images:
            yield Statement(sid=f"Seek{number}", actions=actions, resources=arns)


def _repository(place: Place, host: str, path: str) -> str:
    """ARN of a repository in the registry at *host*, which may be another account's."""
    account = host.partition(".")[0]
    return f"arn:{place.partition}:ecr:{place.region}:{account}:repository/{path}"


def _models(place: Place, url: str) -> Iterator[Statement]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    ours = f"{bucket}/{key.rpartition('/')[0]}/*"
    yield Statement(
        sid="SeekModels", actions=("s3:ListBucket",),
        resources=(place.bucket_arn(bucket),),
    )  # fmt: skip
    yield Statement(
        sid="KeepModels", actions=MODELS, resources=(place.bucket_arn(ours),)
    )


def _seeing(place: Place, access_point: str) -> Iterator[Statement]:
    service = access_point.split(":")[2]
    if action := _MOUNT_TARGETS.get(service):
        systems = place.arn(service, "file-system/*")
        yield Statement(sid="SeeItsMount", actions=(action,), resources=(systems,))


def _linked_role(place: Place) -> Statement:
    """An account's first custom domain makes the role that API Gateway itself uses."""
    role = f"role/aws-service-role/{_API_GATEWAY}/AWSServiceRoleForAPIGateway"
    return Statement(
        sid="LinkApiGateway",
        actions=("iam:CreateServiceLinkedRole",),
        resources=(place.global_arn("iam", role),),
        conditions={"StringEquals": {"iam:AWSServiceName": _API_GATEWAY}},
    )
