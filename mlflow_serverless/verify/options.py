"""What a user may say about parity."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityOptions:
    """How hard to look, and what to accept; nothing loosens itself."""

    samples: int = 2_000
    """Rows drawn from the training-like ranges; other groups scale with it."""
    seed: int = 0
    boundary_rows: int = 24_000
    """Most rows spent on split thresholds, in each of the two ways."""
    rtol: float | None = None
    """Relative part of the tolerance; None chooses it from the graph."""
    atol: float | None = None
    """Absolute part of the tolerance; None chooses it from the graph."""
    max_label_flips: int = 0
    """Labels outside the tie band that may differ, over all groups."""
    data: Path | None = None
    """The user's own rows: csv, parquet or json."""
    runtime_rows: int = 200
    """Rows sent end to end through the real runtime; 0 leaves that out."""

    def __post_init__(self) -> None:
        """Refuse numbers that would make the gate meaningless."""
        if min(self.samples, self.boundary_rows) < 1:
            why = "samples and boundary_rows are at least 1"
            raise ValueError(why)
        if min(self.max_label_flips, self.runtime_rows, self.seed) < 0:
            why = "max_label_flips, runtime_rows and seed are at least 0"
            raise ValueError(why)
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if value is not None and not 0 <= value < float("inf"):
                why = f"{name} is a finite number >= 0, not {value}"
                raise ValueError(why)
