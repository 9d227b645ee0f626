"""What Terraform makes of a configuration, on the stand-in.

Each block becomes the part of a `Stack` that is of the same kind, so that both tools
make the same calls; only names and links are Terraform's own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.fakes.aws.stack import MAKERS, Made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_serverless.aws import Access

_LINK = re.compile(r"(?<!\$)\$\{([a-z0-9_]+\.[a-z0-9_]+)\.(\w+)\}")


class Configuration:
    """
    A configuration to apply; `count` is taken as one.

    Args:
        access: Where it is made.
        said: The configuration.
    """

    def __init__(self, access: Access, said: Mapping[str, Any]) -> None:
        self._access = access
        self._blocks = {
            f"{kind}.{label}": (kind, dict(block))
            for kind, labelled in said["resource"].items()
            for label, block in labelled.items()
        }
        self.made: dict[str, Made] = {}

    def apply(self) -> None:
        """Make every block, each after those that it needs."""
        left = dict(self._blocks)
        while left:
            ready = [a for a, (_, said) in left.items() if not _needs(said) & set(left)]
            if not ready:
                raise AssertionError(f"{sorted(left)} wait for one another")
            for address in ready:
                kind, said = left.pop(address)
                given = {k: v for k, v in said.items() if k not in _META}
                made = _BLOCKS[kind](self._access.client, self._read(given))
                self.made[address] = {**made, "id": made[""]}

    def _read(self, said: Any) -> Any:
        """Links followed, escapes undone."""
        match said:
            case str():
                text = _LINK.sub(lambda m: str(self.made[m[1]][m[2]]), said)
                return text.replace("$${", "${").replace("%%{", "%{")
            case dict():
                return {key: self._read(inner) for key, inner in said.items()}
            case list():
                return [self._read(inner) for inner in said]
            case _:
                return said


_META = {"count", "depends_on", "lifecycle"}


def _needs(said: Mapping[str, Any]) -> set[str]:
    linked = {address for address, _ in _LINK.findall(json.dumps(said))}
    return linked | set(said.get("depends_on", ()))


def _camel(said: Any) -> Any:
    """Arguments as AWS spells them; what is the user's has none of ours in it."""
    if isinstance(said, dict):
        return {
            _NAMES.get(k, "".join(w.capitalize() for w in k.split("_"))): (
                v if k in _USERS else _camel(v)
            )
            for k, v in said.items()
        }
    return [_camel(item) for item in said] if isinstance(said, list) else said


_USERS = {"variables", "tags", "dimensions"}
_NAMES = {
    "kms_key_arn": "KMSKeyArn", "timeout_milliseconds": "TimeoutInMillis",
    "identity_sources": "IdentitySource", "file_system_config": "FileSystemConfigs",
}  # fmt: skip


def _listed(said: Made) -> list[dict[str, str]]:
    return [{"Key": k, "Value": v} for k, v in said.pop("tags", {}).items()]


def _function(client: Callable[[str], Any], said: Made) -> Made:
    assert said.pop("publish")
    tags, image = _listed(said), said.pop("image_uri")
    given = {**_camel(said), "Tags": tags, "Code": {"ImageUri": image}}
    made = MAKERS["AWS::Lambda::Function"](client, given)
    version = client("lambda").publish_version(
        FunctionName=made[""], Description=said["description"]
    )
    return {**made, "function_name": made[""], "version": version["Version"]}


def _alias(client: Callable[[str], Any], said: Made) -> Made:
    made = MAKERS["AWS::Lambda::Alias"](client, _camel(said))
    return {**made, "arn": made[""], **said}


def _provisioned(client: Callable[[str], Any], said: Made) -> Made:
    client("lambda").put_provisioned_concurrency_config(**_camel(said))
    return {"": said["qualifier"]}


def _url(client: Callable[[str], Any], said: Made) -> Made:
    given = _camel(said)
    given["AuthType"] = given.pop("AuthorizationType")
    found = client("lambda").create_function_url_config(**given)
    return {"": found["FunctionArn"], "function_url": found["FunctionUrl"]}


def _permission(client: Callable[[str], Any], said: Made) -> Made:
    client("lambda").add_permission(**_camel(said))
    return {"": said["statement_id"]}


def _log_group(client: Callable[[str], Any], said: Made) -> Made:
    given = {"LogGroupName": said["name"], "Tags": _listed(said)}
    if "retention_in_days" in said:
        given["RetentionInDays"] = said["retention_in_days"]
    return MAKERS["AWS::Logs::LogGroup"](client, given)


def _role(client: Callable[[str], Any], said: Made) -> Made:
    tags = _listed(said)
    client("iam").create_role(
        RoleName=said["name"], AssumeRolePolicyDocument=said["assume_role_policy"],
        Description=said["description"], Tags=tags,
    )  # fmt: skip
    return {"": said["name"], "name": said["name"]}


