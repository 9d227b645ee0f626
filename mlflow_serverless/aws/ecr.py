"""Image repositories: made safe, logged in to, and what is in them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.keeper import (
    Found,
    canonical,
    listed,
    missing,
    names_of,
    owner_of,
    pairs,
    unlisted,
)
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.build import Basic, Login, Reference
from mlflow_serverless.plan import Repository, Resource, names

_GONE = "RepositoryNotFoundException"
_EXPIRE = "images without a tag go"


class Repositories:
    """
    The registry's repositories.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("ecr")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        asked = names_of(Repository, (names.repository(name),), wanted)
        for repository, like in asked.items():
            found = self._there(repository)
            if found is not None:
                yield self._found(found, like)

    def _there(self, repository: str) -> dict[str, Any] | None:
        try:
            answer = self._client.describe_repositories(repositoryNames=[repository])
        except ClientError as error:
            if missing(error, _GONE):
                return None
            raise
        found: dict[str, Any] = answer["repositories"][0]
        return found

    def _found(self, found: dict[str, Any], like: Repository | None) -> Found:
        name, arn = found["repositoryName"], found["repositoryArn"]
        answer = self._client.list_tags_for_resource(resourceArn=arn)
        tags = unlisted(answer["tags"])
        encryption = found.get("encryptionConfiguration", {})
        scanning = found.get("imageScanningConfiguration", {})
        repository = Repository(
            name=name,
            scan_on_push=bool(scanning.get("scanOnPush")),
            immutable=found.get("imageTagMutability") == "IMMUTABLE",
            kms_key=encryption.get("kmsKey", ""),
            untagged_days=self._untagged_days(name),
            policy=self._policy(name, like.policy if like else ""),
            shared=owner_of(tags) == names.SHARED,
            tags=pairs(tags),
        )
        return Found(repository, owner_of(tags))

    def _policy(self, name: str, like: str) -> str:
        try:
            found = self._client.get_repository_policy(repositoryName=name)
        except ClientError as error:
            if missing(error, "RepositoryPolicyNotFoundException", _GONE):
                return ""
            raise
        return canonical(json.loads(found["policyText"]), like)

    def _untagged_days(self, name: str) -> int | None:
        try:
            found = self._client.get_lifecycle_policy(repositoryName=name)
        except ClientError as error:
            if missing(error, "LifecyclePolicyNotFoundException", _GONE):
                return None
            raise
        for rule in json.loads(found["lifecyclePolicyText"])["rules"]:
            if rule["selection"]["tagStatus"] == "untagged":
                return int(rule["selection"]["countNumber"])
        return None

    def put(self, name: str, resource: Repository) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`; encryption is for ever, the rest is made so."""
        client, made = self._client, resource
        try:
            client.create_repository(
                repositoryName=made.name, tags=listed(made.tags),
                imageTagMutability=_mutability(made),
                imageScanningConfiguration={"scanOnPush": made.scan_on_push},
                encryptionConfiguration=_encryption(made),
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != "RepositoryAlreadyExistsException":
                raise
            self._change(made)
        if made.policy:
            settled(
                client.set_repository_policy, self._access.pace,
                repositoryName=made.name, policyText=made.policy,
            )  # fmt: skip
        self._expire(made)

    def _change(self, made: Repository) -> None:
        client = self._client
        client.put_image_tag_mutability(
            repositoryName=made.name, imageTagMutability=_mutability(made)
        )
        client.put_image_scanning_configuration(
            repositoryName=made.name,
            imageScanningConfiguration={"scanOnPush": made.scan_on_push},
        )
        found = self._there(made.name)
        if found is not None:
            arn = found["repositoryArn"]
            there = unlisted(client.list_tags_for_resource(resourceArn=arn)["tags"])
            client.tag_resource(resourceArn=arn, tags=listed(made.tags))
            if old := sorted(set(there) - set(dict(made.tags))):
                client.untag_resource(resourceArn=arn, tagKeys=old)

    def _expire(self, made: Repository) -> None:
        client = self._client
        if made.untagged_days is not None:
            client.put_lifecycle_policy(
                repositoryName=made.name, lifecyclePolicyText=_lifecycle(made)
            )
            return
        try:
            client.delete_lifecycle_policy(repositoryName=made.name)
        except ClientError as error:
            if not missing(error, "LifecyclePolicyNotFoundException"):
                raise

    def remove(self, name: str, resource: Repository) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with every image in it, as all of them are ours."""
        try:
            self._client.delete_repository(repositoryName=resource.name, force=True)
        except ClientError as error:
            if not missing(error, _GONE):
                raise

    def login(self, account: str) -> tuple[str, Login]:
        """
        Host and login of *account*'s registry; a token lasts twelve hours.

        The host is the one that ECR names, as for every tool that logs in; addresses
        of images always have the registry's own name.
        """
        other = account != self._access.place.account
        asked = {"registryIds": [account]} if other else {}
        found = self._client.get_authorization_token(**asked)["authorizationData"][0]
        host = found["proxyEndpoint"].partition("://")[2].rstrip("/")
        first = [_basic(found)]

        def login() -> Basic:
            if first:
                return first.pop()
            again = self._client.get_authorization_token(**asked)
            return _basic(again["authorizationData"][0])

        return host, login

    def images(self, repository: str, account: str) -> Iterator[dict[str, Any]]:
        """Every image with its digest and tags; none if there is no repository."""
        pages = self._client.get_paginator("describe_images")
        try:
            for page in pages.paginate(repositoryName=repository, registryId=account):
                yield from page["imageDetails"]
        except ClientError as error:
            if not missing(error, _GONE):
                raise

    def manifest(self, place: Reference, account: str) -> dict[str, Any] | None:
        """An image's manifest and media type; None if it is not there."""
        try:
            found = self._client.batch_get_image(
                registryId=account, repositoryName=place.repository,
                imageIds=[{"imageDigest": place.digest}],
            )  # fmt: skip
        except ClientError as error:
            if missing(error, _GONE):
                return None
            raise
        return next(iter(found.get("images", ())), None)

    def tag(self, place: Reference, account: str, tag: str) -> None:
        """Give an image that is there a further name; nothing if it has it."""
        found = self.manifest(place, account)
        if found is None or found["imageId"].get("imageTag") == tag:
            return
        try:
            self._client.put_image(
                registryId=account, repositoryName=place.repository, imageTag=tag,
                imageManifest=found["imageManifest"], imageDigest=place.digest,
                imageManifestMediaType=found["imageManifestMediaType"],
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != "ImageAlreadyExistsException":
                raise

    def untag(self, place: Reference, account: str, tag: str) -> None:
        """Take a name away; ECR removes the image with its last one."""
        try:
            self._client.batch_delete_image(
                registryId=account, repositoryName=place.repository,
                imageIds=[{"imageTag": tag}],
            )  # fmt: skip
        except ClientError as error:
            if not missing(error, _GONE):
                raise


def _basic(found: dict[str, Any]) -> Basic:
    user, _, password = (
        base64.b64decode(found["authorizationToken"]).decode().partition(":")
    )
    return Basic(user, password)


def _mutability(made: Repository) -> str:
    return "IMMUTABLE" if made.immutable else "MUTABLE"


def _encryption(made: Repository) -> dict[str, str]:
    if made.kms_key:
        return {"encryptionType": "KMS", "kmsKey": made.kms_key}
    return {"encryptionType": "AES256"}


def _lifecycle(made: Repository) -> str:
    selection = {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
        "countNumber": made.untagged_days,
    }  # fmt: skip
    rule = {
        "rulePriority": 1, "description": _EXPIRE, "selection": selection,
        "action": {"type": "expire"},
    }  # fmt: skip
    return json.dumps({"rules": [rule]})
