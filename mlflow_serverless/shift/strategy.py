"""How traffic moves to a new version: stages, and how long each is watched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from mlflow_serverless.shift.errors import BadStrategyError


class Kind(Enum):
    """What the candidate gets in a stage."""

    SHADOW = "shadow"
    """Copies of requests; its answers go to nobody."""
    CANARY = "canary"
    """Requests of its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One share of traffic, watched for a while."""

    kind: Kind
    share: float
    """Of the requests [0..1]."""
    bake_s: float
    """Shortest time in it [s]."""

    def __str__(self) -> str:
        return f"{self.kind.value} {100 * self.share:g} % for {self.bake_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Stages in order, and the patience of whoever waits."""

    name: str
    stages: tuple[Stage, ...]
    patience_s: float = 86_400.0
    """Longest time in one stage without a verdict, then it is rolled back [s]."""
    guard_s: float = 3_600.0
    """Time after promotion in which it is still watched, and rolled back if need be;
    the old version stays warm as long [s]."""
    look_s: float = 30.0
    """Time between looks, and length of the cells that are compared [s]."""


ALL_AT_ONCE = "all-at-once"
CANARY = "canary"
LINEAR = "linear"
SHADOW = "shadow"
SHADOW_THEN_CANARY = "shadow-then-canary"
NAMES = (ALL_AT_ONCE, CANARY, LINEAR, SHADOW, SHADOW_THEN_CANARY)
"""Strategies by our own names; CodeDeploy's are understood, too."""

DEFAULT = SHADOW_THEN_CANARY
"""For updates; a first deployment has nothing to be compared with."""

_PREFIX = r"(?:CodeDeployDefault\.)?(?:Lambda)?"
_CANARY = re.compile(_PREFIX + r"Canary(\d+)Percent(\d+)Minutes?")
_LINEAR = re.compile(_PREFIX + r"Linear(\d+)PercentEvery(\d+)Minutes?")
_AT_ONCE = re.compile(_PREFIX + r"AllAtOnce")


def known(name: str) -> bool:
    """Whether *name* is a strategy of ours or one of CodeDeploy's."""
    return name in NAMES or _preset(name) is not None


def stages_of(
    name: str,
    *,
    steps: Sequence[float],
    bake_s: float,
    shadow: float,
    shadow_s: float,
) -> tuple[Stage, ...]:
    """
    The stages that *name* stands for.

    Args:
        name: One of `NAMES`, or as CodeDeploy calls it: `Canary10Percent5Minutes`,
            `Linear10PercentEvery1Minute`, `AllAtOnce`; these bring their own steps.
        steps: Percent of the traffic, climbing; of a linear one the first is the step.
        bake_s: Shortest time in each step [s].
        shadow: Percent of the requests that a shadow gets.
        shadow_s: Shortest time in the shadow [s].

    Raises:
        BadStrategyError: An unknown name, or steps that do not climb within 0..100.
    """
    if (preset := _preset(name)) is not None:
        return preset
    mirrored = (Stage(Kind.SHADOW, shadow / 100, shadow_s),)
    match name:
        case "all-at-once":
            return ()
        case "canary":
            return _climbing(steps, bake_s)
        case "linear":
            return _climbing(_even(steps[0] if steps else 10.0), bake_s)
        case "shadow":
            return mirrored
        case "shadow-then-canary":
            return (*mirrored, *_climbing(steps, bake_s))
        case _:
            raise BadStrategyError(name, f"known are {', '.join(NAMES)}")


def percents(text: str) -> tuple[float, ...]:
    """
    Percentages as they are written in a configuration: `5,25,50`.

    Raises:
        BadStrategyError: One is not a number, or they do not climb within 0..100.
    """
    try:
        steps = tuple(float(part) for part in text.replace("%", "").split(",") if part)
    except ValueError as cause:
        raise BadStrategyError(text, "steps are percentages, as 5,25,50") from cause
    _climbing(steps, 0.0)
    return steps


def _climbing(steps: Sequence[float], bake_s: float) -> tuple[Stage, ...]:
    text = ",".join(f"{step:g}" for step in steps)
    if any(not 0 < step < 100 for step in steps):
        raise BadStrategyError(text, "each step is above 0 and below 100 percent")
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise BadStrategyError(text, "each step is above the one before")
    if not steps:
        raise BadStrategyError(text, "it has no steps")
    return tuple(Stage(Kind.CANARY, step / 100, bake_s) for step in steps)


def _even(step: float) -> tuple[float, ...]:
    if not 1 <= step < 100:
        text = f"{step:g}"
        raise BadStrategyError(text, "a linear step is 1 to 99 percent")
    count = int(-(-100 // step)) - 1
    return tuple(step * number for number in range(1, count + 1))


def _preset(name: str) -> tuple[Stage, ...] | None:
    if _AT_ONCE.fullmatch(name):
        return ()
    for pattern, linear in ((_CANARY, False), (_LINEAR, True)):
        if (found := pattern.fullmatch(name)) and 1 <= int(found[1]) < 100:
            percent, minutes = float(found[1]), float(found[2])
            steps = _even(percent) if linear else (percent,)
            return _climbing(steps, 60 * minutes)
    return None
