"""What CloudFormation and Terraform make of a template, on the stand-in.

Each type of part becomes the calls that its documentation names. References are
followed and conditions honoured; parts are made once all that they mention is there.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from mlflow_serverless.aws.retry import settled
from tests.fakes.aws.account import PACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_serverless.aws import Access

Made = dict[str, Any]
"""What a part can be asked for; under `` what it is called."""


class Stack:
    """
    A CloudFormation stack.

    Args:
        access: Where it is made.
        template: Of what.
        parameters: Chosen; the others have their defaults.
    """

    def __init__(
        self, access: Access, template: Mapping[str, Any], **parameters: str
    ) -> None:
        self._access, self._template = access, template
        given = template.get("Parameters", {})
        self._parameters = {k: said["Default"] for k, said in given.items()}
        self._parameters |= parameters
        self.made: dict[str, Made] = {}

    def make(self) -> None:
        """Make what is not made yet, each part after those that it needs."""
        wanted = {
            label: part
            for label, part in self._template["Resources"].items()
            if self._holds(part.get("Condition")) and label not in self.made
        }
        while wanted:
            ready = [k for k, part in wanted.items() if not self._asks(part, wanted)]
            if not ready:
                raise AssertionError(f"{sorted(wanted)} wait for one another")
            for label in ready:
                part = wanted.pop(label)
                maker = MAKERS[part["Type"]]
                said = self._resolved(part["Properties"])
                self.made[label] = maker(self._access.client, said)

    def _holds(self, condition: str | None) -> bool:
        if condition is None:
            return True
        one, other = self._template["Conditions"][condition]["Fn::Equals"]
        return bool(self._parameters[one["Ref"]] == other)

    def _asks(self, part: Any, wanted: Mapping[str, Any]) -> set[str]:
        needs = set(part.get("DependsOn", ())) & set(wanted)
        return needs | (set(self._mentioned(part["Properties"])) & set(wanted))

    def _mentioned(self, said: Any) -> list[str]:
        match said:
            case {"Ref": label} | {"Fn::GetAtt": [label, _]}:
                return [label]
            case {"Fn::Sub": text}:
                return re.findall(r"\$\{(\w+)\}", text)
            case dict():
                return [
                    one for inner in said.values() for one in self._mentioned(inner)
                ]
            case list():
                return [one for inner in said for one in self._mentioned(inner)]
            case _:
                return []

    def _resolved(self, said: Any) -> Any:
        match said:
            case {"Ref": label}:
                return self.made[label][""]
            case {"Fn::GetAtt": [label, attribute]}:
                return self.made[label][attribute]
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{(\w+)\}", lambda m: self.made[m[1]][""], text)
            case dict():
                return {key: self._resolved(inner) for key, inner in said.items()}
            case list():
                return [self._resolved(inner) for inner in said]
            case _:
                return said


def _pairs(said: Made) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in said.pop("Tags", ())}


def _function(client: Callable[[str], Any], said: Made) -> Made:
    reserved, tags = said.pop("ReservedConcurrentExecutions", None), _pairs(said)
    if "KmsKeyArn" in said:
        said["KMSKeyArn"] = said.pop("KmsKeyArn")
    # A role that was just made is not known everywhere yet; the tools wait, too.
    create = client("lambda").create_function
    found = settled(create, PACE, **said, Tags=tags)
    name = found["FunctionName"]
    client("lambda").get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1000}
    )
    if reserved is not None:
        client("lambda").put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=reserved
        )
    return {"": name, "Arn": found["FunctionArn"]}


def _version(client: Callable[[str], Any], said: Made) -> Made:
    found = client("lambda").publish_version(**said)
    return {"": found["FunctionArn"], "Version": found["Version"]}


def _alias(client: Callable[[str], Any], said: Made) -> Made:
    kept = said.pop("ProvisionedConcurrencyConfig", None)
    found = client("lambda").create_alias(**said)
    if kept:
        client("lambda").put_provisioned_concurrency_config(
            FunctionName=said["FunctionName"], Qualifier=said["Name"], **kept
        )
    return {"": found["AliasArn"]}


def _url(client: Callable[[str], Any], said: Made) -> Made:
    name = said.pop("TargetFunctionArn")
    found = client("lambda").create_function_url_config(FunctionName=name, **said)
    return {"": found["FunctionArn"], "FunctionUrl": found["FunctionUrl"]}


def _permission(client: Callable[[str], Any], said: Made) -> Made:
    name, qualifier = said.pop("FunctionName").split(":")[-2:]
    said.setdefault("StatementId", f"stack-{uuid.uuid4().hex[:12]}")
    client("lambda").add_permission(FunctionName=name, Qualifier=qualifier, **said)
    return {"": said["StatementId"]}


def _log_group(client: Callable[[str], Any], said: Made) -> Made:
    name, tags = said["LogGroupName"], _pairs(said)
    key = {"kmsKeyId": said["KmsKeyId"]} if "KmsKeyId" in said else {}
    client("logs").create_log_group(logGroupName=name, tags=tags, **key)
    if "RetentionInDays" in said:
        client("logs").put_retention_policy(
            logGroupName=name, retentionInDays=said["RetentionInDays"]
        )
    return {"": name}


def _role(client: Callable[[str], Any], said: Made) -> Made:
    policies = said.pop("Policies")
    said["AssumeRolePolicyDocument"] = json.dumps(said["AssumeRolePolicyDocument"])
    client("iam").create_role(**said)
    for policy in policies:
        client("iam").put_role_policy(
            RoleName=said["RoleName"], PolicyName=policy["PolicyName"],
            PolicyDocument=json.dumps(policy["PolicyDocument"]),
        )  # fmt: skip
    return {"": said["RoleName"]}


def _bucket(client: Callable[[str], Any], said: Made) -> Made:
    bucket, s3 = said["BucketName"], client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=said["PublicAccessBlockConfiguration"],
    )
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": rule["BucketKeyEnabled"],
        }
        for rule in said["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
    )
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration=said["VersioningConfiguration"]
    )
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": said["Tags"]})
    return {"": bucket}


def _bucket_policy(client: Callable[[str], Any], said: Made) -> Made:
    client("s3").put_bucket_policy(
        Bucket=said["Bucket"], Policy=json.dumps(said["PolicyDocument"])
    )
    return {"": said["Bucket"]}


def _repository(client: Callable[[str], Any], said: Made) -> Made:
    name, ecr, encryption = (
        said["RepositoryName"], client("ecr"), said["EncryptionConfiguration"],
    )  # fmt: skip
    found = ecr.create_repository(
        repositoryName=name, tags=said.get("Tags", []),
        imageTagMutability=said["ImageTagMutability"],
        imageScanningConfiguration=_small(said["ImageScanningConfiguration"]),
        encryptionConfiguration=_small(encryption),
    )  # fmt: skip
    if "RepositoryPolicyText" in said:
        ecr.set_repository_policy(
            repositoryName=name, policyText=json.dumps(said["RepositoryPolicyText"])
        )
    if "LifecyclePolicy" in said:
        ecr.put_lifecycle_policy(
            repositoryName=name,
            lifecyclePolicyText=said["LifecyclePolicy"]["LifecyclePolicyText"],
        )
    return {"": name, "RepositoryUri": found["repository"]["repositoryUri"]}


def _small(said: Made) -> Made:
    return {f"{key[0].lower()}{key[1:]}": value for key, value in said.items()}


def _alarm(client: Callable[[str], Any], said: Made) -> Made:
    client("cloudwatch").put_metric_alarm(**said)
    return {"": said["AlarmName"]}


def _dashboard(client: Callable[[str], Any], said: Made) -> Made:
    client("cloudwatch").put_dashboard(**said)
    return {"": said["DashboardName"]}


def _gateway(operation: str, called: str) -> Callable[[Any, Made], Made]:
    """A maker of one call: API Gateway's parts have the parameters' own names."""

    def make(client: Callable[[str], Any], said: Made) -> Made:
        found = getattr(client("apigatewayv2"), operation)(**said)
        return {**found, "": found[called]}

    return make


MAKERS: Mapping[str, Callable[[Any, Made], Made]] = {
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Version": _version,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Url": _url,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::IAM::Role": _role,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::ECR::Repository": _repository,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::ApiGatewayV2::Api": _gateway("create_api", "ApiId"),
    "AWS::ApiGatewayV2::Integration": _gateway("create_integration", "IntegrationId"),
    "AWS::ApiGatewayV2::Authorizer": _gateway("create_authorizer", "AuthorizerId"),
    "AWS::ApiGatewayV2::Route": _gateway("create_route", "RouteId"),
    "AWS::ApiGatewayV2::Stage": _gateway("create_stage", "StageName"),
    "AWS::ApiGatewayV2::DomainName": _gateway("create_domain_name", "DomainName"),
    "AWS::ApiGatewayV2::ApiMapping": _gateway("create_api_mapping", "ApiMappingId"),
}
