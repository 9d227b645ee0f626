"""Writes docs/reference from the code, and the README's figures from the benchmarks.

`--check` says whether they are up to date.
"""

import re
import sys
from pathlib import Path

import click
import reference_errors
import reference_figures
import reference_limits
import reference_python

from mlflow_serverless.cli import main as cli
from mlflow_serverless.cli.session import EXIT_CODES
from mlflow_serverless.config import json_schema, markdown
from mlflow_serverless.reconcile import json_schema as policy_schema

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
SOURCES = Path(__file__).parent.parent / "mlflow_serverless"
MADE = "<!-- Made by scripts/generate_reference.py; do not edit. -->"


def pages() -> dict[Path, str]:
    """File to content."""
    return {
        FOLDER / "config.md": markdown(),
        FOLDER / "config.schema.json": json_schema(),
        FOLDER / "policy.schema.json": policy_schema(),
        FOLDER / "cli.md": commands(),
        FOLDER / "errors.md": errors(),
        FOLDER / "limits.md": reference_limits.page(),
        FOLDER / "python.md": reference_python.page(),
        reference_figures.README: reference_figures.readme(),
    }


def errors() -> str:
    """Every error code; MLflow's are read off its door, which is slow to import."""
    door = (SOURCES / "door" / "errors.py").read_text(encoding="utf-8")
    mlflow = dict(re.findall(r"Kind\.(\w+): (\w+),", door))
    exits = {kind.name: number for kind, number in EXIT_CODES.items()}
    return reference_errors.page(exits, mlflow)


def commands() -> str:
    """Every command with its help, as the terminal shows it."""
    parts = [f"# Commands\n\n{MADE}\n"]
    for path, command in _walk("mlflow-serverless", cli):
        context = click.Context(
            command, info_name=path, terminal_width=80, max_content_width=80
        )
        parts.append(f"## {path}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += _walk(f"{path} {name}", command.commands[name])
    return found


def main() -> int:
    """Write the pages, or compare them."""
    made = pages()
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file, text in made.items():
            file.write_text(text, encoding="utf-8")
        return 0
    stale = [file for file, text in made.items() if _read(file) != text]
    for file in stale:
        name = file.relative_to(FOLDER.parent.parent)
        print(f"{name} is out of date: run scripts/{Path(__file__).name}")
    return 1 if stale else 0


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
