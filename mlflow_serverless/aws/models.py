"""Models in S3: each file under its digest, as the runtime looks for it."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import status_of
from mlflow_serverless.aws.session import Access
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import Actual, Role
from mlflow_serverless.plan.errors import ArtifactMissingError
from mlflow_serverless.plan.names import bucket as bucket_of

SCHEME = "s3://"


class Models:
    """
    Bundles' files in S3.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._staged: dict[str, Bundle] = {}

    @property
    def _client(self) -> Any:
        return self._access.client("s3")

    def stage(self, bundle: Bundle, url: str) -> None:
        """Remember what is to be put under *url*."""
        self._staged[url] = bundle

    def put(self, name: str, url: str) -> None:
        """
        Upload what is not there yet; S3 checks every file's SHA-256.

        Raises:
            ArtifactMissingError: It was not staged here, and is not there.
        """
        bucket, prefix = _split(url)
        bundle = self._staged.get(url)
        if bundle is None:
            if not any(self._keys(bucket, prefix)):
                raise ArtifactMissingError(name, url)
            return
        for file in bundle.manifest.files:
            key = f"{prefix}/{file.sha256}"
            if not self._has(bucket, key, file.bytes):
                self._client.upload_file(
                    str(bundle.folder / file.path), bucket, key,
                    ExtraArgs={"ChecksumAlgorithm": "SHA256"},
                )  # fmt: skip

    def _has(self, bucket: str, key: str, size: int) -> bool:
        try:
            found = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if status_of(error) == 404:
                return False
            raise
        return bool(found["ContentLength"] == size)

    def remove(self, url: str) -> None:
        """Delete all files under *url*."""
        bucket, prefix = _split(url)
        for key, _ in list(self._keys(bucket, prefix)):
            self._client.delete_object(Bucket=bucket, Key=key)

    def kept(self, have: Actual) -> Iterator[str]:
        """
        Where models are kept for a deployment, whether or not anything uses them yet.

        One that is to be put and of which files lack does not count: an upload may
        have been killed.
        """
        for root in sorted(self._roots(have)):
            bucket, prefix = _split(root)
            if prefix.rpartition("/")[2] != have.name:
                continue  # not laid out by us
            found: dict[str, dict[str, int]] = {}
            for key, size in self._looked(bucket, prefix, have):
                digest, _, file = key.removeprefix(f"{prefix}/").partition("/")
                found.setdefault(digest, {})[file] = size
            for digest, files in sorted(found.items()):
                staged = self._staged.get(f"{root}/{digest}")
                if staged is None or _whole(staged, files):
                    yield f"{root}/{digest}"

    def _roots(self, have: Actual) -> set[str]:
        """
        Stores that the deployment's parts name, that its role may read, and our own.

        The role is made before a model is put: by it, models are found whose function
        was never made.
        """
        roles = (r.policy for r in have.resources if isinstance(r, Role))
        readable = {
            f"{SCHEME}{arn.partition(':::')[2].removesuffix('/*')}"
            for policy in filter(None, roles)
            for arn in _arns(policy)
            if ":s3:::" in arn and arn.endswith(f"/{have.name}/*")
        }
        return {*_named(have), *readable, f"{SCHEME}{self._own}/{have.name}"}

    @property
    def _own(self) -> str:
        place = self._access.place
        return bucket_of(place.account, place.region)

    def _looked(
        self, bucket: str, prefix: str, have: Actual
    ) -> Iterator[tuple[str, int]]:
        """
        Keys and sizes; none in a store that is not there.

        Nor in our own where we may not look and nothing names it: who may not look
        there could not put anything there either.
        """
        own = bucket == self._own
        try:
            yield from self._keys(bucket, prefix, own=own)
        except ClientError as error:
            unused = own and f"{SCHEME}{bucket}/{prefix}" not in _named(have)
            if not (status_of(error) == 404 or (unused and status_of(error) == 403)):
                raise

    def _keys(
        self, bucket: str, prefix: str, *, own: bool = False
    ) -> Iterator[tuple[str, int]]:
        """Keys and sizes [bytes]; of a bucket that is called as ours: if it is ours."""
        pages = self._client.get_paginator("list_objects_v2")
        owner = {"ExpectedBucketOwner": self._access.place.account} if own else {}
        for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/", **owner):
            for item in page.get("Contents", ()):
                yield item["Key"], item["Size"]


def _whole(bundle: Bundle, there: dict[str, int]) -> bool:
    return all(there.get(f.sha256) == f.bytes for f in bundle.manifest.files)


def _named(have: Actual) -> set[str]:
    """Stores of the models that the function or a version is made of."""
    parts = (have.function, *have.versions)
    urls = {part.settings.model_url for part in parts if part is not None}
    return {url.rpartition("/")[0] for url in urls - {""}}


def _arns(policy: str) -> Iterator[str]:
    for statement in json.loads(policy).get("Statement", ()):
        found = statement.get("Resource", ())
        yield from [found] if isinstance(found, str) else found


def _split(url: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://BUCKET/PREFIX`."""
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    return bucket, prefix
