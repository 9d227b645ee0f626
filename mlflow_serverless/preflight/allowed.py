"""Whether a resource's policy lets somebody do something, as far as can be told."""

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

_COMPARES = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


def listed(value: Any) -> list[Any]:
    """A policy's value as a list, which it may be or not."""
    return value if isinstance(value, list) else [value]


def lacking(
    policy: str, who: frozenset[str], actions: Iterable[str], **context: str
) -> tuple[str, ...]:
    """
    Those of *actions* that *policy* does not let *who* do.

    Conditions are held against *context*; one on anything else is taken to be met
    where it allows and not to be met where it denies: what is not known is not held
    against a deployment.

    Args:
        policy: JSON; empty allows nothing.
        who: All that it may call them: a service, an account's root, a role's ARN.
        actions: As IAM names them: `kms:Decrypt`.
        context: Condition keys in small letters, `:` and `-` written as `_`.
    """
    said = [
        one
        for one in listed(json.loads(policy)["Statement"] if policy else [])
        if _about(one.get("Principal", {}), who)
    ]
    return tuple(action for action in actions if not _may(said, action, context))


def _may(said: Iterable[Any], action: str, context: Mapping[str, str]) -> bool:
    about = [one for one in said if _names(one, action)]
    denied = any(
        one["Effect"] == "Deny" and _met(one, context, otherwise=False) for one in about
    )
    return not denied and any(
        one["Effect"] == "Allow" and _met(one, context, otherwise=True) for one in about
    )


def _about(principal: Any, who: frozenset[str]) -> bool:
    if principal == "*":
        return True
    named = (name for names in principal.values() for name in listed(names))
    return bool({*named} & {*who, "*"})


def _names(one: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in one:
        return not any(_like(action, each) for each in listed(one["NotAction"]))
    return any(_like(action, each) for each in listed(one.get("Action", [])))


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def _met(
    one: Mapping[str, Any], context: Mapping[str, str], *, otherwise: bool
) -> bool:
    """Whether all conditions are met; *otherwise* for those that cannot be told."""
    for operator, keys in one.get("Condition", {}).items():
        plain = operator.rpartition(":")[2].removesuffix("IfExists")
        for key, patterns in keys.items():
            known = context.get(key.lower().replace(":", "_").replace("-", "_"))
            if known is None or plain not in _COMPARES:
                if not otherwise:
                    return False
            elif not any(_like(known, pattern) for pattern in listed(patterns)):
                return False
    return True
