"""The command group; each command is in a module of its kind."""

import click

from lambda_runtime.version import __version__
from mlflow_serverless.cli import (
    acting,
    allowing,
    deploying,
    doctor,
    exporting,
    invoking,
    keeping,
    local,
    looking,
    planning,
    reconciling,
    relaying,
    shifting,
    validating,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlflow-serverless")
def main() -> None:
    """From an MLflow registry to serverless serving, in one command."""


for command in (
    deploying.deploy,
    planning.plan,
    exporting.export,
    deploying.verify,
    deploying.delete,
    shifting.rollout,
    shifting.advance,
    shifting.pause,
    shifting.resume,
    shifting.promote,
    shifting.abort,
    keeping.rollback,
    keeping.gc,
    allowing.iam,
    invoking.invoke,
    looking.status,
    looking.history,
    looking.logs,
    reconciling.reconcile,
    relaying.relay,
    validating.validate,
    doctor.doctor,
    local.local,
    acting.action,
):
    main.add_command(command)
