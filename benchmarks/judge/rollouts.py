"""One whole rollout, looked at every minute as `advance` would, until it is over."""

from dataclasses import dataclass

from benchmarks.judge.traffic import CELL_S, Stream
from benchmarks.judge.worlds import Fault, Traffic
from mlflow_serverless.observe import Cell, Observation, Seen, Window
from mlflow_serverless.shift import Criteria, Judgement, Rollout, Strategy, judge
from mlflow_serverless.shift.decide import Passed, decide
from mlflow_serverless.shift.look import demand
from mlflow_serverless.shift.rollout import Finish, Promote, RollBack, moved
from mlflow_serverless.shift.strategy import Kind, stages_of
from mlflow_serverless.shift.verdict import Inconclusive, Unhealthy

DAY_MIN = 1_440


@dataclass(frozen=True)
class End:
    """How one rollout ended."""

    outcome: str
    """`promoted`, `rolled back`, `out of patience`, or `held` to the last minute."""
    why: str
    minutes: int
    """Until promotion or rollback."""
    answers: int
    """Of the candidate, until then."""


def rollout(
    world: Traffic,
    fault: Fault,
    seed: int,
    *,
    minutes: int = 2 * DAY_MIN,
    criteria: Criteria | None = None,
    guard_s: float = 0.0,
) -> End:
    """
    One rollout, until it is over or *minutes* are.

    Args:
        world: What its traffic is like.
        fault: What is wrong with the candidate.
        seed: Which of all rollouts like it.
        minutes: Longest time.
        criteria: What is asked of the candidate.
        guard_s: How long it is watched after promotion [s].
    """
    criteria, now = criteria or Criteria(), begun(world, guard_s)
    stream, cells = Stream(world, fault, seed), list[Cell]()
    promoted: End | None = None
    why = ""
    for minute in range(1, minutes + 1):
        cells.append(stream.minute(minute, *shares(now)))
        if minute % world.look:
            continue
        at = minute * CELL_S
        verdict = looked(cells, world, now, criteria, at).verdict
        shift = decide(now, verdict, at, Passed())
        answers = sum(cell.candidate.answers for cell in cells)
        if isinstance(shift, RollBack):
            bad = isinstance(verdict, Unhealthy)
            outcome = "rolled back" if bad else "out of patience"
            return End(outcome, shift.why, minute, answers)
        if isinstance(shift, Promote):
            promoted = End("promoted", shift.why, minute, answers)
        now, why = moved(now, shift, at), verdict.why
        if isinstance(shift, Finish) or (promoted and not guard_s):
            break
    return promoted or End("held", why, minutes, answers)


def begun(world: Traffic, guard_s: float) -> Rollout:
    """A rollout in its first stage."""
    name = "shadow-then-canary" if world.shadow else "canary"
    stages = stages_of(
        name, steps=world.steps, bake_s=600.0, shadow=world.shadow, shadow_s=600.0
    )
    strategy = Strategy(name=name, stages=stages, guard_s=guard_s, look_s=CELL_S)
    waiting = Rollout(
        baseline="1", candidate="2", strategy=strategy, begun=0.0, since=0.0
    )
    opening = decide(waiting, Inconclusive("nothing yet"), 0.0, Passed())
    return moved(waiting, opening, 0.0)


def shares(now: Rollout) -> tuple[float, float]:
    """What the candidate gets of the traffic, and of its copies [0..1]."""
    if now.primary == now.candidate:
        return 1.0, 0.0
    mirrored = now.here is not None and now.here.kind is Kind.SHADOW
    copied = now.here.share if now.here and mirrored else 0.0
    return dict(now.weights).get(now.candidate, 0.0), copied


def looked(
    cells: list[Cell], world: Traffic, now: Rollout, criteria: Criteria, at: float
) -> Judgement:
    """What the judge says of all minutes so far."""
    seen = tuple(cells)
    if world.late:
        late = (Cell(c.start, c.baseline, Seen()) for c in seen[-world.late :])
        seen = (*seen[: -world.late], *late)
    window = Window(since=0.0, until=at, cell_s=CELL_S)
    observation = Observation(baseline="1", candidate="2", cells=seen, window=window)
    return judge(observation, criteria, demand(now, criteria, at))
