"""What came of each intent, and what a command says and exits with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlflow_serverless.config import flat
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.pipeline import Deployment
from mlflow_serverless.reconcile.bind import Binding
from mlflow_serverless.reconcile.intent import (
    Change,
    Deploy,
    Intent,
    Promote,
    Update,
    Wait,
    model_of,
)
from mlflow_serverless.store import key_of

State = Literal["done", "pending", "waiting", "ignored", "failed"]

PENDING_EXIT = 10
"""Exit code of a dry run that found something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One intent, and what became of it."""

    intent: Intent
    state: State
    steps: tuple[str, ...] = ()
    """Taken; in a dry run, to be taken."""
    deployment: Deployment | None = None
    parity: str = ""
    cost: str = ""
    error: ServerlessError | None = None
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        """The intent in a word; `Look` where nothing could be seen to decide by."""
        unseen = self.state == "failed" and not isinstance(self.intent, Change)
        return "Look" if unseen else type(self.intent).__name__

    def described(self) -> dict[str, object]:
        """As JSON."""
        place, error, made = self.intent.place, self.error, self.deployment
        return {
            "intent": self.kind,
            "state": self.state,
            "environment": place.environment,
            "target": place.target,
            "deployment": place.name,
            "model": model_of(self.intent),
            "why": self.intent.why,
            "approved_by": getattr(self.intent, "approved_by", ""),
            "strategy": getattr(self.intent, "strategy", ""),
            "rollout": made.rollout if made else "",
            "steps": list(self.steps),
            "version": made.version if made else "",
            "alias": made.alias if made else "",
            "bundle": made.bundle if made else "",
            "url": _url(made),
            "run": made.run if made else "",
            "parity": self.parity,
            "cost": self.cost,
            "seconds": self.seconds,
            "error": None
            if error is None
            else {"code": error.code, "message": error.message, "hint": error.hint},
        }


def _url(made: Deployment | None) -> str:
    """Where it is called; empty if by invocation alone."""
    found = dict(made.outputs) if made else {}
    return found.get("url") or found.get("api_url") or ""


def digest_of(intents: Sequence[Intent], bound: Sequence[Binding]) -> str:
    """Changes when what would be done does; *bound* has a binding for each intent."""
    return key_of(
        intents=[
            (type(i).__name__, i.place.environment, i.place.target, i.place.name,
             model_of(i), _settings(i, b))
            for i, b in zip(intents, bound, strict=True)
            if isinstance(i, Change)
        ]
    )[:16]  # fmt: skip


def _settings(intent: Change, binding: Binding) -> Mapping[str, str]:
    """How it would be configured; going back and retiring configure nothing."""
    makes = isinstance(intent, Deploy | Update | Promote)
    return flat(binding.config) if makes else {}


def exit_code(outcomes: Sequence[Outcome], codes: dict[Kind, int]) -> int:
    """
    What a command exits with.

    Args:
        outcomes: Of one pass.
        codes: Of errors, by kind.

    Returns:
        0 where nothing failed; `PENDING_EXIT` for a dry run that found something to
        do; else the code of the first failure, refusals by a gate counting last, as
        they are the expected kind.
    """
    failures = [o.error for o in outcomes if o.error is not None]
    failures.sort(key=lambda error: error.kind is Kind.REFUSED)
    if failures:
        return codes[failures[0].kind]
    return PENDING_EXIT if any(o.state == "pending" for o in outcomes) else 0


def quiet_state(intent: Intent) -> State:
    """Of an intent that changes nothing."""
    return "waiting" if isinstance(intent, Wait) else "ignored"
