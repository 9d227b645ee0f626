"""What a run is to measure, and until when."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.kept import CACHE, MEASURED, Kept, digest_of
from benchmarks.table import machine


@dataclass(frozen=True, slots=True)
class Plan:
    """One run; what is measured already is kept."""

    models: Sequence[str] = ()
    """Of the cold starts; all, if none is named."""
    rounds: int | None = None
    """Of every kind of cold start; as many as are usual, if None."""
    minutes: float | None = None
    """Nothing is begun after them; None is as long as it takes."""
    kept: Kept = field(
        default_factory=lambda: Kept(
            CACHE / "run.jsonl", digest_of(*MEASURED, more=(machine(),))
        )
    )
    began: float = field(default_factory=time.monotonic)

    def left_s(self) -> float:
        """Time that is left [s]."""
        if self.minutes is None:
            return float("inf")
        return self.minutes * 60 - (time.monotonic() - self.began)

    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.left_s() <= 0
