"""One row of the table, as it is kept and compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tests.breadth.case import Case

RANKS = ("silently wrong", "bug", "refused", "native", "untrainable", "exact")
"""Verdicts from the worst on; `untrainable` stands apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one model asked through one method."""

    group: str
    name: str
    method: str
    verdict: str
    why: str = ""
    """Why it was refused; the evidence, where it is wrong."""
    recipes: tuple[str, ...] = ()
    rows: int = 0
    """Rows that the gate compared."""
    error: float = 0.0
    """Largest absolute error the gate saw."""
    ties: int = 0
    """Labels that differ where the model's own scores are level."""
    other_rows: int = 0
    """Rows of the independent check."""
    other_error: float = 0.0
    """Largest relative error it saw."""
    other_wrong: int = 0

    @classmethod
    def of(
        cls,
        case: Case,
        method: str,
        verdict: str,
        *,
        recipes: Sequence[str] = (),
        **known: object,
    ) -> Self:
        """The row of *case* asked through *method*."""
        return cls(
            group=case.group, name=case.name, method=method, verdict=verdict,
            recipes=tuple(recipes), **known,
        )  # type: ignore[arg-type]  # fmt: skip

    @property
    def key(self) -> str:
        """Names the row for good."""
        return f"{self.group}/{self.name}.{self.method}"
