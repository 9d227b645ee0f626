"""What a look before acting has found."""

from dataclasses import dataclass
from enum import Enum


class Weight(Enum):
    """What a finding means for the deployment."""

    REFUSED = "refused"
    """Nothing is built or changed."""
    ALLOWED = "allowed"
    """It would be refused, were it not allowed by name."""
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One of them."""

    code: str
    """Kebab-case, to search for, and to allow by."""
    weight: Weight
    what: str
    """What is so, with the numbers."""
    fix: str = ""
    """What to type."""

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.weight.value}: {self.what}{fix} [{self.code}]"
