"""What calls are about: the permission and the ARN that IAM would ask a policy for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.aws.faults import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

    from mlflow_serverless.plan import Place

_ARNS = ("Resource", "resourceArn", "ResourceArn", "ResourceARN", "KeyId")
"""Parameters that hold the whole ARN."""

_FORMS = {
    "lambda": (
        (("FunctionName", "Qualifier"), "function:{}:{}"),
        (("FunctionName",), "function:{}"),
    ),
    "iam": ((("RoleName",), "role/{}"),),
    "ecr": (
        (("repositoryName",), "repository/{}"),
        (("repositoryNames",), "repository/{}"),
    ),
    "logs": ((("logGroupName",), "log-group:{}"),),
    "cloudwatch": (
        (("AlarmName",), "alarm:{}"), (("AlarmNames",), "alarm:{}"),
        (("DashboardName",), "dashboard/{}"), (("DashboardNames",), "dashboard/{}"),
    ),
    "scheduler": (
        (("GroupName", "Name"), "schedule/{}/{}"), (("Name",), "schedule-group/{}"),
    ),
    "dynamodb": ((("TableName",), "table/{}"),),
    "secretsmanager": (
        (("SecretId",), "secret:{}-abcdef"), (("Name",), "secret:{}-abcdef"),
    ),
}  # fmt: skip
"""Of each service: parameters that name something, and its place in an ARN."""


@dataclass(frozen=True)
class Asked:
    """One call, as boto3 was asked for it."""

    permission: str
    arn: str
    """`*` where it is about nothing in particular."""


def listen(session: boto3.Session, place: Place) -> set[Asked]:
    """What clients that *session* makes from now on are asked for."""
    heard: set[Asked] = set()

    def hear(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        call = Call(service, model.name, model.http["method"])
        heard.add(Asked(call.permission, _about(place, service, model, params)))

    session.events.register("provide-client-params.*", hear)
    return heard


def _about(place: Place, service: str, model: Any, said: Mapping[str, Any]) -> str:
    """
    ARN of what an operation is about.

    Source: AWS's service authorization reference, resource types of each service.
    """
    if whole := next((said[key] for key in _ARNS if key in said), ""):
        return str(whole)
    if service == "apigatewayv2":
        members = model.input_shape.members
        labels = {members[k].serialization.get("name", k): v for k, v in said.items()}
        path = model.http["requestUri"].format(**labels).removeprefix("/v2")
        return f"arn:{place.partition}:apigateway:{place.region}::{path}"
    if service == "s3" and "Bucket" in said:
        key = f"/{said['Key']}" if "Key" in said else ""
        return place.bucket_arn(f"{said['Bucket']}{key}")
    named = _named(service, said)
    if not named:
        return "*"
    if service in {"iam", "cloudwatch"} and not named.startswith("alarm:"):
        return place.global_arn(service, named)
    return place.arn(service, named)


def _named(service: str, said: Mapping[str, Any]) -> str:
    """The part of an ARN after the account; empty where nothing is named."""
    names = {
        key: value[0] if isinstance(value, list) else value
        for key, value in said.items()
        if value
    }
    for keys, form in _FORMS.get(service, ()):
        if all(key in names for key in keys):
            return form.format(*(names[key] for key in keys))
    return ""
