"""What Terraform configurations in JSON are made of.

Every string there is a template in which `${` and `%{` begin something, so text is
escaped as it is written, and only a `Link` is written as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAKE_SHARED = "make_shared"
"""Variable: whether this configuration makes what several deployments share."""


@dataclass(frozen=True, slots=True)
class Link:
    """An expression, or text with expressions in it."""

    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One resource of a configuration."""

    type: str
    """With `aws_`."""
    label: str
    arguments: Mapping[str, Any]
    """Those that are None are left out."""
    needs: tuple[str, ...] = ()
    """Addresses of blocks that no argument mentions."""
    shared: bool = False
    kept: bool = False
    """Whether Terraform refuses to destroy it."""

    @property
    def address(self) -> str:
        """What it is referred to by: `aws_iam_role.role`."""
        return f"{self.type}.{self.label}"

    def plain(self) -> dict[str, Any]:
        """As JSON, escaped."""
        given = {k: v for k, v in self.arguments.items() if v is not None}
        said: dict[str, Any] = {"count": Link(f"${{var.{MAKE_SHARED} ? 1 : 0}}")}
        if not self.shared:
            said = {}
        if self.needs:
            said["depends_on"] = list(self.needs)
        if self.kept:
            said["lifecycle"] = {"prevent_destroy": True}
        written: dict[str, Any] = escaped({**said, **given})
        return written


def link(address: str, attribute: str = "id") -> Link:
    """An attribute of the block at *address*."""
    return Link(f"${{{address}.{attribute}}}")


def escaped(value: Any) -> Any:
    """*value* so that Terraform reads its text literally, and its links."""
    match value:
        case Link():
            return value.text
        case str():
            return re.sub(r"([$%])\{", r"\1\1{", value)
        case Mapping():
            return {key: escaped(inner) for key, inner in value.items()}
        case Sequence():
            return [escaped(inner) for inner in value]
        case _:
            return value


_NAMES = {
    "TimeoutInMillis": "timeout_milliseconds",
    "IdentitySource": "identity_sources",
    "FileSystemConfigs": "file_system_config",
}
"""Where Terraform's name of a parameter is not simply AWS's in small letters."""

_AS_THEY_ARE = frozenset({"Variables"})
"""Mappings whose keys are the user's."""


def snaked(said: Mapping[str, Any]) -> dict[str, Any]:
    """A call's parameters as Terraform calls them."""
    return {_snake(key): _inner(key, value) for key, value in said.items()}


def _inner(key: str, value: Any) -> Any:
    match value:
        case Mapping() if key not in _AS_THEY_ARE:
            return snaked(value)
        case list():
            return [_inner(key, item) for item in value]
        case _:
            return value


def _snake(key: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key)
    return _NAMES.get(key, words.lower())
