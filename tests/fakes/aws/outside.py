"""What functions refer to: roles, keys and images, in moto's own books."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend

from tests.fakes.aws.rest import AwsError
from tests.fakes.aws.shelf import ACCOUNT, invalid

if TYPE_CHECKING:
    from tests.fakes.aws.registry import Registry

_LAMBDA = "lambda.amazonaws.com"


class Outside:
    """
    Looks things up for Lambda, which believes in them only after a while.

    Args:
        refusals: How many times a new role or key is not there yet.
        registry: Where images are really pushed, if they are.
    """

    def __init__(self, refusals: int = 2, registry: Registry | None = None) -> None:
        self._refusals, self._registry = refusals, registry
        self._asked: Counter[str] = Counter()

    def check_role(self, arn: str) -> None:
        """Refuse a role that is not there, not for Lambda, or too new."""
        roles = get_backend("iam")[ACCOUNT]["aws"].roles.values()
        role = next((role for role in roles if role.arn == arn), None)
        trust = json.dumps(role.assume_role_policy_document) if role else ""
        if role is None or _LAMBDA not in trust or self._too_new(role.id):
            raise invalid(
                "The role defined for the function cannot be assumed by Lambda."
            )

    def check_key(self, arn: str | None) -> None:
        """Refuse a key that is not there, or too new."""
        if not arn:
            return
        region = arn.split(":")[3]
        keys = get_backend("kms")[ACCOUNT][region].keys
        if arn.rpartition("/")[2] not in keys or self._too_new(arn):
            raise invalid(
                "Lambda was unable to configure access to your environment variables "
                "because the KMS key is invalid for CreateGrant. Please check your KMS "
                "key settings."
            )

    def image(self, uri: str, region: str) -> str:
        """Digest of the image at *uri*, in hex, if Lambda can get at it."""
        host, _, path = uri.partition("/")
        registry, place = host.split(".")[0], host.split(".")[3]
        if place != region:
            raise invalid(f"Source image {uri} is not in the same region")
        name, at, digest = path.partition("@")
        tag = "" if at else name.partition(":")[2]
        name = name.partition(":")[0]
        if self._registry is not None:
            self._registry.catch_up(name)
        found = self._repository(registry, region, name)
        image = found and _image(found, digest, tag)
        if not image:
            raise invalid(
                f"Source image {uri} does not exist. Provide a valid source image."
            )
        if _LAMBDA not in json.dumps(found.policy or ""):
            raise AwsError(
                403, "AccessDeniedException",
                "Lambda does not have permission to access the ECR image. "
                "Check the ECR permissions.",
            )  # fmt: skip
        return str(image.image_digest).removeprefix("sha256:")

    def _repository(self, registry: str, region: str, name: str) -> Any:
        return get_backend("ecr")[registry][region].repositories.get(name)

    def _too_new(self, what: str) -> bool:
        self._asked[what] += 1
        return self._asked[what] <= self._refusals


def _image(repository: Any, digest: str, tag: str) -> Any:
    return next(
        (
            image for image in repository.images
            if (digest and image.image_digest == digest)
            or (tag and tag in image.image_tags)
        ),
        None,
    )  # fmt: skip
