"""Log groups: how long logs are kept, and by which key."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.keeper import (
    Found,
    names_of,
    owner_of,
    pairs,
    unless_missing,
)
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import LogGroup, Resource, names


class LogGroups:
    """
    CloudWatch's log groups.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("logs")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        control = names.log_group(names.controller(name))
        own = (names.log_group(name), names.access_log_group(name), control)
        for group in names_of(LogGroup, own, wanted):
            found = self._there(group)
            if found is not None:
                tags = self._tags(found)
                kept = LogGroup(
                    name=group,
                    retention_days=found.get("retentionInDays"),
                    kms_key=found.get("kmsKeyId", ""),
                    tags=pairs(tags),
                )
                yield Found(kept, owner_of(tags))

    def _there(self, group: str) -> dict[str, Any] | None:
        pages = self._client.get_paginator("describe_log_groups")
        for page in pages.paginate(logGroupNamePrefix=group):
            for found in page["logGroups"]:
                if found["logGroupName"] == group:
                    return dict(found)
        return None

    def _tags(self, found: dict[str, Any]) -> dict[str, str]:
        arn = found["arn"].removesuffix(":*")
        answer = self._client.list_tags_for_resource(resourceArn=arn)
        return dict(answer.get("tags", {}))

    def put(self, name: str, resource: LogGroup) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`."""
        client, made, pace = self._client, resource, self._access.pace
        key = {"kmsKeyId": made.kms_key} if made.kms_key else {}
        try:
            settled(
                client.create_log_group, pace,
                logGroupName=made.name, tags=dict(made.tags), **key,
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
            self._change(made)
        if made.retention_days is not None:
            client.put_retention_policy(
                logGroupName=made.name, retentionInDays=made.retention_days
            )

    def _change(self, made: LogGroup) -> None:
        client, found = self._client, self._there(made.name) or {}
        if made.retention_days is None and "retentionInDays" in found:
            client.delete_retention_policy(logGroupName=made.name)
        if found.get("kmsKeyId", "") != made.kms_key:
            if made.kms_key:
                client.associate_kms_key(logGroupName=made.name, kmsKeyId=made.kms_key)
            else:
                client.disassociate_kms_key(logGroupName=made.name)
        tags, arn = self._tags(found), found["arn"].removesuffix(":*")
        if old := sorted(set(tags) - set(dict(made.tags))):
            client.untag_resource(resourceArn=arn, tagKeys=old)
        if pairs(tags) != made.tags and made.tags:
            client.tag_resource(resourceArn=arn, tags=dict(made.tags))

    def remove(self, name: str, resource: LogGroup) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with all that was logged."""
        unless_missing(self._client.delete_log_group, logGroupName=resource.name)
