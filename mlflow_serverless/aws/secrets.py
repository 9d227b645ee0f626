"""Secrets of ours: drawn by AWS, so that none passes through a plan or this machine."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of, said_by
from mlflow_serverless.aws.keeper import (
    Found,
    listed,
    missing,
    names_of,
    owner_of,
    pairs,
    retag,
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Resource, Secret

_CHARS = 43
"""256 bits, of letters and digits."""
_USUAL_KEY = "alias/aws/secretsmanager"


class Secrets:
    """
    Secrets Manager's secrets.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("secretsmanager")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - only some tools have one
        """See `keeper.Keeper`."""
        for secret in names_of(Secret, (), wanted):
            found = self._there(secret)
            if found is not None:
                tags = unlisted(found.get("Tags", ()))
                kept = Secret(
                    name=secret, kms_key=_key(found),
                    description=found.get("Description", ""), tags=pairs(tags),
                )  # fmt: skip
                yield Found(kept, owner_of(tags))

    def _there(self, name: str) -> dict[str, Any] | None:
        """DescribeSecret's answer; None also of one that is being deleted."""
        found = unless_missing(self._client.describe_secret, SecretId=name)
        return None if found is None or "DeletedDate" in found else found

    def put(self, name: str, resource: Secret) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`; one that is there keeps its value."""
        client, made = self._client, resource
        there = self._there(made.name)
        if there is None:
            drawn = client.get_random_password(
                PasswordLength=_CHARS, ExcludePunctuation=True
            )
            key = {"KmsKeyId": made.kms_key} if made.kms_key else {}
            client.create_secret(
                Name=made.name, SecretString=drawn["RandomPassword"],
                Description=made.description, Tags=listed(made.tags), **key,
            )  # fmt: skip
            return
        moved = _key(there) != made.kms_key
        key = {"KmsKeyId": made.kms_key or _USUAL_KEY} if moved else {}
        client.update_secret(SecretId=made.name, Description=made.description, **key)
        retag(client, unlisted(there.get("Tags", ())), made.tags, SecretId=made.name)

    def remove(self, name: str, resource: Secret) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; at once: a value drawn at random is worth nothing."""
        unless_missing(
            self._client.delete_secret,
            SecretId=resource.name, ForceDeleteWithoutRecovery=True,
        )  # fmt: skip

    def value(self, name: str) -> str | None:
        """What the secret *name* holds; None if there is none."""
        try:
            found = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            # One that is being deleted is an invalid request.
            going = code_of(error) == "InvalidRequestException"
            if missing(error) or (going and "delet" in said_by(error)):
                return None
            raise
        return str(found["SecretString"])


def _key(found: dict[str, Any]) -> str:
    key = str(found.get("KmsKeyId", ""))
    return "" if key.endswith(_USUAL_KEY) else key
