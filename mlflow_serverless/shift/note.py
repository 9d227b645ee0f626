"""A rollout as the alias's note: compact JSON, at most 256 characters.

| key | meaning |
|---|---|
| `r` | 1: the format |
| `b`, `c` | baseline and candidate |
| `s` | state: `w`aiting, `s`hifting, `g`uarding, `d`one, `b`: rolled back |
| `i` | index of the stage, if not 0 |
| `m` | share of requests to mirror to the candidate now; absent if none |
| `t`, `o` | since when, and since when over all [s since the epoch] |
| `y` | stages: `s20x600,c5x300`: shadow 20 % for 600 s, then 5 % for 300 s |
|     | even steps as one: `c5*3x60`: 5, 10 and 15 %, each for 60 s |
| `a` | the strategy's name |
| `p`, `g`, `l` | patience, guard, time between looks [s] |
| `n` | moves so far |
| `z` | 1 if paused |
| `h` | hooks that said yes: `b`efore, `a`fter |
| `w` | why it was moved last; cut to what room is left |
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlflow_serverless import limits
from mlflow_serverless.shift.errors import TooManyStepsError
from mlflow_serverless.shift.rollout import Moment, Rollout, State
from mlflow_serverless.shift.strategy import Kind, Stage, Strategy

_STATES = {
    "w": State.WAITING, "s": State.SHIFTING, "g": State.GUARDING, "d": State.DONE,
    "b": State.ROLLED_BACK,
}  # fmt: skip
_LETTERS = {state: letter for letter, state in _STATES.items()}
_MOMENTS = {"b": Moment.BEFORE, "a": Moment.AFTER}
_KINDS = {"s": Kind.SHADOW, "c": Kind.CANARY}
_MOST = 100
"""Steps that a note tells of at most; no strategy has more."""
_STAGE = re.compile(r"([sc])([0-9.e-]+)(?:\*([0-9]+))?x([0-9.e+]+)")


def encode(rollout: Rollout) -> str:
    """
    *rollout* as a note.

    Raises:
        TooManyStepsError: Even without a reason it is too long.
    """
    said = _said(rollout)
    room = limits.DESCRIPTION_CHARS - len(_json(said))
    if room < 0:
        count = len(rollout.strategy.stages)
        most = limits.DESCRIPTION_CHARS
        raise TooManyStepsError(count, most - room, most)
    why = rollout.why
    while why and len(_json({"w": why})) > room + 1:
        why = f"{why[:-2].rstrip('…')}…" if len(why) > 2 else ""
    return _json(said | ({"w": why} if why else {}))


def decode(note: str) -> Rollout | None:
    """The rollout that *note* tells of; None if it is not one of ours."""
    try:
        said = json.loads(note)
        if not isinstance(said, dict) or said.get("r") != 1:
            return None
        return _rollout(said)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _said(rollout: Rollout) -> dict[str, object]:
    strategy, here = rollout.strategy, rollout.here
    mirrored = here.share if here and here.kind is Kind.SHADOW else None
    said: dict[str, object | None] = {
        "r": 1,
        "b": rollout.baseline,
        "c": rollout.candidate,
        "s": _LETTERS[rollout.state],
        "i": rollout.stage or None,
        "m": mirrored,
        "t": _short(rollout.since),
        "o": _short(rollout.begun),
        "y": _listed(strategy.stages),
        "a": strategy.name,
        "p": _short(strategy.patience_s),
        "g": _short(strategy.guard_s),
        "l": _short(strategy.look_s),
        "n": rollout.moves,
        "z": 1 if rollout.paused else None,
        "h": "".join(moment.value[0] for moment in rollout.passed) or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _rollout(said: Mapping[str, Any]) -> Rollout:
    listed = (_staged(text) for text in said["y"].split(",") if text)
    stages = tuple(stage for stages in listed for stage in stages)
    rollout = Rollout(
        baseline=str(said["b"]),
        candidate=str(said["c"]),
        strategy=Strategy(
            name=str(said["a"]),
            stages=stages,
            patience_s=float(said["p"]),
            guard_s=float(said["g"]),
            look_s=float(said["l"]),
        ),
        begun=float(said["o"]),
        since=float(said["t"]),
        state=_STATES[said["s"]],
        stage=int(said.get("i", 0)),
        paused=bool(said.get("z")),
        moves=int(said["n"]),
        passed=tuple(_MOMENTS[letter] for letter in said.get("h", "")),
        why=str(said.get("w", "")),
    )
    if rollout.state is State.SHIFTING and not 0 <= rollout.stage < len(stages):
        raise IndexError(rollout.stage)
    return rollout


def _listed(stages: Sequence[Stage]) -> str:
    """Even steps as one: a linear strategy may have many."""
    even = _even(stages)
    if even > 1:
        return _stage(stages[0], f"*{even}")
    return ",".join(_stage(stage) for stage in stages)


def _even(stages: Sequence[Stage]) -> int:
    """How many *stages* there are, if each adds what the first one is; else 0."""
    climbing = (
        replace(stages[0], share=_percent(stages[0]) * number / 100)
        for number in range(1, len(stages) + 1)
    )
    return len(stages) if stages and list(climbing) == [*stages] else 0


def _stage(stage: Stage, times: str = "") -> str:
    kind, percent = stage.kind.value[0], _percent(stage)
    return f"{kind}{percent:.10g}{times}x{stage.bake_s:.10g}"


def _percent(stage: Stage) -> float:
    return float(f"{100 * stage.share:.10g}")


def _staged(text: str) -> list[Stage]:
    found = _STAGE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    kind, percent, bake_s = _KINDS[found[1]], float(found[2]), float(found[4])
    count = min(int(found[3] or 1), _MOST)
    return [Stage(kind, percent * n / 100, bake_s) for n in range(1, count + 1)]


def _short(seconds: float) -> float | int:
    """Milliseconds are fine enough; whole seconds need no point."""
    value = round(float(seconds), 3)
    return int(value) if value.is_integer() else value


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
