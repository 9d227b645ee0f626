"""One command's outcome in the form that pages and outputs are made of; pure."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from mlflow_serverless.model import RegisteredVersion, parse_ref
from mlflow_serverless.model.errors import BadModelUriError

GOING = frozenset({"waiting", "shifting"})
"""Where a rollout stands while the version before it serves."""

_BLANK: Mapping[str, Any] = {
    "model": "", "why": "", "approved_by": "", "strategy": "", "steps": [],
    "version": "", "alias": "", "bundle": "", "url": "", "parity": "", "cost": "",
    "verdict": "", "rollout": "", "run": "", "seconds": 0.0, "error": None,
}  # fmt: skip


def outcome(
    deployment: str, target: str, *, intent: str, state: str, **more: Any
) -> dict[str, Any]:
    """
    What a command did to one deployment, as `reconcile.Outcome.described` has it.

    Args:
        deployment: Its name.
        target: Where it is; it stands for the environment, of which there is none.
        intent: What was wanted, in a word.
        state: `done`, `pending`, `waiting`, `ignored` or `failed`.
        more: What else is known.
    """
    return {
        **_BLANK, "deployment": deployment, "target": target, "environment": target,
        "intent": intent, "state": state, **more,
    }  # fmt: skip


def url_of(outputs: Iterable[tuple[str, str]]) -> str:
    """Where a deployment is called, of what its cloud has chosen; empty if nowhere."""
    found = dict(outputs)
    return found.get("url") or found.get("api_url") or ""


def links_of(outcomes: Iterable[Mapping[str, Any]], tracking: str) -> dict[str, str]:
    """
    The models' pages in MLflow, and those of the runs that keep their reports.

    Args:
        outcomes: As `outcome` makes them.
        tracking: MLflow's tracking URI; pages are on http servers alone.
    """
    if not tracking.startswith(("https://", "http://")):
        return {}
    found = {}
    for each in outcomes:
        try:
            ref = parse_ref(each["model"])
        except BadModelUriError:
            continue
        if isinstance(ref, RegisteredVersion):
            page = f"#/models/{quote(ref.name, safe='')}/versions/{ref.version}"
            root, words = tracking.rstrip("/"), f"{ref.name} {ref.version}"
            found[f"{words} in MLflow"] = f"{root}/{page}"
            if run := each.get("run"):
                found[f"reports of {words}"] = f"{root}/#/runs/{quote(run, safe='')}"
    return found
