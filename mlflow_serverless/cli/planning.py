"""The command that says what would change."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import Session, command, examples, named, table
from mlflow_serverless.cli.wish import Wish, adopting, wished
from mlflow_serverless.errors import Kind, ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.pipeline import Proposal
    from mlflow_serverless.plan import Foreign


class DriftError(ServerlessError):
    """What is there is not what is wanted; for scripts that ask only that."""

    code = "drift"
    kind = Kind.CONFLICT

    def __init__(self, name: str, target: str, steps: int) -> None:
        count = "a step" if steps == 1 else f"{steps} steps"
        super().__init__(
            f"{name} on {target} is not as it should be: {count} away.",
            hint=f"`mlflow-serverless plan {name}` shows what differs; deploy or "
            "update brings it about.",
        )


@click.command(
    epilog=examples(
        "mlflow-serverless plan fraud models:/fraud@champion",
        "mlflow-serverless plan fraud --check",
    )
)
@command
@named
@click.option("--check", is_flag=True, help="Exit with 4 if anything would change.")
@adopting
@wished
@reporting("Plan of {name}")
def plan(  # noqa: PLR0913 - one argument an option
    session: Session,
    *,
    name: str,
    wish: Wish,
    check: bool,
    foreign: "Foreign",
    files: Files,
) -> None:
    """
    Show what `deploy` would change; change nothing.

    Lists the steps, what security audit and preflight checks found, and the cost.
    Without MODEL_URI the model that is deployed is kept.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.secure import refuse  # noqa: PLC0415 - as above

    request = replace(wish.kept(name), foreign=foreign)
    proposal = pipeline.plan_only(request, session.world())
    session.result(_plain(proposal), lambda console: _show(proposal, console))
    refuse(name, proposal.findings)
    _written(proposal, session, files)
    if check and proposal.plan:
        raise DriftError(name, proposal.target, len(proposal.plan.steps))


def _written(proposal: "Proposal", session: Session, files: Files) -> None:
    steps = [str(step) for step in proposal.plan.steps]
    said = "what is there is as it should be"
    files.one(
        session, proposal.name, intent="Deploy",
        state="pending" if steps else "ignored",
        why=f"{len(steps)} steps; nothing was changed" if steps else said,
        model=proposal.model, steps=steps, bundle=proposal.bundle,
        parity=proposal.parity,
        cost="; ".join(filter(None, (proposal.cost, *map(str, proposal.costs)))),
    )  # fmt: skip


def _show(proposal: "Proposal", console: Console) -> None:
    steps = [str(step) for step in proposal.plan.steps]
    if steps:
        rows = [(str(number), escape(step)) for number, step in enumerate(steps, 1)]
        title = f"{proposal.name} on {proposal.target}, {proposal.model}"
        console.print(table(title, ("#", "step"), rows))
    else:
        console.print(f"{proposal.name} is as it should be; nothing would change.")
    console.print(f"parity      {proposal.parity}")
    console.print(f"engine      {proposal.engine}")
    if proposal.cost:
        console.print(f"cost        {proposal.cost}")
    if proposal.cold_start:
        console.print(f"cold start  {proposal.cold_start}")
    if proposal.rollout:
        console.print(f"rollout     {escape(str(proposal.rollout))}")
        if proposal.rollout.cost:
            console.print(f"            {proposal.rollout.cost}")
    for title, lines in (("findings", proposal.findings), ("costs", proposal.costs)):
        for line in lines:
            console.print(f"{title:<10}  {escape(str(line))}")


def _plain(proposal: "Proposal") -> dict[str, object]:
    return {
        "name": proposal.name,
        "target": proposal.target,
        "model": proposal.model,
        "bundle": proposal.bundle,
        "parity": proposal.parity,
        "engine": proposal.engine,
        "cost": proposal.cost,
        "cold_start": proposal.cold_start,
        "rollout": str(proposal.rollout) if proposal.rollout else None,
        "rollout_cost": proposal.rollout.cost if proposal.rollout else "",
        "steps": [
            {"kind": type(step).__name__, "text": str(step)}
            for step in proposal.plan.steps
        ],
        "findings": [
            {**asdict(finding), "weight": finding.weight.value}
            for finding in proposal.findings
        ],
        "costs": [asdict(line) for line in proposal.costs],
    }
