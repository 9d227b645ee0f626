"""Worlds to roll out in, and what may be wrong with a candidate."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A world to roll out in; both versions live in it."""

    name: str
    rate: float
    """Requests a minute, of both versions together; the day swings it by a half."""
    look: int = 1
    """Minutes between two looks."""
    steps: tuple[float, ...] = (5, 25, 50)
    shadow: float = 0.0
    """Percent of the requests that a shadow gets before the steps; 0 for none."""
    sigma: float = 0.5
    """Spread of the lognormal latency."""
    pareto: float | None = None
    """Latency of a power law with this exponent instead."""
    memory: float = 0.0
    """Correlation of one request's latency with the next one's, within a version."""
    swing: float = 0.0
    """How much the day moves both versions' latency, as a logarithm."""
    rounded_us: float = 0.0
    """Latency is known in steps of this."""
    bursts: float = 0.0
    """Share of minutes in which 30 % of the candidate's requests meet cold
    environments."""
    errors: float = 0.01
    disagreement: float = 0.005
    rows: int = 1
    """Predictions a request; those of one request differ together or not at all."""
    incidents: float = 0.0
    """Chance a minute that ten bad ones begin, for both: 30 % fail, 4 times as slow."""
    bursts_of_failures: float = 0.0
    """Share of minutes in which 4 % of a version's requests fail, each by itself."""
    missing: float = 0.0
    """Share of minutes of which one version's lines never come, each by itself."""
    late: int = 0
    """Minutes by which the candidate's lines come late."""
    skew: float = 0.0
    """Minutes by which the candidate's clock is off."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with the candidate, from its first request on."""

    name: str = "nothing"
    slower: float = 1.0
    tail: float = 1.0
    """The slowest tenth is slower by this."""
    errors: float | None = None
    disagreement: float | None = None
    silent: bool = False


LOW = Traffic(name="low: 10 a minute", rate=10, steps=(10, 50), look=10)
MEDIUM = Traffic(name="medium: 300 a minute", rate=300)
HIGH = Traffic(name="high: 6,000 a minute", rate=6_000, steps=(1, 10, 50))
SHADOWED = Traffic(name="a shadow of 20 % first", rate=300, shadow=20)
FEW_SHADOWED = Traffic(
    name="low, a shadow of 20 % first", rate=10, steps=(10, 50), look=10, shadow=20
)

WORLDS = (
    LOW,
    MEDIUM,
    HIGH,
    SHADOWED,
    FEW_SHADOWED,
    Traffic(name="heavy tail (Pareto 1.5)", rate=300, pareto=1.5),
    Traffic(name="low, heavy tail", rate=10, steps=(10, 50), look=10, pareto=1.5),
    Traffic(name="wide (lognormal, sigma 1.2)", rate=300, sigma=1.2),
    Traffic(name="cold starts in a third of the minutes", rate=300, bursts=0.33),
    Traffic(name="low, cold starts", rate=10, steps=(10, 50), look=10, bursts=0.33),
    Traffic(name="both versions drift", rate=300, swing=0.8),
    Traffic(name="low, both drift", rate=10, steps=(10, 50), look=10, swing=0.8),
    Traffic(name="each latency like the last (0.8)", rate=300, memory=0.8),
    Traffic(name="high, each latency like the last (0.9)", rate=6_000, memory=0.9,
            steps=(1, 10, 50)),
    Traffic(name="known to 10 ms", rate=300, rounded_us=10_000),
    Traffic(name="canary of 1 %", rate=1_500, steps=(1, 99), memory=0.5),
    Traffic(name="both fail 5 %", rate=300, errors=0.05),
    Traffic(name="both fail 20 %", rate=300, errors=0.2, steps=(25,), look=15),
    Traffic(name="failures in bursts, each by itself", rate=300, errors=0.005,
            bursts_of_failures=0.05),
    Traffic(name="incidents of both", rate=300, incidents=0.02),
    Traffic(name="1 % disagree, 20 rows at a time", rate=300, shadow=20,
            disagreement=0.01, rows=20),
    Traffic(name="a fifth of the minutes missing", rate=300, missing=0.2, swing=0.8),
    Traffic(name="the candidate's lines 3 minutes late", rate=300, late=3),
    Traffic(name="clocks 20 s apart, drift", rate=300, skew=0.33, swing=0.8),
    Traffic(name="all of it", rate=300, pareto=1.5, memory=0.5, swing=0.5,
            bursts=0.2, incidents=0.01, missing=0.1, late=1, skew=0.33, shadow=20),
)  # fmt: skip

FAULTS = (
    Fault(name="+20 % p95 (all latencies)", slower=1.2),
    Fault(name="+20 % p95 (slowest tenth alone)", tail=1.2),
    Fault(name="errors 1 % -> 3 %", errors=0.03),
    Fault(name="5 % of labels differ", disagreement=0.05),
    Fault(name="every request fails", errors=1.0),
    Fault(name="no answer at all", silent=True),
)

NO_DATA = (
    Traffic(name="no request ever comes", rate=0, look=60),
    Traffic(name="no line ever comes", rate=300, missing=1.0, look=60),
)
"""Worlds in which nobody can know anything."""

FAULTY = (LOW, MEDIUM, HIGH, SHADOWED, FEW_SHADOWED)
"""Worlds in which every fault is tried."""

WIDTHS = (0.25, 0.5, 1.0)
"""Spreads of the latency for which sample sizes are told."""
