"""Commands for the relay between a registry's webhooks and a reconcile."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli import relay_here as here
from mlflow_serverless.cli import relay_options as options
from mlflow_serverless.cli.planning import DriftError
from mlflow_serverless.cli.session import Session, command, table
from mlflow_serverless.cli.wish import adopting
from mlflow_serverless.wiring import LOCAL

if TYPE_CHECKING:
    from mlflow_serverless.plan import Foreign
    from mlflow_serverless.tools.deploy import Proposed
    from mlflow_serverless.world import World


@click.group()
def relay() -> None:
    """
    Act on the registry's webhooks as they come.

    MLflow cannot call GitHub by itself: the relay takes its webhooks, checks their
    signature, and starts a reconcile here or a workflow there. See docs/relay.md.
    """


@relay.command()
@command
@options.listening
def serve(
    session: Session, *, file: Path, host: str, port: int, to: str | None
) -> None:
    """Listen for webhooks on this machine, until Ctrl-C."""
    from mlflow_serverless.relay.errors import RelayAddressError  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.serve import server  # noqa: PLC0415 - as above

    made = here.relay(session, file, to)
    try:
        listening = server(made, host, port)
    except OSError as cause:
        raise RelayAddressError(host, port, cause.strerror or str(cause)) from cause
    url = f"http://{host}:{listening.server_port}/events"
    with listening, here.folder().held(url) as ours:
        session.report("relay.done", what=f"listening on {url}")
        if not ours:
            session.report("relay.warning", what="another relay runs here already")
        here.until_told(listening.serve_forever, listening.shutdown)


@relay.command()
@command
@options.listening
@options.on_aws
@adopting
def deploy(  # noqa: PLR0913 - one a group of options
    session: Session, *, file: Path, host: str, port: int, to: str | None,
    name: str, **asked: Any,
) -> None:  # fmt: skip
    """
    Make or update the relay; safe to repeat.

    On lambda:/local it is a process of this machine. On AWS it is a function behind
    a public URL, so -C allow=public-url is needed: MLflow cannot sign requests for
    AWS; the relay checks MLflow's own signature.
    """
    options.refuse_misplaced(session.target)
    if session.target == LOCAL:
        here.started(session, file, host, port, to)
        _here(session, following="mlflow-serverless relay register")
        return
    from mlflow_serverless.relay import deploy as room  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.errors import RelayTargetError  # noqa: PLC0415 - as above
    from mlflow_serverless.tools.deploy import carry_out  # noqa: PLC0415 - as above

    world = session.world()
    if to == "reconcile":
        raise RelayTargetError(session.target)
    found = _proposed(world, file, name, **asked)
    receipt = carry_out(found, world)
    now, steps = room.status(name, world), [str(step) for step in receipt.done]

    def show(console: Console) -> None:
        console.print(f"{name} serves version {now.version}; {len(steps)} steps")
        console.print(f"  url         {now.url}")
        console.print(f"  dispatches  to {now.repository}")
        for finding in found.findings:
            console.print(f"  finding     {escape(str(finding))}")
        console.print("next: mlflow-serverless relay register")

    session.result({**asdict(now), "changed": steps}, show)


@relay.command()
@command
@options.policy
@click.option("--check", is_flag=True, help="Exit with 4 if anything would change.")
@options.on_aws
@adopting
def plan(session: Session, *, file: Path, name: str, check: bool, **asked: Any) -> None:
    """Show what `relay deploy` would change on AWS."""
    if session.target == LOCAL:
        from mlflow_serverless.tools.errors import ToolTargetError  # noqa: PLC0415 - `--help` stays quick

        raise ToolTargetError("relay", LOCAL)  # noqa: EM101 - the tool's name
    found = _proposed(session.world(), file, name, **asked)
    steps = [str(step) for step in found.plan.steps]

    def show(console: Console) -> None:
        if not steps:
            console.print(f"{name} is as it should be; nothing would change.")
            return
        rows = [(str(number), escape(step)) for number, step in enumerate(steps, 1)]
        console.print(table(f"{name} on {session.target}", ("#", "step"), rows))

    findings = [str(finding) for finding in found.findings]
    session.result({"name": name, "steps": steps, "findings": findings}, show)
    if check and steps:
        raise DriftError(name, session.target, len(steps))


def _proposed(  # noqa: PLR0913 - one a group of options
    world: "World", file: Path, name: str, *, sender: dict[str, str],
    given: dict[str, object], databricks: bool, foreign: "Foreign",
) -> "Proposed":  # fmt: skip
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay import deploy as room  # noqa: PLC0415 - as above

    return room.propose(
        name, load(file), options.sender_of(sender), world,
        given=given, databricks=databricks, foreign=foreign,
    )  # fmt: skip


@relay.command()
@command
@options.name
def status(session: Session, *, name: str) -> None:
    """Show where the relay listens and what it sends on."""
    if session.target == LOCAL:
        _here(session)
        return
    from mlflow_serverless.relay import deploy as room  # noqa: PLC0415 - `--help` stays quick

    now = room.status(name, session.world())

    def show(console: Console) -> None:
        console.print(f"{name} serves version {now.version}, of {now.created}")
        console.print(f"  url         {now.url}")
        console.print(f"  image       {now.image}")
        console.print(f"  dispatches  to {now.repository}")
        rows = [tuple(map(str, one)) for one in now.filters]
        console.print(table("", ("model", "on", "name"), rows))

    filters = [one._asdict() for one in now.filters]
    session.result({**asdict(now), "filters": filters}, show)


def _here(session: Session, following: str = "") -> None:
    """The relay of this machine, and what comes next."""
    said = {"url": here.url(), "log": str(here.folder().log)}

    def show(console: Console) -> None:
        console.print(f"relay listens on {said['url']}")
        console.print(f"  log  {said['log']}")
        if following:
            console.print(f"next: {following}")

    session.result(said, show)


@relay.command()
@command
@options.policy
@options.webhook
@options.name
@click.option("--url", help="URL of the relay; else that of the one that is deployed.")
@click.option(
    "--no-test", is_flag=True, help="Do not have the registry send a test event."
)
def register(  # noqa: PLR0913 - one argument an option
    session: Session, *, file: Path, webhook: str, name: str, url: str | None,
    no_test: bool,
) -> None:  # fmt: skip
    """Make or mend the registry's webhook, and test it."""
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.meant import events_of  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.register import Webhooks  # noqa: PLC0415 - as above

    events = events_of(load(file))
    if not events:
        said = "the policy goes by stages alone, of which no webhook tells: run a "
        said += "reconcile on a schedule."
        session.result({"events": []}, lambda console: console.print(said))
        return
    address, secret = _webhook(session, name, url)
    webhooks = Webhooks()
    made = webhooks.register(address, events, secret, name=webhook)
    status = None if no_test else webhooks.test(made)
    done = "made" if made.fresh else "is as it should be"
    said = f"webhook {made.name} to {made.url} {done}"
    tested = "" if status is None else f"; the registry called it: {status}"
    session.result(
        {**asdict(made), "tested": status},
        lambda console: console.print(f"{said}{tested}"),
    )


