"""Tables of items that end by themselves."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.keeper import (
    Found,
    listed,
    names_of,
    owner_of,
    pairs,
    retag,
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.retry import await_gone, wait_for
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Resource, Table

_IN_USE = "ResourceInUseException"


class Tables:
    """
    DynamoDB's tables, paid for by the request.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("dynamodb")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - only some tools have one
        """See `keeper.Keeper`."""
        for table in names_of(Table, (), wanted):
            found = self._there(table)
            if found is not None:
                yield self._found(found)

    def _there(self, table: str) -> dict[str, Any] | None:
        found = unless_missing(self._client.describe_table, TableName=table)
        return None if found is None else dict(found["Table"])

    def _found(self, found: dict[str, Any]) -> Found:
        client, name = self._client, found["TableName"]
        answer = client.list_tags_of_resource(ResourceArn=found["TableArn"])
        tags = unlisted(answer.get("Tags", ()))
        (key,) = (k["AttributeName"] for k in found["KeySchema"][:1])
        table = Table(
            name=name, key=key, until=self._until(name), tags=pairs(tags)
        )  # fmt: skip
        return Found(table, owner_of(tags))

    def _until(self, table: str) -> str:
        """The attribute by which items end; empty if they do not."""
        said = self._client.describe_time_to_live(TableName=table)
        found = said["TimeToLiveDescription"]
        ends = found["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
        return str(found.get("AttributeName", "")) if ends else ""

    def put(self, name: str, resource: Table) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`; a key can be chosen only when a table is made."""
        client, made = self._client, resource
        key = {"AttributeName": made.key}
        try:
            client.create_table(
                TableName=made.name, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{**key, "AttributeType": "S"}],
                KeySchema=[{**key, "KeyType": "HASH"}],
                Tags=listed(made.tags),
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != _IN_USE:
                raise
        pace = self._access.pace
        wait_for(client, "table_exists", pace, TableName=made.name)
        self._change(made)

    def _change(self, made: Table) -> None:
        client, found = self._client, self._there(made.name) or {}
        there, arn = self._found(found).resource, found["TableArn"]
        assert isinstance(there, Table)
        if there.until != made.until:
            client.update_time_to_live(
                TableName=made.name,
                TimeToLiveSpecification={
                    "Enabled": True, "AttributeName": made.until,
                },
            )  # fmt: skip
        retag(client, dict(there.tags), made.tags, ResourceArn=arn)

    def remove(self, name: str, resource: Table) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with all that is in it."""
        table, pace = resource.name, self._access.pace
        unless_missing(self._client.delete_table, TableName=table)
        await_gone(lambda: self._there(table), f"the deletion of table {table}", pace)
