"""
What drives a deployment's rollouts in the account: a controller, and what wakes it.

It is made when a rollout needs it, and is nobody's way in: only its own schedule may
call it.
"""

from dataclasses import dataclass, field
from typing import ClassVar

EVERY_MINUTE = "rate(1 minute)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleGroup:
    """Schedules of one deployment; they have no tags of their own, so it has them."""

    kind: ClassVar = "schedule group"
    name: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A function that takes one look at a rollout each time it is called."""

    kind: ClassVar = "controller"
    name: str
    """The function's."""
    artifact: str
    """Address of its image, by digest."""
    role: str
    """ARN of what it runs as."""
    log_group: str
    architecture: str = "x86_64"
    memory_mb: int = 1024
    timeout_s: int = 300
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Calls a controller again and again for one rollout (EventBridge Scheduler)."""

    kind: ClassVar = "schedule"
    name: str
    """Another one for each rollout, so that ending one never ends the next."""
    group: str
    target: str
    """ARN of the controller."""
    role: str
    """ARN of what may call it."""
    input: str
    """JSON that the controller is called with."""
    rate: str = EVERY_MINUTE
    end: float = field(default=0.0, compare=False)
    """When it goes by itself, whatever became of the rollout [s since the epoch]; that
    it was made at another time does not make it another schedule."""


Control = ScheduleGroup | Controller | Schedule

BESIDE = (ScheduleGroup, Controller)
"""What only a rollout needs, in the order in which it is made, before one begins."""

LAST = (Schedule,)
"""What is made once a rollout has begun, when there is something to look at."""
