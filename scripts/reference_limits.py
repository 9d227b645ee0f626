"""The page of Lambda's limits, read off `limits.py`."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mlflow_serverless import limits

SOURCE = Path(limits.__file__)
_HEAD = """\
# Lambda's limits

<!-- Made by scripts/generate_reference.py; do not edit. -->

The numbers that deployments are held to on every target, so that what runs on this
machine is not refused later. What this project itself cannot do:
[limits](../limits.md).

| limit | value |
|---|---|"""


def page() -> str:
    """The page in Markdown."""
    said = dict(_documented())
    rows = [
        f"| {meaning} | {_shown(getattr(limits, name))} |"
        for name, meaning in said.items()
    ]
    return "\n".join([_HEAD, *rows, ""])


def _documented() -> Iterator[tuple[str, str]]:
    """Constants with their docstrings' first sentence."""
    body = ast.parse(SOURCE.read_text(encoding="utf-8")).body
    for constant, text in pairwise(body):
        if isinstance(constant, ast.Assign) and isinstance(text, ast.Expr):
            meaning = " ".join(ast.literal_eval(text.value).split())
            yield ast.unparse(constant.targets[0]), meaning.replace("|", "\\|")


def _shown(value: object) -> str:
    match value:
        case range():
            return f"{value.start:,} to {value.stop - 1:,}"
        case re.Pattern():
            return f"`{value.pattern}`"
        case tuple():
            return ", ".join(map(str, value))
        case int():
            return f"{value:,}"
        case _:
            return str(value)
