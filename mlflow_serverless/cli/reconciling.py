"""Command that brings about what the registry says."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import EXIT_CODES, Session, command, examples, table
from mlflow_serverless.github.outcome import GOING
from mlflow_serverless.wiring import world_for

if TYPE_CHECKING:
    from mlflow_serverless.lineage import Cause
    from mlflow_serverless.reconcile import Outcome, Policy, Result, Scene
    from mlflow_serverless.relay import Event


REVIEWERS = "@reviewers"
"""Stands for whoever has approved the run on GitHub."""

EXITS = """

\b
Exit codes: 0 nothing to do, or all done; 10 a dry run found something to do;
5 a check refused (parity, audit, smoke); 2 the policy is wrong; others as of
every command. One deployment that fails does not stop the others."""


def _causes(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say who or what wants it."""

    @wraps(function)
    def run(
        session: Session,
        *,
        actor: str | None,
        run_url: str | None,
        commit: str | None,
        event: str | None,
        **rest: Any,
    ) -> None:
        from mlflow_serverless.lineage import cause_of  # noqa: PLC0415 - `--help` stays quick

        found = cause_of(os.environ)
        woke = _event(session, event)
        cause = replace(
            found, actor=actor or found.actor, run=run_url or found.run,
            commit=commit or found.commit, event=woke.id if woke else "",
        )  # fmt: skip
        function(session, cause=cause, woke=woke, **rest)

    for option in (
        click.option(
            "--event", metavar="JSON|@FILE",
            help="The event that caused this run: recorded and shown, never obeyed.",
        ),
        click.option("--commit", help="Commit to record as the cause."),
        click.option("--run-url", metavar="URL", help="CI run to record as the cause."),
        click.option("--actor", help="Person or program to record as the cause."),
    ):  # fmt: skip
        run = option(run)
    return run


@dataclass(frozen=True, slots=True)
class Asked:
    """Which policy is to hold, for what of it, and what people said to that."""

    file: Path
    only: tuple[str, ...]
    approved: tuple[str, ...]
    retry: tuple[str, ...]

    def scene(self, session: Session) -> "Scene":
        """The policy between its registry and its clouds."""
        from mlflow_serverless import reconcile as room  # noqa: PLC0415 - `--help` stays quick

        policy = room.load(self.file)
        told = room.Told(_approvals(self.approved, policy), frozenset(self.retry))
        return room.Scene(
            policy=policy,
            registry=room.MlflowRegistry(),
            worlds=cache(lambda target: world_for(target, session.report)),
            target=session.target,
            told=told,
            only=self.only,
        )


