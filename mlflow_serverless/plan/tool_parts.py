"""What stands around functions that serve no model: a deployment never has these."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value drawn at random that no plan holds (Secrets Manager)."""

    kind: ClassVar = "secret"
    name: str
    kms_key: str = ""
    """ARN; empty for the account's own."""
    description: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    Items by one text key, each of which ends at a time of its own (DynamoDB).

    Encrypted by the service's own key: whoever may put items would need rights on any
    other, and what is kept here is no secret.
    """

    kind: ClassVar = "table"
    name: str
    key: str = "id"
    """The attribute that an item is found by."""
    until: str = "until"
    """The attribute that holds when an item ends [Unix time, s]."""
    tags: tuple[tuple[str, str], ...] = ()


ToolPart = Secret | Table
