"""What a person may order, as what it makes of a rollout. Pure."""

from dataclasses import replace

from mlflow_serverless.shift.errors import OrderRefusedError
from mlflow_serverless.shift.rollout import (
    Finish,
    Promote,
    RollBack,
    Rollout,
    State,
    moved,
)


def paused(rollout: Rollout) -> Rollout:
    """Nothing goes on, but what is unhealthy is still rolled back."""
    _under_way(rollout, "pause")
    why = "paused by a person"
    return replace(rollout, paused=True, why=why, moves=rollout.moves + 1)


def resumed(rollout: Rollout, now: float) -> Rollout:
    """Go on; bake time and patience begin anew."""
    order = "resume"
    _under_way(rollout, order)
    if not rollout.paused:
        raise OrderRefusedError(order, "it is not paused")
    why = "resumed by a person"
    return replace(rollout, paused=False, since=now, why=why, moves=rollout.moves + 1)


def promoted(rollout: Rollout, now: float) -> Rollout:
    """All traffic to the candidate, on a person's word; a guard ends by it."""
    _under_way(rollout, "promote")
    if rollout.state is State.GUARDING:
        return moved(rollout, Finish("accepted by a person"), now)
    return moved(rollout, Promote("promoted by a person"), now)


def aborted(rollout: Rollout, now: float) -> Rollout:
    """All traffic back to the old version; also after promotion, while guarded."""
    _under_way(rollout, "abort")
    return moved(rollout, RollBack("aborted by a person"), now)


def _under_way(rollout: Rollout, order: str) -> None:
    if rollout.over:
        raise OrderRefusedError(order, f"the rollout is over: {rollout.state.value}")
