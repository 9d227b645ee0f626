"""A step's outputs, as GitHub reads them from a file."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def outputs_of(
    outcomes: Sequence[Mapping[str, Any]], about: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """
    What later steps want to know of a pass.

    `deployment`, `version`, `url`, `digest` and `model` are those of *about*, which a
    command for one deployment has; else of the one that was changed, and empty where
    that is not exactly one. `outcomes` has all as JSON.
    """
    changed = [each for each in outcomes if each["state"] in {"done", "pending"}]
    one = about or (changed[0] if len(changed) == 1 else {})
    return {
        "deployment": str(one.get("deployment", "")),
        "version": str(one.get("version", "")),
        "url": str(one.get("url", "")),
        "digest": str(one.get("bundle", "")),
        "model": str(one.get("model", "")),
        "changed": json.dumps([each["deployment"] for each in changed]),
        "verdicts": json.dumps(
            {
                each["deployment"]: each.get("verdict") or each["state"]
                for each in outcomes
                if each["deployment"]
            }
        ),
        "outcomes": json.dumps(list(outcomes), default=str),
    }


def write_outputs(file: Path, outputs: Mapping[str, str]) -> None:
    """
    Append to the file that `GITHUB_OUTPUT` names.

    Each value is fenced by a delimiter that nobody can guess, so that no value can
    begin another output.
    """
    with file.open("a", encoding="utf-8") as out:
        for key, value in outputs.items():
            fence = f"ghadelimiter_{secrets.token_hex(16)}"
            out.write(f"{key}<<{fence}\n{value}\n{fence}\n")


def write_summary(file: Path, markdown: str) -> None:
    """Append to the file that `GITHUB_STEP_SUMMARY` names."""
    with file.open("a", encoding="utf-8") as out:
        out.write(markdown)
