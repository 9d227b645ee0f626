"""Roles: what a function may do, in one inline policy."""

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
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Resource, Role, names

POLICY = "mlflow-serverless"
"""Name of the inline policy."""


class Roles:
    """
    IAM roles.

    Args:
        access: Whose.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("iam")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        region = self._access.place.region
        makes = names.role, names.control_role, names.schedule_role
        own = (make(name, region) for make in makes)
        for role, like in names_of(Role, own, wanted).items():
            found = self._there(role)
            if found is not None:
                yield self._found(found, like)

    def _there(self, role: str) -> dict[str, Any] | None:
        found = unless_missing(self._client.get_role, RoleName=role)
        return None if found is None else dict(found["Role"])

    def _found(self, found: dict[str, Any], like: Role | None) -> Found:
        tags = unlisted(found.get("Tags", ()))
        trust = canonical(found["AssumeRolePolicyDocument"], like.trust if like else "")
        role = Role(
            name=found["RoleName"],
            trust=trust,
            policy=self._policy(found["RoleName"], like.policy if like else ""),
            boundary=found.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn", ""
            ),
            description=found.get("Description", ""),
            tags=pairs(tags),
        )
        return Found(role, owner_of(tags))

    def _policy(self, role: str, like: str) -> str:
        found = unless_missing(
            self._client.get_role_policy, RoleName=role, PolicyName=POLICY
        )
        return canonical(found["PolicyDocument"], like) if found else ""

    def put(self, name: str, resource: Role) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`."""
        client, made, pace = self._client, resource, self._access.pace
        limit = {"PermissionsBoundary": made.boundary} if made.boundary else {}
        try:
            settled(
                client.create_role, pace, RoleName=made.name,
                AssumeRolePolicyDocument=made.trust, Description=made.description,
                Tags=listed(made.tags), **limit,
            )  # fmt: skip
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            self._change(made)
        settled(
            client.put_role_policy, pace,
            RoleName=made.name, PolicyName=POLICY, PolicyDocument=made.policy,
        )  # fmt: skip

    def _change(self, made: Role) -> None:
        client, there = self._client, self._there(made.name) or {}
        trust, name = there.get("AssumeRolePolicyDocument"), made.name
        if canonical(trust, made.trust) != made.trust:
            client.update_assume_role_policy(RoleName=name, PolicyDocument=made.trust)
        if there.get("Description", "") != made.description:
            client.update_role(RoleName=name, Description=made.description)
        self._bound(made, bounded="PermissionsBoundary" in there)
        tags = unlisted(there.get("Tags", ()))
        if old := sorted(set(tags) - set(dict(made.tags))):
            client.untag_role(RoleName=name, TagKeys=old)
        if pairs(tags) != made.tags and made.tags:
            client.tag_role(RoleName=name, Tags=listed(made.tags))

    def _bound(self, made: Role, *, bounded: bool) -> None:
        if made.boundary:
            self._client.put_role_permissions_boundary(
                RoleName=made.name, PermissionsBoundary=made.boundary
            )
        elif bounded:
            self._client.delete_role_permissions_boundary(RoleName=made.name)

    def remove(self, name: str, resource: Role) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with its inline policies, the only ones it has of us."""
        client, role = self._client, resource.name
        try:
            for policy in client.list_role_policies(RoleName=role)["PolicyNames"]:
                client.delete_role_policy(RoleName=role, PolicyName=policy)
            settled(client.delete_role, self._access.pace, RoleName=role)
        except ClientError as error:
            if not missing(error):
                raise
