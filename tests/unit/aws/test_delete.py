"""What may be left after a delete is named, and told by the exit code."""

import json

import pytest
from click.testing import CliRunner

from mlflow_serverless.apply import apply
from mlflow_serverless.cli import main
from mlflow_serverless.cli.deploying import MAY_BE_LEFT
from mlflow_serverless.cli.session import EXIT_CODES
from mlflow_serverless.plan import plan
from tests.fakes.tell import silent


@pytest.fixture
def run(aws, cloud, want, tmp_path, monkeypatch):
    """`delete` of a deployment on the stand-in."""
    for key, value in aws.environ().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(tmp_path / "home"))
    wanted, name = want(), want().function.name
    apply(plan(wanted, cloud.snapshot(name)), cloud, silent)

    def delete():
        words = ["delete", name, "-t", "lambda", "--json"]
        return CliRunner().invoke(main, words)

    return delete


def test_what_may_not_be_looked_at_may_be_left(run, aws, name):
    """By name; the rest is deleted. Whoever may look hears that nothing is there."""
    aws.faults.deny("cloudwatch:GetDashboard", "apigateway:GET")
    done = run()

    named = [f"HTTP API mlflow-serverless-{name}",
             f"dashboard mlflow-serverless-{name}-us-east-1"]  # fmt: skip
    said = json.loads(done.stdout)
    assert (MAY_BE_LEFT, True, named) == (
        done.exit_code, said["deleted"], said["may_be_left"],
    )  # fmt: skip
    assert "delete.warning" in done.stderr
    aws.faults.heal()
    again = run()
    assert (0, False) == (again.exit_code, json.loads(again.stdout)["deleted"])


def test_what_goes_with_the_function_is_not_left(run, aws):
    """A URL needs no look of its own."""
    aws.faults.deny("lambda:ListFunctionUrlConfigs")

    assert (0, []) == (
        (done := run()).exit_code,
        json.loads(done.stdout)["may_be_left"],
    )


def test_the_exit_code_is_no_error_s():
    """It means one thing."""
    assert MAY_BE_LEFT not in EXIT_CODES.values()
