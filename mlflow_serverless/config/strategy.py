"""Options of traffic shifting: how traffic moves, what is asked of a version."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator

from mlflow_serverless.config.section import Section
from mlflow_serverless.errors import ServerlessError

AUTO = "auto"
"""Shadow then canary where there is traffic enough to learn from."""


def _strategy(name: str) -> str:
    from mlflow_serverless.shift.strategy import (  # noqa: PLC0415 - brings scipy
        NAMES,
        known,
    )

    if name != AUTO and not known(name):
        said = (
            f"{name!r} is none of {AUTO}, {', '.join(NAMES)}, nor one of "
            "CodeDeploy's, as Canary10Percent5Minutes"
        )
        raise ValueError(said)
    return name


def _steps(text: str) -> str:
    from mlflow_serverless.shift.strategy import (  # noqa: PLC0415 - brings scipy
        percents,
    )

    try:
        return ",".join(f"{step:.10g}" for step in percents(text))
    except ServerlessError as cause:
        raise ValueError(cause.message.rstrip(".")) from cause


def _hook(text: str) -> str:
    from mlflow_serverless.shift.hooks import caller  # noqa: PLC0415 - brings scipy

    try:
        if text:
            caller(text, None, 0.0)
    except ServerlessError as cause:
        raise ValueError(cause.message.rstrip(".")) from cause
    return text


Seconds = Annotated[float, Ge(0), Le(31 * 86_400)]
Part = Annotated[float, Gt(0), Lt(1)]
Hook = Annotated[str, AfterValidator(_hook)]


class StrategyConfig(Section):
    """How traffic moves to a new version."""

    name: Annotated[str, AfterValidator(_strategy)] = AUTO
    """`all-at-once`, `canary`, `linear`, `shadow`, `shadow-then-canary`, or one of
    CodeDeploy's: `Canary10Percent5Minutes`, `Linear10PercentEvery1Minute`, ...; `auto`
    is shadow then canary where the last hour's traffic lets it be judged in time, and
    all at once elsewhere. A first deployment takes all traffic. Also written
    `strategy=canary`."""

    driver: Literal["command", "cloud"] = "command"
    """Who advances a rollout: whoever runs `advance`, or waits (`command`), or the
    `cloud` by itself: on AWS a controller that a rollout brings with it."""

    steps: Annotated[str, AfterValidator(_steps)] = "5,25,50"
    """Percent of the traffic in each stage of a canary, climbing; a linear one climbs
    by the first of them."""

    bake_s: Seconds = 300.0
    """Shortest time in each stage [s]."""

    shadow: Annotated[float, Gt(0), Le(100)] = 20.0
    """Percent of the requests that also run on a shadow."""

    shadow_s: Seconds = 600.0
    """Shortest time as a shadow [s]."""

    shadow_tolerance: Annotated[float, Ge(0)] = 0.1
    """How far a shadow's scores may differ and agree; relative beyond 1."""

    shadow_capture: bool = False
    """Keep the worst pairs of answers, inputs and all, in the function's log."""

    patience_s: Annotated[float, Gt(0), Le(31 * 86_400)] = 86_400.0
    """Longest time in a stage without a verdict; then it is rolled back [s]."""

    guard_s: Seconds = 3_600.0
    """Time after promotion in which it is watched, and rolled back if need be [s]."""

    look_s: Annotated[float, Ge(0.1), Le(3_600)] = 30.0
    """Time between looks; versions are compared in cells of this length [s]."""

    before: Hook = ""
    """Asked before any traffic moves: `command:PROGRAM`, `python:MODULE:FUNCTION`,
    `lambda:NAME` or an address. Unless it says yes, nothing moves."""

    after: Hook = ""
    """Asked once all traffic has moved; unless it says yes, it is rolled back when
    patience ends."""

    hook_timeout_s: Annotated[float, Gt(0), Le(900)] = 30.0
    """Longest time that a hook may take [s]."""

    @property
    def shadows(self) -> bool:
        """Whether versions must be ready to have a shadow."""
        return self.name in {AUTO, "shadow", "shadow-then-canary"}

    @property
    def watches(self) -> bool:
        """Whether versions are to say what a rollout judges beside their latency."""
        return not self.name.replace("-", "").lower().endswith("allatonce")


class JudgeConfig(Section):
    """What is asked of a new version before it gets more traffic."""

    requests: Annotated[int, Ge(1)] = 50
    """Answers of the new version that each stage waits for."""

    promote_requests: Annotated[int, Ge(1)] = 1_500
    """Answers of the new version, in all stages, that promotion waits for; no longer
    than half of `strategy.patience_s`."""

    shadow_predictions: Annotated[int, Ge(1)] = 1_000
    """Predictions of a shadow, compared with those served, that a canary waits for; no
    more than `promote_requests`, no longer than half of `strategy.patience_s`."""

    max_error_rate: Part = 0.05
    """Share of failures (5xx) beyond which it is rolled back."""

    max_p95_ms: Annotated[float, Gt(0)] | None = None
    """p95 of warm requests beyond which it is rolled back [ms]."""

    max_p95_ratio: Annotated[float, Gt(1)] = 2.0
    """Multiple of the old version's p95 that hardly a request may exceed."""

    latency_tolerance: Annotated[float, Ge(0), Le(10)] = 0.05
    """By how much slower than the old version it may be: 0.05 is 5 %."""

    detect_p95: Annotated[float, Gt(0), Le(10)] = 0.2
    """Rise of the old version's p95 that promotion waits to rule out, at least twice
    `latency_tolerance`; no longer than half of `strategy.patience_s`."""

    detect_errors: Part = 0.02
    """Rise of the share of failures that promotion waits to rule out, likewise."""

    max_disagreement: Part = 0.02
    """Share of a shadow's predictions that may differ from those served."""

    max_drift: Annotated[float, Gt(0)] = 0.25
    """Population stability index of its predictions to the old version's."""

    max_throttles: Part = 0.01
    """Share of requests that may be throttled."""

    max_memory: Annotated[float, Gt(0), Le(1)] = 0.95
    """Part of its memory that it may use."""

    false_rollbacks: Annotated[float, Gt(0), Le(0.5)] = 0.005
    """Chance that a good version is rolled back, over a whole rollout."""
