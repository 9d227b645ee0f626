"""Commands for the relay between a registry's webhooks and a reconcile."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlflow_serverless.cli.session import Session, command
from mlflow_serverless.wiring import LOCAL, home

if TYPE_CHECKING:
    from mlflow_serverless.relay.event import Event
    from mlflow_serverless.relay.handle import Relay
    from mlflow_serverless.relay.local import Folder

PORT = 8932

_policy = click.option(
    "--policy", "file", type=click.Path(path_type=Path), metavar="FILE",
    default=Path("mlflow-serverless.yaml"), show_default=True, help="The policy.",
)  # fmt: skip
_name = click.option(
    "--webhook", default="mlflow-serverless", show_default=True,
    help="What the webhook is called in the registry.",
)  # fmt: skip


def _listening(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `serve`, and of `deploy`, which starts it."""
    for option in (
        click.option(
            "--to", type=click.Choice(["reconcile", "github"]), default="reconcile",
            show_default=True, help="Where events go: a reconcile here, or a dispatch.",
        ),
        click.option(
            "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True,
            help="0 takes a free one.",
        ),
        click.option("--host", default="127.0.0.1", show_default=True),
        _policy,
    ):  # fmt: skip
        function = option(function)
    return function


@click.group()
def relay() -> None:
    """Turn a registry's webhooks into reconciles; see docs/relay.md."""


@relay.command()
@command
@_listening
def serve(session: Session, *, file: Path, host: str, port: int, to: str) -> None:
    """Listen for webhooks until interrupted."""
    from mlflow_serverless.relay.errors import RelayAddressError  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.serve import server  # noqa: PLC0415 - as above

    made = _relay(session, file, to)
    try:
        listening = server(made, host, port)
    except OSError as cause:
        raise RelayAddressError(host, port, cause.strerror or str(cause)) from cause
    url = f"http://{host}:{listening.server_port}/events"
    with listening, _folder().held(url) as ours:
        session.report("relay.done", what=f"listening on {url}")
        if not ours:
            session.report("relay.warning", what="another relay runs here already")
        _until_told(listening.serve_forever, listening.shutdown)


@relay.command()
@command
@_listening
def deploy(session: Session, *, file: Path, host: str, port: int, to: str) -> None:
    """Start the relay where -t says, and leave it running. Safe to repeat."""
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.errors import RelayTargetError  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.local import start  # noqa: PLC0415 - as above

    if session.target != LOCAL:
        raise RelayTargetError(session.target)
    options = (
        "--policy", str(file.absolute()), "--host", host, "--port", str(port),
        "--to", to, "-t", session.target,
    )  # fmt: skip
    url = start(_folder(), options, load(file).model_dump_json())
    session.result(
        {"url": url}, lambda console: console.print(f"relay listens on {url}")
    )


@relay.command()
@command
@_policy
@_name
@click.option(
    "--url", help="Of the relay; that of the one that runs here, if not given."
)
@click.option("--no-test", is_flag=True, help="Do not have the registry call it.")
def register(
    session: Session, *, file: Path, webhook: str, url: str | None, no_test: bool
) -> None:
    """Make the registry's webhook, or mend it, and have the registry call it."""
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.meant import events_of  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.register import Webhooks  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.settings import secrets_of  # noqa: PLC0415 - as above

    events = events_of(load(file))
    if not events:
        said = "the policy goes by stages alone, of which no webhook tells: run a "
        said += "reconcile on a schedule."
        session.result({"events": []}, lambda console: console.print(said))
        return
    webhooks, secret = Webhooks(), secrets_of(_own())[0]
    made = webhooks.register(url or _url(), events, secret, name=webhook)
    status = None if no_test else webhooks.test(made)
    done = "made" if made.fresh else "is as it should be"
    said = f"webhook {made.name} to {made.url} {done}"
    tested = "" if status is None else f"; the registry called it: {status}"
    session.result(
        {**asdict(made), "tested": status},
        lambda console: console.print(f"{said}{tested}"),
    )


@relay.command()
@command
@_name
@click.option("--keep-webhook", is_flag=True, help="Leave the registry as it is.")
def delete(session: Session, *, webhook: str, keep_webhook: bool) -> None:
    """Stop the relay and take its webhook away. Safe to repeat."""
    from mlflow_serverless.relay.local import stop  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.register import Webhooks  # noqa: PLC0415 - as above

    stopped = stop(_folder())
    removed = 0 if keep_webhook else Webhooks().remove(name=webhook)
    said = "stopped" if stopped else "no relay ran"
    session.result(
        {"stopped": stopped, "webhooks": removed},
        lambda console: console.print(f"{said}; {removed} webhooks removed"),
    )


def _relay(session: Session, file: Path, to: str) -> "Relay":
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.filter import dump  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.meant import filters_of  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.settings import relay_of, relay_with  # noqa: PLC0415 - as above

    environ = {
        "RELAY_FILTERS": dump(filters_of(load(file))),
        "RELAY_SEEN": f"file:{_folder().seen}",
        **_own(),
    }
    if to == "github":
        return relay_of(environ)._replace(log=_log)
    send = _reconciler(file, session.target)
    return relay_with(environ, send)._replace(log=_log)


def _reconciler(file: Path, target: str) -> "Callable[[Event], None]":
    from mlflow_serverless.relay.send import Reconciler, by_command  # noqa: PLC0415 - `--help` stays quick

    call = "from mlflow_serverless.cli import main; main()"
    command = (
        sys.executable, "-c", call, "reconcile", "--policy", str(file.absolute()),
        "-t", target, "--json", "--actor", "mlflow-serverless relay",
    )  # fmt: skip
    return Reconciler(by_command(command, _log))


def _folder() -> "Folder":
    from mlflow_serverless.relay.local import Folder  # noqa: PLC0415 - `--help` stays quick

    return Folder(home() / "relay")


def _own() -> dict[str, str]:
    """What the environment says of the relay; a secret of our own if it has none."""
    given = {k: v for k, v in os.environ.items() if k.startswith("RELAY_")}
    if "RELAY_SECRETS" not in given:
        given["RELAY_SECRETS"] = _folder().secret()
    return given


def _url() -> str:
    from mlflow_serverless.relay.errors import RelayMissingError  # noqa: PLC0415 - `--help` stays quick

    found = _folder().address()
    if found is None:
        raise RelayMissingError
    return str(found["url"])


def _log(line: str) -> None:
    click.echo(line, err=True)


def _until_told(serve: Callable[[], None], shutdown: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; what is being answered is answered."""
    import signal  # noqa: PLC0415 - `--help` stays quick

    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    thread = threading.Thread(target=serve)
    thread.start()
    told.wait()
    shutdown()
    thread.join()
