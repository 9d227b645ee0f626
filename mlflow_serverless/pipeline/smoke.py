"""One question to a deployment whose right answer is known."""

import json
import math
from dataclasses import dataclass
from typing import Any

from mlflow_serverless.pipeline.ask import ask, parsed
from mlflow_serverless.world import Invoker, Reply

_RELATIVE = 1e-5
_ABSOLUTE = 1e-6
"""The gate has compared answers far more strictly; here only a wrong wiring (another
model, another column order, labels for scores) is to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, and what the model itself answers to it."""

    payload: bytes
    """JSON, as for /invocations."""
    answer: str
    """JSON, as the model's own scoring server gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking."""

    reply: Reply
    wrong: str
    """Where the answer differs from the model's own; empty if it does not."""


def smoke(cloud: Invoker, name: str, question: Question, *, qualifier: str) -> Outcome:
    """
    Ask *question* of a deployment.

    Raises:
        ServerlessError: It does not answer at all.
    """
    reply = ask(cloud, name, question.payload, qualifier=qualifier)
    wrong = difference(json.loads(question.answer), parsed(reply.payload))
    return Outcome(reply=reply, wrong=wrong)


def difference(expected: Any, got: Any, at: str = "$") -> str:  # noqa: PLR0911 - one return a kind of JSON value
    """The first place where two JSON values differ, in words; empty if nowhere."""
    if isinstance(expected, dict) and isinstance(got, dict):
        if expected.keys() != got.keys():
            return f"{at} has {sorted(got)}, not {sorted(expected)}"
        pairs = [(expected[key], got[key], f"{at}.{key}") for key in expected]
        return _first(pairs)
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{at} has {len(got)} items, not {len(expected)}"
        pairs = [
            (e, g, f"{at}[{i}]")
            for i, (e, g) in enumerate(zip(expected, got, strict=True))
        ]
        return _first(pairs)
    if isinstance(expected, bool) != isinstance(got, bool):
        return f"{at} is {got!r}, not {expected!r}"
    if _is_nan(expected) and _is_nan(got):
        return ""
    if _is_number(expected) and _is_number(got):
        near = math.isclose(expected, got, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
        return "" if near else f"{at} is {got}, not {expected}"
    return "" if expected == got else f"{at} is {got!r}, not {expected!r}"


def _first(pairs: list[tuple[Any, Any, str]]) -> str:
    return next((said for pair in pairs if (said := difference(*pair))), "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_nan(value: Any) -> bool:
    """Strict JSON has no NaN: servers write null for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))
