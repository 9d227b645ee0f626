"""Buckets for models that images do not hold: never public, encrypted, TLS only."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of, status_of
from mlflow_serverless.aws.keeper import (
    Found,
    canonical,
    listed,
    names_of,
    owner_of,
    pairs,
    unlisted,
)
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import ModelBucket, Resource
from mlflow_serverless.plan.names import SHARED

_UNSET = {
    "NoSuchTagSet", "NoSuchTagSetError", "NoSuchBucketPolicy",
    "ServerSideEncryptionConfigurationNotFoundError",
}  # fmt: skip
_CLOSED = {
    "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}  # fmt: skip
_FIRST_REGION = "us-east-1"
"""Where S3 wants no location to be named."""


class Buckets:
    """
    S3 buckets.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("s3")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - a bucket is never one deployment's alone
        """See `keeper.Keeper`."""
        for bucket, like in names_of(ModelBucket, (), wanted).items():
            if self._there(bucket):
                yield self._found(bucket, like.policy if like else "")

    def _there(self, bucket: str) -> bool:
        try:
            self._client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if status_of(error) == 404:
                return False
            raise
        return True

    def _found(self, bucket: str, like: str) -> Found:
        client = self._client
        tagging = _unless_unset(client.get_bucket_tagging, Bucket=bucket)
        tags = unlisted(tagging.get("TagSet", ()))
        policy = _unless_unset(client.get_bucket_policy, Bucket=bucket)
        text = policy.get("Policy", "")
        versioning = client.get_bucket_versioning(Bucket=bucket)
        found = ModelBucket(
            name=bucket,
            kms_key=self._key(bucket),
            versioned=versioning.get("Status") == "Enabled",
            policy=canonical(json.loads(text), like) if text else "",
            shared=owner_of(tags) in {"", SHARED},
            tags=pairs(tags),
        )
        return Found(found, owner_of(tags))

    def _key(self, bucket: str) -> str:
        found = _unless_unset(self._client.get_bucket_encryption, Bucket=bucket)
        for rule in found.get("ServerSideEncryptionConfiguration", {}).get("Rules", ()):
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            return str(default.get("KMSMasterKeyID", ""))
        return ""

    def put(self, name: str, resource: ModelBucket) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`; closed and encrypted before anything can be put in."""
        client, bucket = self._client, resource.name
        self._make(resource)
        client.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=_CLOSED
        )
        client.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration=_encryption(resource)
        )
        client.put_bucket_versioning(
            Bucket=bucket,
            VersioningConfiguration={
                "Status": "Enabled" if resource.versioned else "Suspended"
            },
        )
        client.put_bucket_tagging(
            Bucket=bucket, Tagging={"TagSet": listed(resource.tags)}
        )
        if resource.policy:
            settled(
                client.put_bucket_policy, self._access.pace,
                Bucket=bucket, Policy=resource.policy,
            )  # fmt: skip

    def _make(self, resource: ModelBucket) -> None:
        """With its tags from the start: a bucket without them is somebody else's."""
        region, tags = self._access.place.region, {"Tags": listed(resource.tags)}
        # The first region is the one that is meant where none is named.
        where = {} if region == _FIRST_REGION else {"LocationConstraint": region}
        try:
            settled(
                self._client.create_bucket, self._access.pace, Bucket=resource.name,
                CreateBucketConfiguration={**where, **tags},
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise

    def remove(self, name: str, resource: ModelBucket) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; refused by S3 while anything is in it."""
        try:
            self._client.delete_bucket(Bucket=resource.name)
        except ClientError as error:
            if code_of(error) != "NoSuchBucket":
                raise


def _unless_unset(call: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """What *call* gives; nothing if that was never set."""
    try:
        return dict(call(**given))
    except ClientError as error:
        if code_of(error) not in _UNSET:
            raise
        return {}


def _encryption(bucket: ModelBucket) -> dict[str, Any]:
    default = {"SSEAlgorithm": "AES256"}
    if bucket.kms_key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": bucket.kms_key}
    rule = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": bool(bucket.kms_key),
    }
    return {"Rules": [rule]}
