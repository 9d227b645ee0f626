"""What a command writes for the CI that runs it."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click


class Files:
    """
    Where a run's summary and outputs go; nowhere, if not named.

    Args:
        summary: Markdown is appended here.
        outputs: `key<<fence` lines are appended here.
    """

    def __init__(self, summary: Path | None, outputs: Path | None) -> None:
        self._summary = summary
        self._outputs = outputs

    def write(self, outcomes: Sequence[Mapping[str, Any]], **said: Any) -> None:
        """Write both; *said* is what `github.summary` takes."""
        from mlflow_serverless.github.outputs import (  # noqa: PLC0415 - `--help` stays quick
            outputs_of,
            write_outputs,
            write_summary,
        )
        from mlflow_serverless.github.summary import summary  # noqa: PLC0415 - as above

        if self._summary:
            write_summary(self._summary, summary(outcomes, **said))
        if self._outputs:
            extra = {"plan": said.get("dry_run", "")}
            write_outputs(self._outputs, outputs_of(outcomes) | extra)


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--summary` and `--outputs`, as its `files`."""

    @wraps(function)
    def run(
        *args: Any, summary: Path | None, outputs: Path | None, **rest: Any
    ) -> None:
        function(*args, files=Files(summary, outputs), **rest)

    for option in (
        click.option(
            "--outputs", type=click.Path(path_type=Path), envvar="GITHUB_OUTPUT",
            show_envvar=True, help="Append the results, for later steps, to this file.",
        ),
        click.option(
            "--summary", type=click.Path(path_type=Path), envvar="GITHUB_STEP_SUMMARY",
            show_envvar=True, help="Append a page for people, Markdown, to this file.",
        ),
    ):  # fmt: skip
        run = option(run)
    return run
