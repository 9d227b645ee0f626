"""What hangs on functions: permissions, URLs, tags, concurrency."""

# ruff: noqa: N803 - parameters have AWS's own names

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from tests.fakes.aws.rest import AwsError
from tests.fakes.aws.shelf import (
    LATEST,
    Made,
    Shelf,
    check_revision,
    conflict,
    invalid,
    not_found,
    now,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CONCURRENCY = 1000
UNRESERVED = 100


class Edges:
    """
    Operations on what belongs to a function or to one of its qualifiers.

    Args:
        shelf: Where functions are kept.
        url: From a function's ARN, qualified, to the URL that leads to it.
    """

    def __init__(self, shelf: Shelf, url: Callable[[str], str]) -> None:
        self._shelf, self._url = shelf, url

    # Permissions.

    def add_permission(self, FunctionName: str, **given: Any) -> dict[str, Any]:
        made, qualifier = self._at(FunctionName, given.pop("Qualifier", None))
        policy = made.policies.setdefault(qualifier, {})
        check_revision(given.pop("RevisionId", None), _revision(policy))
        sid = given["StatementId"]
        if sid in policy:
            raise conflict(
                f"The statement id ({sid}) provided already exists. Please provide a "
                "new statement id, or remove the existing statement."
            )
        policy[sid] = _statement(_arn(made, qualifier), given)
        return {"Statement": json.dumps(policy[sid])}

    def remove_permission(
        self,
        FunctionName: str,
        StatementId: str,
        Qualifier: str | None = None,
        RevisionId: str | None = None,
    ) -> None:
        made, qualifier = self._at(FunctionName, Qualifier)
        policy = made.policies.get(qualifier, {})
        check_revision(RevisionId, _revision(policy))
        if StatementId not in policy:
            raise AwsError(
                404, "ResourceNotFoundException",
                f"Statement {StatementId} is not found in resource policy.",
            )  # fmt: skip
        del policy[StatementId]

    def get_policy(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> dict[str, Any]:
        made, qualifier = self._at(FunctionName, Qualifier)
        policy = made.policies.get(qualifier)
        if not policy:
            raise AwsError(
                404, "ResourceNotFoundException",
                "The resource you requested does not exist.",
            )  # fmt: skip
        said = {
            "Version": "2012-10-17",
            "Id": "default",
            "Statement": [*policy.values()],
        }
        return {"Policy": json.dumps(said), "RevisionId": _revision(policy)}

    # URLs.

    def create_function_url_config(self, FunctionName: str, **given: Any) -> Any:
        made, qualifier = self._at(FunctionName, given.pop("Qualifier", None))
        if qualifier.isdigit() or qualifier == LATEST:
            raise invalid("a function URL belongs to the function or to an alias")
        if qualifier in made.urls:
            raise conflict(f"Function URL config exists: {_arn(made, qualifier)}")
        arn, at = _arn(made, qualifier), now()
        made.urls[qualifier] = {
            "FunctionUrl": self._url(arn), "FunctionArn": arn, "CreationTime": at,
            "InvokeMode": "BUFFERED", "LastModifiedTime": at, **given,
        }  # fmt: skip
        return _url_shown(made.urls[qualifier], new=True)

    def get_function_url_config(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> dict[str, Any]:
        return dict(self._url_at(FunctionName, Qualifier)[2])

    def update_function_url_config(self, FunctionName: str, **given: Any) -> Any:
        _, _, url = self._url_at(FunctionName, given.pop("Qualifier", None))
        url.update(given, LastModifiedTime=now())
        return dict(url)

    def delete_function_url_config(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> None:
        made, qualifier, _ = self._url_at(FunctionName, Qualifier)
        del made.urls[qualifier]

    def list_function_url_configs(self, FunctionName: str, **_: Any) -> Any:
        made = self._shelf.find(FunctionName)
        return {"FunctionUrlConfigs": [dict(url) for url in made.urls.values()]}

    def _url_at(
        self, named: str, qualifier: str | None
    ) -> tuple[Made, str, dict[str, Any]]:
        made, qualifier = self._at(named, qualifier)
        if qualifier not in made.urls:
            raise AwsError(
                404, "ResourceNotFoundException",
                "The resource you requested does not exist.",
            )  # fmt: skip
        return made, qualifier, made.urls[qualifier]

    # Concurrency.

    def put_function_concurrency(
        self, FunctionName: str, ReservedConcurrentExecutions: int
    ) -> dict[str, Any]:
        made, count = self._shelf.find(FunctionName), ReservedConcurrentExecutions
        others = sum(
            other.concurrency or 0
            for other in self._shelf.functions.values() if other is not made
        )  # fmt: skip
        if count > CONCURRENCY - UNRESERVED - others:
            raise invalid(
                "Specified ReservedConcurrentExecutions for function decreases "
                "account's UnreservedConcurrentExecution below its minimum value "
                f"of [{UNRESERVED}]."
            )
        made.concurrency = count
        return {"ReservedConcurrentExecutions": count}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, Any]:
        count = self._shelf.find(FunctionName).concurrency
        return {} if count is None else {"ReservedConcurrentExecutions": count}

    def delete_function_concurrency(self, FunctionName: str) -> None:
        self._shelf.find(FunctionName).concurrency = None

    def put_provisioned_concurrency_config(
        self, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int
    ) -> dict[str, Any]:
        made, count = self._shelf.find(FunctionName), ProvisionedConcurrentExecutions
        frozen = made.at(Qualifier)
        if Qualifier == LATEST:
            raise invalid("Provisioned Concurrency is not supported on $LATEST")
        alias = made.aliases.get(Qualifier)
        if alias and alias["RoutingConfig"]["AdditionalVersionWeights"]:
            raise invalid(
                "Alias with weights can not be used with Provisioned Concurrency"
            )
        for name, other in made.aliases.items():
            both = {name, other["FunctionVersion"]}
            if Qualifier in both and set(made.provisioned) & (both - {Qualifier}):
                raise invalid(
                    "Provisioned Concurrency is configured already for the version, or "
                    "for an alias that points at it"
                )
        if frozen.config["SnapStart"]["ApplyOn"] != "None":
            raise invalid("SnapStart is not supported with provisioned concurrency")
        if made.concurrency is not None and count > made.concurrency:
            raise invalid("exceeds the function's reserved concurrency")
        made.provisioned[Qualifier] = (count, self._shelf.settling())
        return self._warm(made, Qualifier)

    def get_provisioned_concurrency_config(
        self, FunctionName: str, Qualifier: str
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        if Qualifier not in made.provisioned:
            raise AwsError(
                404, "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
            )  # fmt: skip
        return self._warm(made, Qualifier)

    def delete_provisioned_concurrency_config(
        self, FunctionName: str, Qualifier: str
    ) -> None:
        self._shelf.find(FunctionName).provisioned.pop(Qualifier, None)

    def list_provisioned_concurrency_configs(self, FunctionName: str, **_: Any) -> Any:
        made = self._shelf.find(FunctionName)
        found = [
            {"FunctionArn": f"{made.arn}:{where}", **self._warm(made, where)}
            for where in made.provisioned
        ]
        return {"ProvisionedConcurrencyConfigs": found}

    def _warm(self, made: Made, qualifier: str) -> dict[str, Any]:
        count, settling = made.provisioned[qualifier]
        found: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": count, "LastModified": now()
        }  # fmt: skip
        if not settling.over:
            return {**found, "Status": "IN_PROGRESS"}
        if settling.failure:
            return {**found, "Status": "FAILED", "StatusReason": settling.failure[1]}
        there = {
            "AllocatedProvisionedConcurrentExecutions": count,
            "AvailableProvisionedConcurrentExecutions": count,
        }
        return {**found, **there, "Status": "READY"}

    def get_account_settings(self) -> dict[str, Any]:
        functions = self._shelf.functions.values()
        left = CONCURRENCY - sum(made.concurrency or 0 for made in functions)
        return {
            "AccountLimit": {
                "ConcurrentExecutions": CONCURRENCY, "TotalCodeSize": 80_530_636_800,
                "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800,
                "UnreservedConcurrentExecutions": left,
            },
            "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": len(functions)},
        }  # fmt: skip

    # Tags.

    def list_tags(self, Resource: str) -> dict[str, Any]:
        return {"Tags": self._shelf.find(Resource).tags}

    def tag_resource(self, Resource: str, Tags: dict[str, str]) -> None:
        tags = self._shelf.find(Resource).tags
        if len(tags | Tags) > 50:
            raise invalid("more than 50 tags")
        tags.update(Tags)

    def untag_resource(self, Resource: str, TagKeys: list[str]) -> None:
        tags = self._shelf.find(Resource).tags
        for key in TagKeys:
            tags.pop(key, None)

    def _at(self, named: str, qualifier: str | None) -> tuple[Made, str]:
        made = self._shelf.find(named)
        qualifier = qualifier or split(named)[1] or ""
        if qualifier:
            made.at(qualifier)
        if qualifier and qualifier not in {*made.aliases, *made.versions, LATEST}:
            raise not_found(_arn(made, qualifier))
        return made, qualifier


def _arn(made: Made, qualifier: str) -> str:
    return f"{made.arn}:{qualifier}" if qualifier else made.arn


def _revision(policy: dict[str, Any]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(policy, sort_keys=True)))


def _statement(arn: str, given: dict[str, Any]) -> dict[str, Any]:
    """A resource policy's statement, as AddPermission writes it."""
    principal = given["Principal"]
    service = principal.endswith(".amazonaws.com")
    said = {
        "Sid": given["StatementId"], "Effect": "Allow", "Action": given["Action"],
        "Principal": {"Service" if service else "AWS": principal}, "Resource": arn,
    }  # fmt: skip
    if principal == "*":
        said["Principal"] = "*"
    conditions: dict[str, dict[str, Any]] = {}
    for key, kind, name in (
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ):
        if key in given:
            conditions.setdefault(kind, {})[name] = str(given[key])
    return {**said, "Condition": conditions} if conditions else said


def _url_shown(url: dict[str, Any], *, new: bool) -> dict[str, Any]:
    return {k: v for k, v in url.items() if not (new and k == "LastModifiedTime")}
