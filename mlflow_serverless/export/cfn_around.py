"""What stands around a function, as parts of a CloudFormation template."""

import json
from typing import Any, assert_never

from mlflow_serverless.aws.api_parts import cors_said
from mlflow_serverless.export.cfn_parts import (
    ALIAS,
    FUNCTION,
    MAKES_SHARED,
    Part,
    listed,
    ref,
)
from mlflow_serverless.export.storage import is_shared, lifecycle
from mlflow_serverless.export.words import CLOSED, POLICY, statistic
from mlflow_serverless.plan import (
    Alarm,
    Dashboard,
    FunctionUrl,
    LogGroup,
    ModelBucket,
    Permission,
    Repository,
    Role,
)

Simple = (
    Repository | Role | LogGroup | ModelBucket | FunctionUrl | Permission | Alarm
    | Dashboard
)  # fmt: skip
"""Resources whose form does not depend on where they are."""


def around(label: str, resource: Simple, serves: str) -> dict[str, Part]:  # noqa: C901, PLR0911 - one case a kind
    """
    The parts that make *resource*, by label.

    Args:
        label: What it is called in the template.
        resource: What is wanted.
        serves: Condition of what is made only once images are there; empty for none.
    """
    match resource:
        case LogGroup():
            return {label: _log_group(resource, serves)}
        case Role():
            return {label: _role(resource, serves)}
        case ModelBucket():
            return _bucket(label, resource)
        case Repository():
            return {label: _repository(resource)}
        case FunctionUrl():
            return {label: _url(resource, serves)}
        case Permission():
            return {label: permission(resource, serves)}
        case Alarm():
            return {label: _alarm(resource, serves)}
        case Dashboard():
            said = {"DashboardName": resource.name, "DashboardBody": resource.body}
            return {label: Part("AWS::CloudWatch::Dashboard", said, condition=serves)}
        case _:  # pragma: no cover - mypy proves it
            assert_never(resource)


def _log_group(made: LogGroup, serves: str) -> Part:
    said = {
        "LogGroupName": made.name,
        "RetentionInDays": made.retention_days,
        "KmsKeyId": made.kms_key or None,
        "Tags": listed(made.tags),
    }
    return Part("AWS::Logs::LogGroup", said, condition=serves, kept=False)


def _role(made: Role, serves: str) -> Part:
    policy = {"PolicyName": POLICY, "PolicyDocument": json.loads(made.policy)}
    said = {
        "RoleName": made.name,
        "Description": made.description or None,
        "AssumeRolePolicyDocument": json.loads(made.trust),
        "Policies": [policy],
        "PermissionsBoundary": made.boundary or None,
        "Tags": listed(made.tags),
    }
    return Part("AWS::IAM::Role", said, condition=serves)


def _bucket(label: str, made: ModelBucket) -> dict[str, Part]:
    condition = MAKES_SHARED if is_shared(made) else ""
    default = {"SSEAlgorithm": "AES256"}
    if made.kms_key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": made.kms_key}
    rule = {
        "ServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": bool(made.kms_key),
    }
    versions = "Enabled" if made.versioned else "Suspended"
    said = {
        "BucketName": made.name,
        "PublicAccessBlockConfiguration": CLOSED,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
        "VersioningConfiguration": {"Status": versions},
        "Tags": listed(made.tags),
    }
    parts = {label: Part("AWS::S3::Bucket", said, condition=condition, kept=True)}
    if made.policy:
        policy = {"Bucket": ref(label), "PolicyDocument": json.loads(made.policy)}
        parts[f"{label}Policy"] = Part(
            "AWS::S3::BucketPolicy", policy, condition=condition
        )
    return parts


def _repository(made: Repository) -> Part:
    shared = is_shared(made)
    encryption = {"EncryptionType": "KMS", "KmsKey": made.kms_key}
    expiry = {"LifecyclePolicyText": lifecycle(made)}
    said = {
        "RepositoryName": made.name,
        "ImageScanningConfiguration": {"ScanOnPush": made.scan_on_push},
        "ImageTagMutability": "IMMUTABLE" if made.immutable else "MUTABLE",
        "EncryptionConfiguration": encryption
        if made.kms_key
        else {"EncryptionType": "AES256"},
        "LifecyclePolicy": None if made.untagged_days is None else expiry,
        "RepositoryPolicyText": json.loads(made.policy) if made.policy else None,
        "EmptyOnDelete": not shared,
        "Tags": listed(made.tags),
    }
    condition = MAKES_SHARED if shared else ""
    return Part("AWS::ECR::Repository", said, condition=condition, kept=shared)


def _url(made: FunctionUrl, serves: str) -> Part:
    said = {
        "TargetFunctionArn": ref(FUNCTION),
        "Qualifier": made.qualifier,
        "AuthType": made.auth,
        "InvokeMode": "BUFFERED",
        "Cors": cors_said(made.cors) if made.cors else None,
    }
    return Part("AWS::Lambda::Url", said, condition=serves, needs=(ALIAS,))


def permission(made: Permission, serves: str, *, source: Any = None) -> Part:
    """
    One statement of the alias's policy; CloudFormation chooses its id.

    Args:
        made: What is wanted.
        serves: As of `around`.
        source: Who may call, where that is no final text.
    """
    said = {
        "FunctionName": ref(ALIAS),
        "Action": made.action,
        "Principal": made.principal,
        "SourceArn": source or made.source_arn or None,
        "SourceAccount": made.source_account or None,
        "FunctionUrlAuthType": made.url_auth or None,
        "InvokedViaFunctionUrl": made.via_url or None,
    }
    return Part("AWS::Lambda::Permission", said, condition=serves)


def _alarm(made: Alarm, serves: str) -> Part:
    said = {
        "AlarmName": made.name,
        "AlarmDescription": made.description,
        "Namespace": made.namespace,
        "MetricName": made.metric,
        "Dimensions": [{"Name": k, "Value": v} for k, v in made.dimensions],
        "Period": made.period_s,
        "EvaluationPeriods": made.periods,
        "DatapointsToAlarm": made.breaching,
        "Threshold": made.threshold,
        "ComparisonOperator": made.comparison,
        "TreatMissingData": "notBreaching",
        "AlarmActions": list(made.actions) or None,
        "Tags": listed(made.tags),
        statistic(made): made.statistic,
    }
    return Part("AWS::CloudWatch::Alarm", said, condition=serves)
