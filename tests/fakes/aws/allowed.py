"""What roles may do, as their policies say: for those that act as one here.

Only what the policies of this package use is understood: actions and resources with
`*`, and equality of the conditions of a trust policy.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from moto.backends import get_backend

from tests.fakes.aws.shelf import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fakes.aws.faults import Call


class Roles:
    """Roles in moto's books."""

    def trust(self, arn: str) -> dict[str, Any] | None:
        """Who may assume the role; None if there is none."""
        role = _role(arn)
        return None if role is None else _plain(role.assume_role_policy_document)

    def may(self, arn: str, action: str, resource: str) -> bool:
        """Whether the role *arn* may do *action* with *resource*."""
        role = _role(arn)
        documents = role.policies.values() if role else ()
        said = [s for document in documents for s in _plain(document)["Statement"]]
        fits = [s for s in said if _fits(s, action, resource)]
        return any(s["Effect"] == "Allow" for s in fits) and not any(
            s["Effect"] == "Deny" for s in fits
        )


def _role(arn: str) -> Any:
    roles = get_backend("iam")[ACCOUNT]["aws"].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def _plain(document: Any) -> dict[str, Any]:
    found: dict[str, Any] = (
        json.loads(unquote(document)) if isinstance(document, str) else document
    )
    return found


def _fits(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions = any(fnmatchcase(action, a) for a in statement["Action"])
    return actions and any(fnmatchcase(resource, r) for r in statement["Resource"])


def trusted(document: Mapping[str, Any], service: str) -> dict[str, Any] | None:
    """The statement that lets *service* assume a role."""
    return next(
        (
            statement
            for statement in document["Statement"]
            if service in _listed(statement.get("Principal", {}).get("Service", ()))
        ),
        None,
    )


def conditions_of(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What must be equal to what."""
    for kind, pairs in statement.get("Condition", {}).items():
        if kind != "StringEquals":
            raise NotImplementedError(kind)
        for key, values in pairs.items():
            (value,) = _listed(values)
            yield key, value


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def resource_of(call: Call, environ: Mapping[str, Any], body: bytes) -> str:
    """ARN of what a request is about; `*` where it is about nothing in particular."""
    region = f"us-east-1:{ACCOUNT}"
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    match call.service:
        case "lambda":
            parts = unquote(path).split("/functions/")[-1].split("/")
            name = parts[0].rpartition("function:")[2]
            qualifier = query.get("Qualifier", [""])[0]
            qualified = f"{name}:{qualifier}" if qualifier else name
            return f"arn:aws:lambda:{region}:function:{qualified}"
        case "logs":
            group = json.loads(body)["logGroupName"]
            return f"arn:aws:logs:{region}:log-group:{group}"
        case "scheduler":
            group = query.get("groupName", ["default"])[0]
            name = path.rpartition("/")[2]
            return f"arn:aws:scheduler:{region}:schedule/{group}/{name}"
        case _:
            return "*"
