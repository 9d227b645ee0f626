"""What a command writes for the CI that runs it."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click

from mlflow_serverless.cli.session import Session
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.lineage import cause_of

SUMMARY_BYTES = 1024 * 1024
"""Most that a step's summary may have (GitHub's documentation, November 2026)."""
COMMENT_BYTES = 65_536
"""Most that a comment may have [characters]; bytes are never fewer."""


class Files:
    """
    Where a run's summary and outputs go; nowhere, if not named.

    Args:
        title: Of the page; also what its comment is known by.
        summary: Markdown is appended here.
        outputs: `key<<fence` lines are appended here.
        comment: Pull request or issue under which the summary is put, over the last.
    """

    def __init__(
        self,
        title: str,
        *,
        summary: Path | None,
        outputs: Path | None,
        comment: int | None,
    ) -> None:
        self._title = title
        self._summary = summary
        self._outputs = outputs
        self._comment = comment
        self._written = False

    @property
    def wanted(self) -> bool:
        """Whether anything is to be written."""
        return bool(self._summary or self._outputs or self._comment)

    def write(
        self,
        session: Session,
        outcomes: Sequence[Mapping[str, Any]],
        *,
        about: Mapping[str, Any] | None = None,
        **said: Any,
    ) -> None:
        """Write all that was asked for; *said* is what `github.summary` takes."""
        from mlflow_serverless.github.outcome import links_of  # noqa: PLC0415 - `--help` stays quick
        from mlflow_serverless.github.outputs import (  # noqa: PLC0415 - as above
            outputs_of,
            write_outputs,
            write_summary,
        )
        from mlflow_serverless.github.summary import clipped, summary  # noqa: PLC0415 - as above

        links = links_of(outcomes, os.environ.get("MLFLOW_TRACKING_URI", ""))
        page = summary(outcomes, title=self._title, links=links, **said)
        if self._summary:
            write_summary(self._summary, clipped(page, SUMMARY_BYTES))
        if self._outputs:
            extra = {"plan": said.get("dry_run", "")}
            write_outputs(self._outputs, outputs_of(outcomes, about) | extra)
        if self._comment:
            _put(session, self._comment, clipped(page, COMMENT_BYTES), self._title)
        self._written = True

    def one(self, session: Session, name: str, **said: Any) -> None:
        """Write of a command for one deployment; *said* is what `outcome` takes."""
        from mlflow_serverless.github.outcome import outcome  # noqa: PLC0415 - `--help` stays quick

        found = outcome(name, session.target, **said)
        cause = asdict(cause_of(os.environ))
        self.write(session, [found], about=found, cause=cause)

    def failed(self, session: Session, name: str, error: ServerlessError) -> None:
        """Write that nothing came of it, unless a page says more already."""
        if self._written:
            return
        what = {"code": error.code, "message": error.message, "hint": error.hint}
        self.one(
            session, name, intent=click.get_current_context().info_name or "",
            state="failed", why=error.message.partition("\n")[0], error=what,
        )  # fmt: skip


def _put(session: Session, number: int, body: str, title: str) -> None:
    """Comment, or say why not: what was done stands without it."""
    from mlflow_serverless.github.client import of_run  # noqa: PLC0415 - `--help` stays quick

    github = of_run(os.environ)
    if github is None:
        said = "not commented: GITHUB_TOKEN and GITHUB_REPOSITORY must be set"
        session.report("comment.warning", what=said)
        return
    try:
        # It stands in an HTML comment, which no name may end.
        marker = f"mlflow-serverless: {re.sub('[^A-Za-z0-9_. -]|--+', '', title)}"
        url = github.comment(number, marker, body)
        session.report("comment.done", what=url)
    except ServerlessError as error:
        what = f"not commented: {error.message} {error.hint}".rstrip()
        session.report("comment.warning", what=what)


def reporting(title: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Give a command `--summary`, `--outputs` and `--comment`, as its `files`.

    A command that fails is written of, too.

    Args:
        title: Of the page; `{name}` is the deployment's, where the command has one.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(
            session: Session,
            *,
            summary: Path | None,
            outputs: Path | None,
            comment: int | None,
            **rest: Any,
        ) -> None:
            name = rest.get("name", "")
            files = Files(
                title.format(name=name),
                summary=summary, outputs=outputs, comment=comment,
            )  # fmt: skip
            try:
                function(session, files=files, **rest)
            except ServerlessError as error:
                files.failed(session, name, error)
                raise

        return _asked_for(run)

    return decorate


def _asked_for(run: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--comment", type=click.IntRange(1), metavar="NUMBER",
            help="CI: put the page under this pull request, over the last one; needs "
            "GITHUB_TOKEN and GITHUB_REPOSITORY.",
        ),
        click.option(
            "--outputs", type=click.Path(path_type=Path), envvar="GITHUB_OUTPUT",
            show_envvar=True, help="CI: append results for later steps to this file.",
        ),
        click.option(
            "--summary", type=click.Path(path_type=Path), envvar="GITHUB_STEP_SUMMARY",
            show_envvar=True, help="CI: append a page in Markdown to this file.",
        ),
    ):  # fmt: skip
        run = option(run)
    return run
