"""Models in S3: each file under its digest, as the runtime looks for it."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import status_of
from mlflow_serverless.aws.session import Access
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan.errors import ArtifactMissingError

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
        for key in list(self._keys(bucket, prefix)):
            self._client.delete_object(Bucket=bucket, Key=key)

    def kept(self, name: str, urls: frozenset[str]) -> Iterator[str]:
        """
        Where files are kept for deployment *name*.

        Args:
            name: The deployment's.
            urls: Any of its models', to know the stores from.
        """
        for root in sorted({url.rpartition("/")[0] for url in urls}):
            bucket, prefix = _split(root)
            if prefix.rpartition("/")[2] != name:
                continue  # not laid out by us
            keys = self._keys(bucket, prefix)
            digests = {key.removeprefix(f"{prefix}/").partition("/")[0] for key in keys}
            yield from (f"{root}/{digest}" for digest in sorted(digests))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/"):
            yield from (item["Key"] for item in page.get("Contents", ()))


def _split(url: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://BUCKET/PREFIX`."""
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    return bucket, prefix
