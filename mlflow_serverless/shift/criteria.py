"""What is asked of a candidate, as values."""

import math
from dataclasses import dataclass

CHECKS = 9
"""Tests that may each cause a rollback; they share the chance of a false one."""

SUSPICIOUS = math.log(20)
"""Log e-value from which a check holds the rollout until more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """When a candidate is good enough; defaults after Kayenta's where it has them."""

    requests: int = 50
    """Answers of the candidate that each stage waits for."""
    promote_requests: int = 1_500
    """Answers of the candidate, over all stages, that promotion waits for; at most
    half the patience."""
    shadow_predictions: int = 1_000
    """Predictions of a shadow, compared with those served, that a canary waits for; at
    most half the patience, and no more than `promote_requests`."""
    max_error_rate: float = 0.05
    """Share of failures (5xx) beyond which it is rolled back [0..1]."""
    max_p95_ms: float | None = None
    """p95 beyond which it is rolled back, whatever the baseline's is [ms]."""
    max_p95_ratio: float = 2.0
    """Multiple of the baseline's p95 that only few requests may exceed [1]."""
    latency_tolerance: float = 0.05
    """By how much slower than the baseline it may be [1]."""
    detect_p95: float = 0.2
    """Rise of the p95 that promotion waits to rule out [1]; at least twice the
    tolerance."""
    detect_errors: float = 0.02
    """Rise of the rate of failures that promotion waits to rule out [0..1]."""
    max_disagreement: float = 0.02
    """Share of predictions that may differ from those served [0..1]."""
    max_drift: float = 0.25
    """Population stability index of its predictions to the baseline's [1]."""
    max_throttles: float = 0.01
    """Share of requests that may be turned away [0..1]."""
    max_memory: float = 0.95
    """Part of its memory that it may use [0..1]."""
    false_rollbacks: float = 0.005
    """Chance that a good version is rolled back, over a whole rollout [0..1]."""

    @property
    def enough(self) -> float:
        """Log e-value from which one check causes a rollback."""
        return math.log(CHECKS / self.false_rollbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one look is about."""

    since: float = 0.0
    """When the stage began; seconds since the epoch."""
    requests: int = 50
    """Answers of the candidate that it takes in this stage."""
    overall: int = 0
    """Answers of the candidate that it takes since the rollout began."""
    share: float | None = None
    """Part of the traffic that the candidate gets; None if it gets none of its own."""
    compared: int = 0
    """How many of its predictions must have been held against those served."""
    early: bool = True
    """Whether there is more than half the patience left."""
    promoting: bool = False
    """Whether what comes next is all the traffic."""
    promoted: bool = False
    """Whether the candidate has all the traffic."""
