"""Who may call an alias: statements of its own policy."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.functions import CONFLICT
from mlflow_serverless.aws.keeper import Found, all_of, unless_missing
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Permission, Resource

OURS = frozenset({"url", "url-invoke"})
"""Statements that we make; others, made by hand, are left alone."""


class Permissions:
    """
    Statements of aliases' policies.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`; of every alias."""
        keys = {r.name for r in wanted if isinstance(r, Permission)}
        aliases = all_of(self._client, "list_aliases", "Aliases", FunctionName=name)
        for qualifier in [alias["Name"] for alias in aliases]:
            for said in self.statements(name, qualifier):
                permission = _permission(said, qualifier)
                ours = permission.sid in OURS or permission.name in keys
                if ours:
                    yield Found(permission, name)

    def statements(self, name: str, qualifier: str) -> list[dict[str, Any]]:
        """All of one alias's policy, whoever made them; none of no alias."""
        if not qualifier:
            return []
        found = unless_missing(
            self._client.get_policy, FunctionName=name, Qualifier=qualifier
        )
        return list(json.loads(found["Policy"])["Statement"]) if found else []

    def put(self, name: str, resource: Permission) -> None:
        """See `keeper.Keeper`; a statement that differs is replaced."""
        there = {
            said["Sid"]: _permission(said, resource.qualifier)
            for said in self.statements(name, resource.qualifier)
        }
        if there.get(resource.sid) == resource:
            return
        if resource.sid in there:
            self.remove(name, resource)
        try:
            self._client.add_permission(FunctionName=name, **_said(resource))
        except ClientError as error:
            # By us, if the answer to an earlier try was lost on its way.
            if code_of(error) != CONFLICT:
                raise

    def remove(self, name: str, resource: Permission) -> None:
        """See `keeper.Keeper`."""
        unless_missing(
            self._client.remove_permission, FunctionName=name,
            Qualifier=resource.qualifier, StatementId=resource.sid,
        )  # fmt: skip


def _said(made: Permission) -> dict[str, Any]:
    optional = {
        "SourceArn": made.source_arn, "SourceAccount": made.source_account,
        "FunctionUrlAuthType": made.url_auth, "InvokedViaFunctionUrl": made.via_url,
    }  # fmt: skip
    return {
        "Qualifier": made.qualifier, "StatementId": made.sid, "Action": made.action,
        "Principal": made.principal, **{k: v for k, v in optional.items() if v},
    }  # fmt: skip


def _permission(said: dict[str, Any], qualifier: str) -> Permission:
    conditions: dict[str, Any] = {}
    for tests in said.get("Condition", {}).values():
        conditions |= {key.lower(): value for key, value in tests.items()}
    via = str(conditions.get("lambda:invokedviafunctionurl", "")).lower() == "true"
    return Permission(
        sid=said["Sid"],
        qualifier=qualifier,
        principal=_principal(said["Principal"]),
        action=said["Action"],
        source_arn=conditions.get("aws:sourcearn", ""),
        source_account=conditions.get("aws:sourceaccount", ""),
        url_auth=conditions.get("lambda:functionurlauthtype", ""),
        via_url=via,
    )


def _principal(said: str | dict[str, str]) -> str:
    """As AddPermission takes it: AWS writes an account as its root user."""
    if isinstance(said, str):
        return said
    (principal,) = said.values()
    is_root = principal.startswith("arn:") and principal.endswith(":root")
    return principal.split(":")[4] if is_root else principal
