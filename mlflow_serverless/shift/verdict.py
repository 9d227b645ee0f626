"""What the judge answers with: three verdicts, and what they rest on."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Healthy:
    """Enough was seen, and nothing speaks against the candidate."""

    why: str


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """The candidate is worse, beyond reasonable doubt."""

    why: str


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Too little was seen, or something looks odd; silence is not health."""

    why: str


Verdict = Healthy | Unhealthy | Inconclusive


class Result(Enum):
    """What one check says; Kayenta's words."""

    PASS = "pass"  # noqa: S105 - a word, not a secret
    MARGINAL = "marginal"
    """Suspicious: not enough for a rollback, too much to go on."""
    HIGH = "high"
    """Worse than the baseline or than a limit, beyond reasonable doubt."""
    NODATA = "nodata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check, with its numbers in one sentence."""

    check: str
    """`errors`, `latency`, ...: what a person would look at."""
    result: Result
    sentence: str
    log_e: float = 0.0
    """Evidence against the candidate, as the logarithm of an e-value."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the findings that it rests on."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
