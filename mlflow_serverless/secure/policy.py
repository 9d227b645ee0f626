"""What a function may do: a pure function of what it has to reach."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlflow_serverless.plan.place import Place
from mlflow_serverless.plan.resources import LogGroup
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.secure.document import Statement, document

LAMBDA = "lambda.amazonaws.com"

NETWORK_ACTIONS = (
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
)  # fmt: skip
"""What Lambda itself does with a function's role to put it into a private network; it
asks for them on all resources (developer guide, "Giving functions access to resources
in an Amazon VPC"), and the function's own code is denied them."""

TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
"""X-Ray knows no resources for these."""

UNBOUND_ACTIONS = frozenset((*NETWORK_ACTIONS, *TRACE_ACTIONS))
"""Allowed on all resources, as AWS knows no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """All that one function has to reach."""

    name: str
    """The function's."""
    log_group: str
    """Its own."""
    models: str = ""
    """`BUCKET/PREFIX` of its models in S3; empty if the image holds them."""
    kms_key: str = ""
    """ARN of the key of its variables and models."""
    mount: str = ""
    """ARN of the access point of its file system."""
    network: bool = False
    """Whether it is in a private network."""
    tracing: bool = False
    shadow: bool = False
    """Whether it may send copies of requests to another version of its own."""


def role_policy(place: Place, reach: Reach) -> str:
    """The least that *reach* needs: this log group, these models, this key."""
    return document(_needed(place, reach))


def tool_policy(place: Place, log_group: str, may: Iterable[Statement]) -> str:
    """The least that a tool needs: its log group, and what it *may* do besides."""
    return document((writing(place, log_group), *may))


def writing(place: Place, log_group: str) -> Statement:
    """A function writes its own log, and no other."""
    streams = place.arn("logs", f"log-group:{log_group}:log-stream:*")
    return Statement(
        sid="WriteItsLog",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(streams,),
    )


def _needed(place: Place, reach: Reach) -> Iterator[Statement]:
    yield writing(place, reach.log_group)
    if reach.models:
        yield Statement(
            sid="ReadItsModels",
            actions=("s3:GetObject", "s3:GetObjectVersion"),
            resources=(place.bucket_arn(f"{reach.models}/*"),),
        )
    if reach.kms_key:
        yield Statement(
            sid="Decrypt", actions=("kms:Decrypt",), resources=(reach.kms_key,)
        )
    if reach.mount:
        yield _mounting(place, reach.mount)
    if reach.tracing:
        yield Statement(sid="Trace", actions=TRACE_ACTIONS, resources=("*",))
    if reach.shadow:
        yield from _shadowing(place, reach.name)
    if reach.network:
        yield from _networking(place, reach.name)


def _mounting(place: Place, access_point: str) -> Statement:
    """Read only, through this access point; its file system's id is not in its ARN."""
    service = access_point.split(":")[2]
    return Statement(
        sid="ReadItsMount",
        actions=(f"{service}:ClientMount",),
        resources=(place.arn(service, "file-system/*"),),
        conditions={"StringEquals": {f"{service}:AccessPointArn": access_point}},
    )


def _shadowing(place: Place, name: str) -> Iterator[Statement]:
    """Read who the shadow is off its own alias, and send it copies."""
    function = place.arn("lambda", f"function:{name}")
    yield Statement(
        sid="KnowItsShadow", actions=("lambda:GetAlias",), resources=(function,)
    )
    yield Statement(
        sid="AskItsShadow",
        actions=("lambda:InvokeFunction",),
        resources=(f"{function}:*",),
    )


def _networking(place: Place, name: str) -> Iterator[Statement]:
    yield Statement(sid="EnterItsNetwork", actions=NETWORK_ACTIONS, resources=("*",))
    function = place.arn("lambda", f"function:{name}")
    yield Statement(
        sid="OnlyLambdaItself",
        effect="Deny",
        actions=NETWORK_ACTIONS,
        resources=("*",),
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": (function,)}},
    )


def trust_policy() -> str:
    """Lambda may assume the role, and nobody else."""
    trust = Statement(sid="LambdaRunsIt", actions=("sts:AssumeRole",), service=LAMBDA)
    return document([trust])


def repository_policy(place: Place, name: str, *others: str) -> str:
    """
    Lambda may pull, for functions of this account.

    Args:
        place: The account and region of the functions.
        name: The function, or `*` where several share the repository.
        others: Further ones whose images are kept there.
    """
    functions = [place.arn("lambda", f"function:{one}") for one in (name, *others)]
    return document(
        [
            Statement(
                sid="LambdaPulls",
                actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                service=LAMBDA,
                conditions={
                    "StringEquals": {"aws:SourceAccount": place.account},
                    "StringLike": {
                        "aws:SourceArn": tuple(functions) if others else functions[0]
                    },
                },
            )
        ]
    )


def key_policy(place: Place, want: Desired) -> str:
    """
    What the policy of *want*'s key has to say beside what it says already.

    CloudWatch Logs is let in by the key's own policy alone; the function's role could
    be by IAM, if the key leaves it to the account.
    """
    groups = [
        place.arn("logs", f"log-group:{resource.name}")
        for resource in want.resources
        if isinstance(resource, LogGroup) and resource.kms_key
    ]
    logs = Statement(
        sid="LogsUseIt",
        actions=("kms:Decrypt*", "kms:Describe*", "kms:Encrypt*",
                 "kms:GenerateDataKey*", "kms:ReEncrypt*"),
        resources=("*",),
        service=f"logs.{place.region}.{place.suffix}",
        conditions={
            "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": tuple(groups)}
        },
    )  # fmt: skip
    role = want.function.settings.role
    function = Statement(
        sid="FunctionDecrypts",
        actions=("kms:Decrypt",),
        resources=("*",),
        # A key's policy cannot name a role that is not there yet.
        arn=place.global_arn("iam", "root"),
        conditions={"ArnEquals": {"aws:PrincipalArn": role}},
    )
    return document([*([logs] if groups else []), *([function] if role else [])])


def bucket_policy(place: Place, bucket: str) -> str:
    """Nothing goes in or out but over TLS."""
    arn = place.bucket_arn(bucket)
    return document(
        [
            Statement(
                sid="OverTlsOnly",
                effect="Deny",
                everybody=True,
                actions=("s3:*",),
                resources=(arn, f"{arn}/*"),
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            )
        ]
    )
