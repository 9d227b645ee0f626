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
from mlflow_serverless.cli.sections import Sections
from mlflow_serverless.cli.session import examples


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "export MLFLOW_SERVERLESS_TARGET=lambda:/local   # this machine, no account",
        "mlflow-serverless doctor",
        "mlflow-serverless deploy fraud models:/fraud/1",
    ),
)
@click.version_option(__version__, prog_name="mlflow-serverless")
def main() -> None:
    """
    From an MLflow registry to serverless serving, in one command.

    NAME is the name of a deployment. Every command takes -t TARGET; what went wrong is
    said with a hint and a code ([bad-target]). `COMMAND --help` has examples.
    """


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
