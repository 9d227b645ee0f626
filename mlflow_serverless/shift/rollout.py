"""Where a rollout stands, as one value; what every move makes of it. Pure."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from mlflow_serverless.plan import Alias, RouteAlias
from mlflow_serverless.shift.strategy import Kind, Stage, Strategy


class State(Enum):
    """Where it stands."""

    WAITING = "waiting"
    """Begun; no traffic moves before the hook allows it."""
    SHIFTING = "shifting"
    """In one of its stages."""
    GUARDING = "guarding"
    """Promoted; still watched, the old version kept warm."""
    DONE = "done"
    ROLLED_BACK = "rolled-back"


class Moment(Enum):
    """When a hook is asked."""

    BEFORE = "before"
    """Before the first request goes to the candidate."""
    AFTER = "after"
    """When all of them do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One change of version, under way or over."""

    baseline: str
    candidate: str
    strategy: Strategy
    begun: float
    """Seconds since the epoch."""
    since: float
    """When it came to be where it stands."""
    state: State = State.WAITING
    stage: int = 0
    """Which of the strategy's, while shifting."""
    paused: bool = False
    moves: int = 0
    """How often it was moved; each move knows which one it follows."""
    passed: tuple[Moment, ...] = ()
    """Hooks that said yes."""
    why: str = ""
    """The reason for the last move."""

    @property
    def identity(self) -> str:
        """The same for all looks at this rollout."""
        return f"{self.baseline}-{self.candidate}-{round(1000 * self.begun)}"

    @property
    def over(self) -> bool:
        """Whether nothing will move any more."""
        return self.state in {State.DONE, State.ROLLED_BACK}

    @property
    def here(self) -> Stage | None:
        """The stage it is in, while shifting."""
        return self.strategy.stages[self.stage] if self.state is _SHIFTING else None

    @property
    def primary(self) -> str:
        """The version that gets what the weights leave."""
        return self.candidate if self.state in _MOVED else self.baseline

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """The candidate's share of the traffic, while it has a part of it."""
        stage = self.here
        if stage is None or stage.kind is Kind.SHADOW:
            return ()
        return ((self.candidate, stage.share),)


_SHIFTING = State.SHIFTING
_ROUNDING = 1e-6
_MOVED = frozenset((State.GUARDING, State.DONE))


@dataclass(frozen=True, slots=True)
class Advance:
    """Go to a stage."""

    stage: int
    why: str


@dataclass(frozen=True, slots=True)
class Promote:
    """All traffic to the candidate, and watch on."""

    why: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Stay."""

    why: str


@dataclass(frozen=True, slots=True)
class RollBack:
    """All traffic to the baseline; over."""

    why: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """A hook said yes; remember that."""

    moment: Moment
    why: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The guard is over; the old version may go cold."""

    why: str


Shift = Advance | Promote | Hold | RollBack | Confirm | Finish


def moved(rollout: Rollout, shift: Shift, now: float) -> Rollout:
    """*rollout* after *shift*; itself after `Hold`."""
    match shift:
        case Hold():
            return rollout
        case Advance(stage, why):
            return _to(rollout, State.SHIFTING, why, now, stage=stage)
        case Promote(why):
            return _to(rollout, State.GUARDING, why, now)
        case RollBack(why):
            return _to(rollout, State.ROLLED_BACK, why, now)
        case Finish(why):
            return _to(rollout, State.DONE, why, now)
        case Confirm(moment, why):
            passed = (*rollout.passed, moment)
            return replace(rollout, passed=passed, why=why, moves=rollout.moves + 1)
        case _:  # pragma: no cover - mypy proves it
            assert_never(shift)


def _to(
    rollout: Rollout, state: State, why: str, now: float, *, stage: int = 0
) -> Rollout:
    return replace(
        rollout, state=state, stage=stage, why=why, since=now, paused=False,
        moves=rollout.moves + 1,
    )  # fmt: skip


def route(
    name: str, alias: str, rollout: Rollout, *, note: str, revision: str
) -> RouteAlias:
    """The one update that brings weights and record to where *rollout* stands."""
    return RouteAlias(
        name=name, alias=alias, version=rollout.primary, weights=rollout.weights,
        note=note, revision=revision,
    )  # fmt: skip


def astray(rollout: Rollout, alias: Alias) -> str:
    """How *alias* differs from what its own note says; empty if it does not."""
    want, have = dict(rollout.weights), dict(alias.weights)
    near = all(abs(have.get(n, 0) - s) < _ROUNDING for n, s in want.items())
    if alias.version == rollout.primary and want.keys() == have.keys() and near:
        return ""
    shares = ", ".join(f"{share:.0%} to {number}" for number, share in alias.weights)
    return (
        f"{alias.name} was routed by hand to version {alias.version}"
        f"{' with ' + shares if shares else ''}; the rollout is {rollout.state.value}"
    )
