"""The root of everything raised on purpose.

An error says what happened, with the numbers; what to type next (`hint`); and carries
a stable kebab-case `code` to search for. Each room keeps its own errors in its
`errors.py`; the wording lives in the class, not at the `raise`. `kind` is what the
doors translate: to MLflow's error codes in `plugin`, to exit codes in `cli`.
"""

from enum import Enum


class Kind(Enum):
    """Whose move it is after an error."""

    BAD_INPUT = "bad-input"
    """The caller must change what was asked."""
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    """It exists already, or somebody else moved it."""
    REFUSED = "refused"
    """Asked properly, and declined with evidence: parity, audit, preflight."""
    DENIED = "denied"
    """Credentials or permissions."""
    UNAVAILABLE = "unavailable"
    """Try again later."""
    UNSUPPORTED = "unsupported"
    INTERNAL = "internal"


class ServerlessError(Exception):
    """
    What happened, what to do, and a code to search for.

    Args:
        message: One or more sentences with the numbers.
        hint: What to type or change next; empty if nothing helps.
    """

    code = "internal"
    kind = Kind.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{self.message}{hint} [{self.code}]"
