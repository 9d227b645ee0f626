"""What a command writes for the CI that runs it."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from mlflow_serverless.cli.session import Session
from mlflow_serverless.errors import ServerlessError

SUMMARY_BYTES = 1024 * 1024
"""Most that a step's summary may have (GitHub's documentation, November 2026)."""
COMMENT_BYTES = 65_536
"""Most that a comment may have [characters]; bytes are never fewer."""


class Files:
    """
    Where a run's summary and outputs go; nowhere, if not named.

    Args:
        summary: Markdown is appended here.
        outputs: `key<<fence` lines are appended here.
        comment: Pull request or issue under which the summary is put, over the last.
    """

    def __init__(
        self, summary: Path | None, outputs: Path | None, comment: int | None
    ) -> None:
        self._summary = summary
        self._outputs = outputs
        self._comment = comment

    def write(
        self, session: Session, outcomes: Sequence[Mapping[str, Any]], **said: Any
    ) -> None:
        """Write all that was asked for; *said* is what `github.summary` takes."""
        from mlflow_serverless.github.outputs import (  # noqa: PLC0415 - `--help` stays quick
            outputs_of,
            write_outputs,
            write_summary,
        )
        from mlflow_serverless.github.summary import clipped, summary  # noqa: PLC0415 - as above

        page = summary(outcomes, **said)
        if self._summary:
            write_summary(self._summary, clipped(page, SUMMARY_BYTES))
        if self._outputs:
            extra = {"plan": said.get("dry_run", "")}
            write_outputs(self._outputs, outputs_of(outcomes) | extra)
        if self._comment:
            body = clipped(page, COMMENT_BYTES)
            _put(session, self._comment, body, str(said["title"]))


def _put(session: Session, number: int, body: str, title: str) -> None:
    """Comment, or say why not: what was done stands without it."""
    from mlflow_serverless.github.client import API, GitHub  # noqa: PLC0415 - `--help` stays quick

    token, repository = (
        os.environ.get(name, "") for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY")
    )
    if not (token and repository):
        said = "not commented: GITHUB_TOKEN and GITHUB_REPOSITORY must be set"
        session.report("comment.warning", what=said)
        return
    api = os.environ.get("GITHUB_API_URL", API)
    try:
        marker = f"mlflow-serverless: {title}"
        url = GitHub(repository, lambda: token, api=api).comment(number, marker, body)
        session.report("comment.done", what=url)
    except ServerlessError as error:
        session.report("comment.warning", what=f"not commented: {error.message}")


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--summary`, `--outputs` and `--comment`, as its `files`."""

    @wraps(function)
    def run(
        *args: Any,
        summary: Path | None,
        outputs: Path | None,
        comment: int | None,
        **rest: Any,
    ) -> None:
        function(*args, files=Files(summary, outputs, comment), **rest)

    for option in (
        click.option(
            "--comment", type=click.IntRange(1), metavar="NUMBER",
            help="Put the page under this pull request, over the last one; needs "
            "GITHUB_TOKEN and GITHUB_REPOSITORY.",
        ),
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
