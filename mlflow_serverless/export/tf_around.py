"""What stands around a function, as blocks of a Terraform configuration."""

from collections.abc import Iterator
from typing import Any, assert_never

from mlflow_serverless.aws.api_parts import cors_said
from mlflow_serverless.export.storage import is_shared, lifecycle
from mlflow_serverless.export.tf_parts import Block, Link, link, snaked
from mlflow_serverless.export.words import CLOSED, POLICY, statistic
from mlflow_serverless.plan import (
    Alarm,
    Dashboard,
    FunctionUrl,
    LogGroup,
    ModelBucket,
    Permission,
    ProvisionedConcurrency,
    Repository,
    Role,
)

Simple = (
    Repository | Role | LogGroup | ModelBucket | FunctionUrl | Permission
    | ProvisionedConcurrency | Alarm | Dashboard
)  # fmt: skip
"""Resources whose form does not depend on where they are."""


def around(label: str, resource: Simple, alias: str) -> Iterator[Block]:  # noqa: C901 - one case a kind
    """
    The blocks that make *resource*.

    Args:
        label: What they are called, one a type.
        resource: What is wanted.
        alias: Address of the alias.
    """
    match resource:
        case LogGroup():
            yield _log_group(label, resource)
        case Role():
            yield from _role(label, resource)
        case ModelBucket():
            yield from _bucket(label, resource)
        case Repository():
            yield from _repository(label, resource)
        case ProvisionedConcurrency():
            yield _provisioned(label, resource, alias)
        case FunctionUrl():
            yield _url(label, resource, alias)
        case Permission():
            yield permission(label, resource, alias)
        case Alarm():
            yield _alarm(label, resource)
        case Dashboard():
            said = {
                "dashboard_name": resource.name, "dashboard_body": resource.body
            }  # fmt: skip
            yield Block("aws_cloudwatch_dashboard", label, said)
        case _:  # pragma: no cover - mypy proves it
            assert_never(resource)


def _log_group(label: str, made: LogGroup) -> Block:
    said = {
        "name": made.name,
        "retention_in_days": made.retention_days,
        "kms_key_id": made.kms_key or None,
        "tags": dict(made.tags) or None,
    }
    return Block("aws_cloudwatch_log_group", label, said)


def _role(label: str, made: Role) -> Iterator[Block]:
    said = {
        "name": made.name,
        "description": made.description or None,
        "assume_role_policy": made.trust,
        "permissions_boundary": made.boundary or None,
        "tags": dict(made.tags) or None,
    }
    role = Block("aws_iam_role", label, said)
    policy = {
        "name": POLICY, "role": link(role.address, "name"), "policy": made.policy
    }  # fmt: skip
    yield role
    yield Block("aws_iam_role_policy", label, policy)


def _bucket(label: str, made: ModelBucket) -> Iterator[Block]:
    shared = is_shared(made)
    default: dict[str, Any] = {"sse_algorithm": "AES256"}
    if made.kms_key:
        default = {"sse_algorithm": "aws:kms", "kms_master_key_id": made.kms_key}
    rule = {
        "apply_server_side_encryption_by_default": default,
        "bucket_key_enabled": bool(made.kms_key),
    }
    status = {"status": "Enabled" if made.versioned else "Suspended"}
    said = {"bucket": made.name, "tags": dict(made.tags) or None}
    bucket = Block("aws_s3_bucket", label, said, shared=shared, kept=True)
    yield bucket
    parts: dict[str, dict[str, Any]] = {
        "public_access_block": snaked(CLOSED),
        "server_side_encryption_configuration": {"rule": rule},
        "versioning": {"versioning_configuration": status},
    }
    if made.policy:
        parts["policy"] = {"policy": made.policy}
    for part, arguments in parts.items():
        yield Block(
            f"aws_s3_bucket_{part}", label, {"bucket": made.name, **arguments},
            needs=(bucket.address,), shared=shared,
        )  # fmt: skip


def _repository(label: str, made: Repository) -> Iterator[Block]:
    shared = is_shared(made)
    kms = {"encryption_type": "KMS", "kms_key": made.kms_key}
    said = {
        "name": made.name,
        "image_tag_mutability": "IMMUTABLE" if made.immutable else "MUTABLE",
        "image_scanning_configuration": {"scan_on_push": made.scan_on_push},
        "encryption_configuration": kms
        if made.kms_key
        else {"encryption_type": "AES256"},
        "force_delete": not shared,
        "tags": dict(made.tags) or None,
    }
    repository = Block("aws_ecr_repository", label, said, shared=shared, kept=shared)
    yield repository
    policies = {"repository_policy": made.policy}
    if made.untagged_days is not None:
        policies["lifecycle_policy"] = lifecycle(made)
    for kind, policy in policies.items():
        if policy:
            yield Block(
                f"aws_ecr_{kind}", label, {"repository": made.name, "policy": policy},
                needs=(repository.address,), shared=shared,
            )  # fmt: skip


def _provisioned(label: str, made: ProvisionedConcurrency, alias: str) -> Block:
    said = {
        "function_name": link(alias, "function_name"),
        "qualifier": link(alias, "name"),
        "provisioned_concurrent_executions": made.count,
    }
    return Block("aws_lambda_provisioned_concurrency_config", label, said)


def _url(label: str, made: FunctionUrl, alias: str) -> Block:
    said = {
        "function_name": link(alias, "function_name"),
        "qualifier": link(alias, "name"),
        "authorization_type": made.auth,
        "invoke_mode": "BUFFERED",
        "cors": snaked(cors_said(made.cors)) if made.cors else None,
    }
    return Block("aws_lambda_function_url", label, said)


def permission(
    label: str, made: Permission, alias: str, *, source: Link | None = None
) -> Block:
    """
    One statement of the alias's policy.

    Args:
        label: What it is called.
        made: What is wanted.
        alias: Address of the alias.
        source: Who may call, where that is no final text.
    """
    said = {
        "statement_id": made.sid,
        "function_name": link(alias, "function_name"),
        "qualifier": link(alias, "name"),
        "action": made.action,
        "principal": made.principal,
        "source_arn": source or made.source_arn or None,
        "source_account": made.source_account or None,
        "function_url_auth_type": made.url_auth or None,
        "invoked_via_function_url": made.via_url or None,
    }
    return Block("aws_lambda_permission", label, said)


def _alarm(label: str, made: Alarm) -> Block:
    said = {
        "alarm_name": made.name,
        "alarm_description": made.description,
        "namespace": made.namespace,
        "metric_name": made.metric,
        "dimensions": dict(made.dimensions),
        "period": made.period_s,
        "evaluation_periods": made.periods,
        "datapoints_to_alarm": made.breaching,
        "threshold": made.threshold,
        "comparison_operator": made.comparison,
        "treat_missing_data": "notBreaching",
        "alarm_actions": list(made.actions) or None,
        "tags": dict(made.tags) or None,
        **snaked({statistic(made): made.statistic}),
    }
    return Block("aws_cloudwatch_metric_alarm", label, said)