def _webhook(session: Session, name: str, url: str | None) -> tuple[str, str]:
    """
    Where the registry is to call, and what it is to sign with.

    One that was deployed by hand is named by `--url`, and its secret by the
    environment; nothing is looked up for it.
    """
    from mlflow_serverless.relay import deploy as room  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.settings import secrets_of  # noqa: PLC0415 - as above

    if session.target == LOCAL or (url and "RELAY_SECRETS" in os.environ):
        return url or here.url(), secrets_of(here.own())[0]
    known, secret = room.webhook(name, session.world())
    return url or known, secret


@relay.command()
@command
@options.webhook
@options.name
@click.option("--keep-webhook", is_flag=True, help="Leave the webhook in the registry.")
def delete(session: Session, *, webhook: str, name: str, keep_webhook: bool) -> None:
    """Delete the relay and its webhook; safe to repeat."""
    from mlflow_serverless.relay.register import Webhooks  # noqa: PLC0415 - `--help` stays quick

    # The webhook first: what it sends meanwhile would find nobody.
    removed = 0 if keep_webhook else Webhooks().remove(name=webhook)
    stopped = _stopped(session, name)
    said = "the relay is gone" if stopped else "there was no relay"
    session.result(
        {"stopped": stopped, "webhooks": removed},
        lambda console: console.print(f"{said}; {removed} webhooks removed"),
    )


def _stopped(session: Session, name: str) -> bool:
    from mlflow_serverless.relay import deploy as room  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.local import stop  # noqa: PLC0415 - as above

    if session.target == LOCAL:
        return stop(here.folder())
    return room.delete(name, session.world())
