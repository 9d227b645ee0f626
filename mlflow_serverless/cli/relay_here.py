"""The relay on this machine, as its commands use it."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_serverless.cli.session import Session
from mlflow_serverless.wiring import LOCAL, home

if TYPE_CHECKING:
    from mlflow_serverless.relay.event import Event
    from mlflow_serverless.relay.handle import Relay
    from mlflow_serverless.relay.local import Folder


def started(session: Session, file: Path, host: str, port: int, to: str | None) -> str:
    """Start the relay, unless one runs with just these options; its URL."""
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.local import start  # noqa: PLC0415 - as above

    relay(session, file, to)  # what is wrong with it is said here, not in its log
    options = (
        "--policy", str(file.absolute()), "--host", host, "--port", str(port),
        "--to", to or "reconcile", "-t", session.target,
    )  # fmt: skip
    return start(folder(), options, load(file).model_dump_json())


def relay(session: Session, file: Path, to: str | None) -> "Relay":
    """The relay that the policy and the environment mean."""
    from mlflow_serverless.reconcile import load  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.filter import dump  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.meant import filters_of  # noqa: PLC0415 - as above
    from mlflow_serverless.relay.settings import relay_of, relay_with  # noqa: PLC0415 - as above

    environ = {
        "RELAY_FILTERS": dump(filters_of(load(file))),
        "RELAY_SEEN": f"file:{folder().seen}",
        **own(),
    }
    if to == "github":
        return relay_of(environ)._replace(log=log)
    send = _reconciler(file, session.target)
    return relay_with(environ, send)._replace(log=log)


def _reconciler(file: Path, target: str) -> "Callable[[Event], None]":
    from mlflow_serverless.relay.send import Reconciler, by_command  # noqa: PLC0415 - `--help` stays quick

    call = "from mlflow_serverless.cli import main; main()"
    command = (
        sys.executable, "-c", call, "reconcile", "--policy", str(file.absolute()),
        "-t", target, "--json", "--actor", "mlflow-serverless relay",
    )  # fmt: skip
    return Reconciler(by_command(command, log))


def folder() -> "Folder":
    """What the relay of this machine keeps."""
    from mlflow_serverless.relay.local import Folder  # noqa: PLC0415 - `--help` stays quick

    return Folder(home() / "relay")


def own() -> dict[str, str]:
    """What the environment says of the relay; a secret of our own if it has none."""
    given = {k: v for k, v in os.environ.items() if k.startswith("RELAY_")}
    if "RELAY_SECRETS" not in given:
        given["RELAY_SECRETS"] = folder().secret()
    return given


def url() -> str:
    """
    Where the relay that runs here listens.

    Raises:
        RelayMissingError: None does.
    """
    from mlflow_serverless.relay.errors import RelayMissingError  # noqa: PLC0415 - `--help` stays quick

    found = folder().address()
    if found is None:
        raise RelayMissingError(LOCAL)
    return str(found["url"])


def log(line: str) -> None:
    """What the relay has to say."""
    click.echo(line, err=True)


def until_told(serve: Callable[[], None], shutdown: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; what is being answered is answered."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    thread = threading.Thread(target=serve)
    thread.start()
    told.wait()
    shutdown()
    thread.join()
