"""What S3 does and moto does not: a bucket has its tags from the start."""

from __future__ import annotations

from typing import Any

import xmltodict
from moto.backends import get_backend

from tests.fakes.aws.shelf import ACCOUNT


def tag_new_bucket(path: str, body: bytes) -> None:
    """Give the bucket that a CreateBucket has made the tags that it asked for."""
    said: dict[str, Any] = xmltodict.parse(body) if body else {}
    asked = (said.get("CreateBucketConfiguration") or {}).get("Tags")
    if not asked:
        return
    tags = asked["Tag"] if isinstance(asked["Tag"], list) else [asked["Tag"]]
    name = path.strip("/").partition("/")[0]
    named = {tag["Key"]: tag["Value"] for tag in tags}
    get_backend("s3")[ACCOUNT]["aws"].put_bucket_tagging(name, named)
