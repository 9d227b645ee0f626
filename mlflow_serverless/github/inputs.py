"""An action's inputs as the words of one command; pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from mlflow_serverless.github.errors import BadActionInputError


class Takes(Enum):
    """What an input holds."""

    VALUE = "one value"
    LINES = "one value a line"
    """Empty lines, and those that begin with #, are none."""
    FLAG = "true or false"
    JSON = "JSON; null is nothing"


@dataclass(frozen=True, slots=True)
class Option:
    """The option that an input becomes."""

    name: str
    takes: Takes = Takes.VALUE


@dataclass(frozen=True, slots=True)
class Action:
    """One of the actions: its command, and what its inputs are there."""

    command: str
    options: Mapping[str, Option]
    rehearsal: str = ""
    """The command that `dry-run: true` chooses instead; empty if it is an option."""

    @property
    def inputs(self) -> frozenset[str]:
        """All that it knows."""
        rehearsed = {"dry-run"} if self.rehearsal else set()
        return frozenset({*self.options, *_IN_YAML, *rehearsed})


_IN_YAML = ("github-token", "python-version", "requirements", "working-directory")
"""Inputs that the action's own steps use."""

_COMMON = {"target": Option("--target"), "comment": Option("--comment")}

ACTIONS: Mapping[str, Action] = {
    "deploy": Action(
        "deploy",
        {
            "name": Option("--name"),
            "model": Option("--model-uri"),
            "flavor": Option("--flavor"),
            "config": Option("--config", Takes.LINES),
            "adopt": Option("--adopt", Takes.FLAG),
            **_COMMON,
        },
        rehearsal="plan",
    ),
    "reconcile": Action(
        "reconcile",
        {
            "policy": Option("--policy"),
            "dry-run": Option("--dry-run", Takes.FLAG),
            "only": Option("--only", Takes.LINES),
            "approved-by": Option("--approved-by", Takes.LINES),
            "retry": Option("--retry", Takes.LINES),
            "expect": Option("--expect"),
            "event": Option("--event", Takes.JSON),
            **_COMMON,
        },
    ),
    "advance": Action(
        "advance",
        {
            "name": Option("--name"),
            "wait": Option("--wait", Takes.FLAG),
            **_COMMON,
        },
    ),
    "rollback": Action(
        "rollback",
        {"name": Option("--name"), "to": Option("--to"), **_COMMON},
    ),
}
"""By the name of the folder that the action is in."""


def words_of(which: str, inputs: str) -> list[str]:
    """
    The command that *which* action means with *inputs*.

    Each value stays one word, behind its option's `=`, so that no value can be read as
    an option or as a second value.

    Args:
        which: A key of `ACTIONS`.
        inputs: All of them, as `toJSON(inputs)` gives them; empty ones are not given.

    Raises:
        BadActionInputError: Not that JSON; an input that there is not; a flag that is
            neither true nor false.
    """
    action, given = ACTIONS[which], _read(which, inputs)
    for key in given:
        if key not in action.inputs:
            known = ", ".join(sorted(action.inputs))
            raise BadActionInputError(which, key, f"is none of {known}")
    rehearsed = action.rehearsal and _flag(which, "dry-run", given.get("dry-run", ""))
    words = [action.rehearsal if rehearsed else action.command]
    for key, option in action.options.items():
        words += _words(which, key, option, given.get(key, ""))
    return words


def _read(which: str, inputs: str) -> dict[str, str]:
    try:
        given = json.loads(inputs)
    except ValueError as cause:
        raise BadActionInputError(which, "INPUTS", "is not JSON") from cause
    if not isinstance(given, dict):
        raise BadActionInputError(which, "INPUTS", "is no JSON object")
    return {str(key): _text(value) for key, value in given.items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _words(which: str, key: str, option: Option, text: str) -> Iterator[str]:
    match option.takes:
        case Takes.FLAG:
            if _flag(which, key, text):
                yield option.name
        case Takes.LINES:
            lines = (line.strip() for line in text.splitlines())
            yield from (
                f"{option.name}={line}"
                for line in lines
                if line and not line.startswith("#")
            )
        case Takes.VALUE:
            if text.strip():
                yield f"{option.name}={text.strip()}"
        case Takes.JSON:
            # `toJSON` of what an event does not have is null.
            if text.strip() not in {"", "null"}:
                yield f"{option.name}={text.strip()}"


def _flag(which: str, key: str, text: str) -> bool:
    if text not in {"true", "false", ""}:
        raise BadActionInputError(which, key, f"is {text!r}, neither true nor false")
    return text == "true"
