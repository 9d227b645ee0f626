"""Rooms stay small enough to read: budgets on modules and functions."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MODULE_LINES, FUNCTION_LINES = 300, 50
"""A module is redesigned before it passes the first; a function before the second.
The rule for functions is 25; what lies between wants a hard look."""


def sources() -> list[Path]:
    """Every module that is shipped."""
    packages = (ROOT / "mlflow_serverless", ROOT / "lambda_runtime")
    return sorted(path for package in packages for path in package.rglob("*.py"))


def test_no_module_swallows_the_rest():
    """Every module can be read at one sitting."""
    over = {
        str(path.relative_to(ROOT))
        for path in sources()
        if len(path.read_text().splitlines()) > MODULE_LINES
    }

    assert set() == over


def test_no_function_swallows_the_rest():
    """A function can be seen at once."""
    over = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES
    ]

    assert [] == over