def _asks(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is to be reconciled, as `asked`."""

    @wraps(function)
    def run(
        session: Session,
        *,
        file: Path,
        only: tuple[str, ...],
        approved: tuple[str, ...],
        retry: tuple[str, ...],
        **rest: Any,
    ) -> None:
        function(session, asked=Asked(file, only, approved, retry), **rest)

    for option in (
        click.option(
            "--retry", multiple=True, metavar="NAME",
            help="Try a version again that lost its traffic in this deployment; may be "
            "repeated.",
        ),
        click.option(
            "--approved-by", "approved", multiple=True, metavar="ENVIRONMENT=WHO",
            help="Approve an environment that asks the run; may be repeated. WHO may "
            "be @reviewers: those who let a job of GitHub Actions into it.",
        ),
        click.option(
            "--only", multiple=True, metavar="NAME",
            help="Only this model, deployment or environment; may be repeated.",
        ),
        click.option(
            "--policy", "file", type=click.Path(path_type=Path), metavar="FILE",
            default=Path("mlflow-serverless.yaml"), show_default=True,
            help="The policy file.",
        ),
    ):  # fmt: skip
        run = option(run)
    return run


@click.command(
    epilog=examples(
        "mlflow-serverless reconcile --dry-run",
        "mlflow-serverless reconcile --only fraud",
    )
    + EXITS
)
@command
@_asks
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
@click.option(
    "--expect", metavar="PLAN", default="",
    help="Refuse unless this is still what would be done: the digest that a dry run "
    "printed.",
)  # fmt: skip
@_causes
@reporting("Registry to deployments")
def reconcile(  # noqa: PLR0913 - one a group of options
    session: Session,
    *,
    asked: Asked,
    dry_run: bool,
    expect: str,
    cause: "Cause",
    woke: "Event | None",
    files: Files,
) -> None:
    """
    Make deployments match registry and policy; safe to repeat.

    The policy says which alias, tag or stage of a registered model is served where.
    """
    from mlflow_serverless import reconcile as room  # noqa: PLC0415 - `--help` stays quick

    wish = room.Wish(tell=session.report, cause=cause, expect=expect)
    do = room.dry_run if dry_run else room.reconcile
    result = do(asked.scene(session), wish)
    outcomes = [outcome.described() for outcome in result.outcomes]
    plan = result.digest if dry_run else ""
    files.write(session, outcomes, dry_run=plan, cause=asdict(cause))
    value = {
        "policy": str(asked.file),
        "dry_run": dry_run,
        "plan": result.digest,
        "event": woke.described() if woke else None,
        "cause": {key: said for key, said in asdict(cause).items() if said},
        "outcomes": outcomes,
    }
    session.result(value, lambda console: _show(console, result, dry_run=dry_run))
    if code := room.exit_code(result.outcomes, EXIT_CODES):
        raise SystemExit(code)


def _show(console: Console, result: "Result", *, dry_run: bool) -> None:
    if not result.outcomes:
        console.print("the policy means no deployment yet.")
        return
    columns = ("state", "intent", "deployment", "environment", "why")
    console.print(table("", columns, [_row(each) for each in result.outcomes]))
    for outcome in result.outcomes:
        for line in _below(outcome, dry_run=dry_run):
            console.print(escape(line))
    errors = (outcome.error for outcome in result.outcomes)
    for hint in dict.fromkeys(each.hint for each in errors if each and each.hint):
        console.print(escape(f"hint: {hint}"))
    if dry_run:
        console.print(f"plan {result.digest}; nothing was changed.")
        if any(outcome.state == "pending" for outcome in result.outcomes):
            console.print(
                f"next: the same with --expect {result.digest} does just this."
            )


def _row(outcome: "Outcome") -> tuple[str, ...]:
    place, error = outcome.intent.place, outcome.error
    why = f"{error.message} [{error.code}]" if error else outcome.intent.why
    state = "begun" if _begun(outcome) else outcome.state
    return state, outcome.kind, place.name, place.environment, escape(why)


def _begun(outcome: "Outcome") -> bool:
    """Whether a rollout goes on that somebody advances; what served serves yet."""
    return outcome.deployment is not None and outcome.deployment.rollout in GOING


def _below(outcome: "Outcome", *, dry_run: bool) -> Iterator[str]:
    """What is behind a row, and what goes on with it."""
    name = outcome.intent.place.name
    if dry_run:
        steps = enumerate(outcome.steps, 1)
        yield from (f"  {name} {number}. {step}" for number, step in steps)
        if outcome.parity:
            yield f"  {name} parity: {outcome.parity}"
        if outcome.cost:
            yield f"  {name} cost: {outcome.cost}"
    if _begun(outcome):
        yield f"  {name} next: mlflow-serverless advance {name}"


def _event(session: Session, text: str | None) -> "Event | None":
    """What woke us; an event that cannot be read wakes us all the same."""
    from mlflow_serverless.relay import NotAnEventError, read_event  # noqa: PLC0415 - `--help` stays quick

    if not text:
        return None
    try:
        body = Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
        return read_event(body)
    except (NotAnEventError, OSError, UnicodeDecodeError) as cause:
        session.report("reconcile.warning", what=f"--event is not used: {cause}")
        return None


def _approvals(approved: tuple[str, ...], policy: "Policy") -> dict[str, str]:
    from mlflow_serverless.reconcile.errors import BadApprovalError  # noqa: PLC0415 - `--help` stays quick

    asking = [n for n, e in policy.environments.items() if e.approval == "run"]
    found = {}
    for text in approved:
        environment, _, who = text.partition("=")
        if environment not in asking or not who.strip():
            raise BadApprovalError(text, asking)
        said = who.strip()
        found[environment] = _reviewers(environment) if said == REVIEWERS else said
    return found


def _reviewers(environment: str) -> str:
    """Who let this run of GitHub Actions into the environment of that name."""
    from mlflow_serverless.github.client import of_run  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.github.errors import NoRunError, NotApprovedError  # noqa: PLC0415

    github, run = of_run(os.environ), os.environ.get("GITHUB_RUN_ID")
    if github is None or not run:
        raise NoRunError(environment)
    found = github.approvers(run, environment)
    if not found:
        raise NotApprovedError(environment, run)
    return "+".join(dict.fromkeys(found))
