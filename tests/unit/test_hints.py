"""Commands that errors and help tell people to type exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import click

import mlflow_serverless
from mlflow_serverless.cli import main

ROOT = Path(mlflow_serverless.__file__).parent


@cache
def sentences() -> frozenset[str]:
    """Every text in the code, where f-strings have gaps."""
    found = set()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def said(pattern: str) -> set[str]:
    return {found for text in sentences() for found in re.findall(pattern, text)}


def test_commands_that_are_named_exist():
    """In backticks or before a gap, as hints have them: `mlflow-serverless COMMAND`."""
    named = said(r"(?:`|^|: |\n +)mlflow-serverless ([a-z]+)(?= |`|$)")

    assert isinstance(main, click.Group)
    assert 8 < len(named)
    assert named <= set(main.commands)
