"""Image repositories: made safe, logged in to, and what is in them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.keeper import (
    Found,
    all_of,
    canonical,
    listed,
    names_of,
    owner_of,
    pairs,
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.build import Basic, Login, Reference
from mlflow_serverless.plan import Repository, Resource, names

_GONE = "RepositoryNotFoundException"
_NO_POLICY = "RepositoryPolicyNotFoundException"
_NO_LIFECYCLE = "LifecyclePolicyNotFoundException"
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
        answer = unless_missing(
            self._client.describe_repositories, _GONE, repositoryNames=[repository]
        )
        return None if answer is None else dict(answer["repositories"][0])

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
        found = unless_missing(
            self._client.get_repository_policy, _NO_POLICY, _GONE, repositoryName=name
        )
        return canonical(json.loads(found["policyText"]), like) if found else ""

    def _untagged_days(self, name: str) -> int | None:
        found = unless_missing(
            self._client.get_lifecycle_policy, _NO_LIFECYCLE, _GONE,
            repositoryName=name,
        )  # fmt: skip
        rules = json.loads(found["lifecyclePolicyText"])["rules"] if found else ()
        for rule in rules:
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
        unless_missing(
            client.delete_lifecycle_policy, _NO_LIFECYCLE, repositoryName=made.name
        )

    def remove(self, name: str, resource: Repository) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with every image in it, as all of them are ours."""
        unless_missing(
            self._client.delete_repository, _GONE,
            repositoryName=resource.name, force=True,
        )  # fmt: skip

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

    def images(self, repository: str, account: str) -> list[dict[str, Any]]:
        """Every image with its digest and tags; none if there is no repository."""
        return all_of(
            self._client, "describe_images", "imageDetails", _GONE,
            repositoryName=repository, registryId=account,
        )  # fmt: skip

    def manifest(self, place: Reference, account: str) -> dict[str, Any] | None:
        """An image's manifest and media type; None if it is not there."""
        found = unless_missing(
            self._client.batch_get_image, _GONE,
            registryId=account, repositoryName=place.repository,
            imageIds=[{"imageDigest": place.digest}],
        )  # fmt: skip
        return next(iter((found or {}).get("images", ())), None)

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
        unless_missing(
            self._client.batch_delete_image, _GONE,
            registryId=account, repositoryName=place.repository,
            imageIds=[{"imageTag": tag}],
        )  # fmt: skip


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