def _role_policy(client: Callable[[str], Any], said: Made) -> Made:
    client("iam").put_role_policy(
        RoleName=said["role"], PolicyName=said["name"], PolicyDocument=said["policy"]
    )
    return {"": said["name"]}


def _bucket(client: Callable[[str], Any], said: Made) -> Made:
    client("s3").create_bucket(Bucket=said["bucket"])
    tags = {"TagSet": _listed(said)}
    client("s3").put_bucket_tagging(Bucket=said["bucket"], Tagging=tags)
    return {"": said["bucket"]}


def _closed(client: Callable[[str], Any], said: Made) -> Made:
    bucket = said.pop("bucket")
    client("s3").put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=_camel(said)
    )
    return {"": bucket}


def _encrypted(client: Callable[[str], Any], said: Made) -> Made:
    rule = said["rule"]
    default = rule["apply_server_side_encryption_by_default"]
    client("s3").put_bucket_encryption(
        Bucket=said["bucket"],
        ServerSideEncryptionConfiguration={"Rules": [{
            "ApplyServerSideEncryptionByDefault":
                {"SSEAlgorithm": default["sse_algorithm"]},
            "BucketKeyEnabled": rule["bucket_key_enabled"],
        }]},
    )  # fmt: skip
    return {"": said["bucket"]}


def _versioned(client: Callable[[str], Any], said: Made) -> Made:
    client("s3").put_bucket_versioning(
        Bucket=said["bucket"],
        VersioningConfiguration=_camel(said["versioning_configuration"]),
    )
    return {"": said["bucket"]}


def _bucket_policy(client: Callable[[str], Any], said: Made) -> Made:
    client("s3").put_bucket_policy(Bucket=said["bucket"], Policy=said["policy"])
    return {"": said["bucket"]}


def _repository(client: Callable[[str], Any], said: Made) -> Made:
    given = {**_camel(said), "Tags": _listed(said), "RepositoryName": said["name"]}
    made = MAKERS["AWS::ECR::Repository"](client, given)
    return {**made, "repository_url": made["RepositoryUri"]}


def _repository_policy(client: Callable[[str], Any], said: Made) -> Made:
    client("ecr").set_repository_policy(
        repositoryName=said["repository"], policyText=said["policy"]
    )
    return {"": said["repository"]}


def _lifecycle(client: Callable[[str], Any], said: Made) -> Made:
    client("ecr").put_lifecycle_policy(
        repositoryName=said["repository"], lifecyclePolicyText=said["policy"]
    )
    return {"": said["repository"]}


def _alarm(client: Callable[[str], Any], said: Made) -> Made:
    tags, where = _listed(said), said.pop("dimensions")
    dimensions = [{"Name": k, "Value": v} for k, v in where.items()]
    client("cloudwatch").put_metric_alarm(
        **_camel(said), Dimensions=dimensions, Tags=tags
    )
    return {"": said["alarm_name"]}


def _dashboard(client: Callable[[str], Any], said: Made) -> Made:
    client("cloudwatch").put_dashboard(**_camel(said))
    return {"": said["dashboard_name"]}


def _gateway(kind: str, **renamed: str) -> Callable[[Any, Made], Made]:
    def make(client: Callable[[str], Any], said: Made) -> Made:
        given = {renamed.get(key, key): value for key, value in _camel(said).items()}
        made = MAKERS[f"AWS::ApiGatewayV2::{kind}"](client, given)
        return {**made, "api_endpoint": made.get("ApiEndpoint", "")}

    return make


_BLOCKS: Mapping[str, Callable[[Any, Made], Made]] = {
    "aws_lambda_function": _function,
    "aws_lambda_alias": _alias,
    "aws_lambda_provisioned_concurrency_config": _provisioned,
    "aws_lambda_function_url": _url,
    "aws_lambda_permission": _permission,
    "aws_cloudwatch_log_group": _log_group,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_public_access_block": _closed,
    "aws_s3_bucket_server_side_encryption_configuration": _encrypted,
    "aws_s3_bucket_versioning": _versioned,
    "aws_s3_bucket_policy": _bucket_policy,
    "aws_ecr_repository": _repository,
    "aws_ecr_repository_policy": _repository_policy,
    "aws_ecr_lifecycle_policy": _lifecycle,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_cloudwatch_dashboard": _dashboard,
    "aws_apigatewayv2_api": _gateway("Api"),
    "aws_apigatewayv2_integration": _gateway("Integration"),
    "aws_apigatewayv2_authorizer": _gateway("Authorizer"),
    "aws_apigatewayv2_route": _gateway("Route"),
    "aws_apigatewayv2_stage": _gateway("Stage", Name="StageName"),
}
