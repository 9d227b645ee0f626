"""The embedded cloud's own commands."""

import click

from mlflow_serverless.cli.session import Session, command_here, table
from mlflow_serverless.wiring import LOCAL, home, world_for


@click.group()
def local() -> None:
    """
    Manage the embedded cloud, which serves lambda:/local.

    It starts by itself with the first request, and stops when idle.
    """


@local.command()
@command_here
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Address to listen on; of this machine only.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8931, show_default=True,
    help="Port to listen on; 0 takes a free one.",
)  # fmt: skip
def serve(session: Session, *, host: str, port: int) -> None:
    """
    Serve every deployment over HTTP, until Ctrl-C.

    Each answers under its name as its function URL would on AWS:
    http://127.0.0.1:8931/NAME/invocations, /NAME/ping, /NAME/openapi.json, ...
    """
    from mlflow_serverless.local.serve import serve as serving  # noqa: PLC0415 - brings uvicorn

    world = world_for(LOCAL, session.report)

    def ready(address: str) -> None:
        click.echo(f"{address}/NAME/invocations")
        for name in world.cloud.names():
            click.echo(
                f"  curl {address}/{name}/invocations "
                "-H content-type:application/json -d @request.json"
            )

    serving(world.cloud, host=host, port=port, ready=ready)


@local.command()
@command_here
def stop(session: Session) -> None:
    """End every process of the embedded cloud; keep deployments."""
    from mlflow_serverless.local import stop as stopping  # noqa: PLC0415 - `--help` stays quick

    ended = stopping(home())
    said = "stopped." if ended else "nothing was running."
    session.result({"stopped": ended}, lambda console: console.print(said))


@local.command()
@command_here
def status(session: Session) -> None:
    """List the environments that the embedded cloud keeps running."""
    from dataclasses import asdict  # noqa: PLC0415 - only here

    from mlflow_serverless.local import status as looking  # noqa: PLC0415 - `--help` stays quick

    found = looking(home())
    if found is None:
        session.result(None, lambda console: console.print("nothing is running."))
        return
    columns = ("function", "version", "phase", "pid", "memory")
    rows = [
        (e.name, e.version, e.phase, str(e.pid or ""), f"{e.memory_mb} MB")
        for e in found.environments
    ]
    title = f"process {found.pid}, idle for {found.idle_s:.0f} s"
    session.result(
        asdict(found), lambda console: console.print(table(title, columns, rows))
    )
