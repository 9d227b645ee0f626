"""How a registry is told who asks."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password; for ECR `AWS` and the decoded authorization token."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that the registry takes as it is."""

    token: str = field(repr=False)


Login = Callable[[], Basic | Bearer | None]
"""Asked once before the first request, and again when a registry refuses: tokens age.
None is nobody: registries that all may read from."""


def anonymous() -> None:
    """Nobody's login."""
    return
