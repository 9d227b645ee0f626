"""What a report says, before it is shown in any way."""

from dataclasses import dataclass

from mlflow_serverless.observe import Cell, Seen
from mlflow_serverless.observe.seen import together
from mlflow_serverless.shift.history import Look, Past
from mlflow_serverless.shift.rollout import Rollout, State


@dataclass(frozen=True, slots=True)
class Side:
    """One version over the whole rollout."""

    version: str
    seen: Seen

    @property
    def error_rate(self) -> float | None:
        """Share of failures; None if nothing was answered."""
        answers = self.seen.answers
        return self.seen.failures / answers if answers else None

    def latency_us(self, part: float) -> float | None:
        """Quantile of warm latency [us]; None if none was seen."""
        return self.seen.warm.quantile(part) if self.seen.warm else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """One rollout, from its beginning to where it stands."""

    name: str
    alias: str
    rollout: Rollout
    baseline: Side
    candidate: Side
    cells: tuple[Cell, ...]
    looks: tuple[Look, ...]

    @property
    def outcome(self) -> str:
        """`promoted`, `rolled back` or `under way`."""
        match self.rollout.state:
            case State.ROLLED_BACK:
                return "rolled back"
            case State.GUARDING | State.DONE:
                return "promoted"
            case State.WAITING | State.SHIFTING:
                return "under way"

    @property
    def reason(self) -> str:
        """Why it ended, or stands, where it does."""
        moves = [look for look in self.looks if look.move != "hold"]
        return moves[-1].reason if moves else self.rollout.why

    @property
    def seconds(self) -> float:
        """From its beginning to the last look [s]."""
        ends = [look.at for look in self.looks] or [self.rollout.since]
        return max(ends) - self.rollout.begun


def report(name: str, alias: str, rollout: Rollout, past: Past) -> RolloutReport:
    """
    Put together what the alias and the looks say.

    Args:
        name: The deployment.
        alias: Whose traffic was moved.
        rollout: Where it stands, by the alias's note.
        past: What was kept of its looks.
    """
    return RolloutReport(
        name=name,
        alias=alias,
        rollout=rollout,
        baseline=Side(rollout.baseline, together(c.baseline for c in past.cells)),
        candidate=Side(rollout.candidate, together(c.candidate for c in past.cells)),
        cells=past.cells,
        looks=past.looks,
    )
