"""IAM policies as canonical text, so that two that say the same compare equal."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Conditions = Mapping[str, Mapping[str, str | tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of a policy."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    """ARNs; () where a policy is attached to the one that it is about."""
    effect: str = "Allow"
    service: str = ""
    """The service that it is about: `lambda.amazonaws.com`."""
    arn: str = ""
    """The role or user that it is about."""
    everybody: bool = False
    """Whether it is about everybody."""
    conditions: Conditions = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As IAM writes it."""
        said: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": list(self.actions),
        }
        if self.resources:
            said["Resource"] = list(self.resources)
        if self.service:
            said["Principal"] = {"Service": self.service}
        if self.arn:
            said["Principal"] = {"AWS": self.arn}
        if self.everybody:
            said["Principal"] = "*"
        if self.conditions:
            said["Condition"] = self.conditions
        return said


def document(statements: Iterable[Statement]) -> str:
    """The policy of these statements."""
    said = [statement.plain() for statement in statements]
    return canonical(json.dumps({"Version": "2012-10-17", "Statement": said}))


def canonical(text: str) -> str:
    """
    A policy in one form, however it was written: keys sorted, lists where lists may be.

    Raises:
        ValueError: It is no JSON.
    """
    return json.dumps(_normal(json.loads(text)), sort_keys=True, separators=(",", ":"))


_ORDER = (
    "Version", "Statement", "Sid", "Effect", "Principal", "Action", "Resource",
    "Condition",
)  # fmt: skip
"""As AWS's own documentation writes policies."""


def pretty(text: str) -> str:
    """A policy to read, and to paste."""
    return json.dumps(_ordered(json.loads(text)), indent=2)


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda k: (_ORDER.index(k) if k in _ORDER else 99, k))
    return {key: _ordered(value[key]) for key in keys}


def statements(text: str) -> Iterator[dict[str, Any]]:
    """Those of a policy, in canonical form; none of an empty text."""
    if text:
        yield from json.loads(canonical(text)).get("Statement", [])


_LISTS = {
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Statement",
    "Service",
    "AWS",
}


def _normal(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {
            name: _normal(_alone(inner, name), name) for name, inner in value.items()
        }
    if isinstance(value, list):
        items = [_normal(inner) for inner in value]
        return items if key == "Statement" else sorted(items, key=json.dumps)
    return [value] if key in _LISTS and isinstance(value, str) else value


def _alone(value: Any, key: str) -> Any:
    return [value] if key == "Statement" and isinstance(value, dict) else value
