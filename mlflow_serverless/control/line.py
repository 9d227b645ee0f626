"""What a controller writes into its log: one line of JSON a call, for people and us.

Numbers and names only: no request, no answer and no prediction is ever in it.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mlflow_serverless.control.event import Wake
from mlflow_serverless.control.look import Looked
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.shift import looked
from mlflow_serverless.shift.history import Look, look_of, plain_look

_EVENT = "control.look"


def seen(wake: Wake, found: Looked, now: float, seconds: float) -> str:
    """A call that went well."""
    step = found.step
    said = _said(wake, now, seconds) | {"schedule": "ended" if found.ended else "kept"}
    if step is None:
        return _line(said | {"outcome": "nothing to do"})
    look = looked(step, now)
    rollout = step.after
    return _line(
        said
        | {
            "outcome": look.move,
            "why": look.reason,
            "rollout": rollout.identity,
            "versions": [rollout.baseline, rollout.candidate],
            "state": rollout.state.value,
            "look": plain_look(look),
        }
    )


def failed(wake: Wake | None, error: Exception, now: float, seconds: float) -> str:
    """A call that did not; the next one is the next try."""
    said = _said(wake, now, seconds) if wake else {"event": _EVENT, "at": now}
    code, why = type(error).__name__, "see the trace that follows"
    if isinstance(error, ServerlessError):
        code, why = error.code, error.message
    return _line(said | {"outcome": "failed", "code": code, "why": why})


def looks_in(lines: Iterable[str], identity: str) -> Iterator[Look]:
    """The looks at one rollout that a controller's log tells of."""
    for line in lines:
        try:
            said = json.loads(line)
            if said["event"] == _EVENT and said["rollout"] == identity:
                yield look_of(said["look"])
        except (ValueError, KeyError, TypeError):
            continue


def _said(wake: Wake, now: float, seconds: float) -> dict[str, Any]:
    return {
        "event": _EVENT, "at": now, "deployment": wake.deployment,
        "alias": wake.alias, "seconds": round(seconds, 3),
    }  # fmt: skip


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)
