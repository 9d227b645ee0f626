"""What every command shares: target, output, reporter, and how errors end."""

import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.report import Reporter, reporter
from mlflow_serverless.wiring import DEFAULT_TARGET, world_for
from mlflow_serverless.world import World

EXIT_CODES = {
    Kind.INTERNAL: 1,
    Kind.BAD_INPUT: 2,
    Kind.NOT_FOUND: 3,
    Kind.CONFLICT: 4,
    Kind.REFUSED: 5,
    Kind.DENIED: 6,
    Kind.UNAVAILABLE: 7,
    Kind.UNSUPPORTED: 8,
}
"""2 is also what a mistake on the command line itself exits with."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as of shells."""


@dataclass(slots=True)
class Session:
    """One command's surroundings."""

    target: str
    quiet: bool
    as_json: bool
    debug: bool
    report: Reporter

    def world(self) -> World:
        """The target's World; events go to this command's reporter."""
        return world_for(self.target, self.report)

    def result(self, value: object, show: Callable[[Console], None]) -> None:
        """Print the command's result: *value* as JSON, or whatever *show* prints."""
        if self.as_json:
            click.echo(json.dumps(value, indent=2, default=str))
        elif not self.quiet:
            said = console()
            with said.capture() as shown:
                show(said)
            # Tables fill their columns with blanks.
            lines = [line.rstrip() for line in shown.get().splitlines()]
            click.echo("".join(f"{line}\n" for line in lines), nl=False)


def console() -> Console:
    """Standard output; where it is no terminal, so wide that no address is broken."""
    wide = None if sys.stdout.isatty() else 500
    return Console(file=sys.stdout, width=wide, highlight=False, soft_wrap=True)


def table(title: str, columns: tuple[str, ...], rows: Sequence[Sequence[str]]) -> Table:
    """A table that says so when it has no rows."""
    made = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False,
        show_header=any(columns),
    )  # fmt: skip
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options, and its `Session` as first argument."""

    @wraps(function)
    def run(
        target: str, *, quiet: bool, as_json: bool, debug: bool, **rest: Any
    ) -> None:
        style = "silent" if quiet else "json" if as_json else "auto"
        with reporter(sys.stderr, style=style) as report:
            session = Session(target, quiet, as_json, debug, report)
            try:
                function(session, **rest)
            except ServerlessError as error:
                failure: ServerlessError = error
            except KeyboardInterrupt:
                raise SystemExit(INTERRUPTED) from None
            else:
                return
        _end(failure, session)

    for option in reversed(_SHARED):
        run = option(run)
    return run


def command_here(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `command`, for what is of this machine: `-t` is taken, and not shown."""
    run = command(function)
    for option in run.__click_params__:  # type: ignore[attr-defined]
        if option.name == "target":
            option.hidden = True
    return run


_SHARED = (
    click.option(
        "-t",
        "--target",
        default=DEFAULT_TARGET,
        envvar="MLFLOW_SERVERLESS_TARGET",
        show_default=True,
        show_envvar=True,
        help="Where: lambda:/local (this machine), lambda or lambda:/REGION (AWS).",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    click.option(
        "--json", "as_json", is_flag=True,
        help="Print the result as JSON on stdout, progress as JSON lines on stderr.",
    ),
    click.option("--debug", is_flag=True, help="Print a traceback with an error."),
)  # fmt: skip


def examples(*lines: str) -> str:
    """What stands under a command's help, as it is written."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def _end(error: ServerlessError, session: Session) -> NoReturn:
    if session.debug:
        traceback.print_exception(error)
    if session.as_json:
        click.echo(json.dumps(described(error)), err=True)
    else:
        styled = click.style("error: ", fg="red", bold=True)
        click.echo(f"{styled}{error.message}", err=True)
        if error.hint:
            hint = hinted(error, session)
            click.echo(f"{click.style('hint: ', fg='cyan')}{hint}", err=True)
        click.echo(f"[{error.code}]", err=True)
    raise SystemExit(EXIT_CODES[error.kind])


def hinted(error: ServerlessError, session: Session) -> str:
    """
    What helps, with the target where it matters.

    A command that is named is to be typed with the same `-t`; whoever named no target
    may not have meant AWS.
    """
    hint, given = error.hint, click.get_current_context().get_parameter_source("target")
    named = given is ParameterSource.COMMANDLINE and f"-t {session.target}" not in hint
    if named and "mlflow-serverless " in hint:
        return f"{hint.rstrip('.')} (with -t {session.target})."
    if given is ParameterSource.DEFAULT and error.code in _ABROAD:
        return f"{hint.rstrip('.')}; or stay on this machine: -t lambda:/local."
    return hint


_ABROAD = {"no-aws-credentials", "no-aws-region"}
"""What somebody meets who has never been to AWS."""


def described(error: ServerlessError) -> Mapping[str, str]:
    """An error as JSON."""
    return {
        "error": error.code,
        "kind": error.kind.value,
        "message": error.message,
        "hint": error.hint,
    }


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Take the deployment's name as an argument, or as `--name` as MLflow does."""

    @wraps(function)
    def run(
        session: Session, *, name: str | None, named: str | None, **rest: Any
    ) -> None:
        chosen = name or named
        if chosen is None or (name and named and name != named):
            message = "name one deployment: NAME, or --name NAME."
            raise click.UsageError(message)
        function(session, name=chosen, **rest)

    wrapped = click.option("--name", "named", metavar="NAME", help="The same as NAME.")(
        run
    )
    return click.argument("name", metavar="NAME", required=False)(wrapped)
