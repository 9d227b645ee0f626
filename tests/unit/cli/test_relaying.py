"""What the relay's commands refuse, before anything is started or asked."""

import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from tests.fakes.scene import PLAIN

LOCAL = ("-t", "lambda:/local")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `relay deploy` where there is a policy; exit code and all that it said."""
    (tmp_path / "mlflow-serverless.yaml").write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(tmp_path / "home"))

    def invoke(*words):
        done = CliRunner().invoke(main, ["relay", "deploy", *words])
        return done.exit_code, done.output

    return invoke


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            (*LOCAL, "--repository", "a/b", "-C", "memory_mb=512"),
            "--repository, --config",
        ),
        ((*LOCAL, "--adopt"), "--adopt is for relays on AWS"),
        (("-t", "lambda:/eu-west-1", "--port", "0"), "--port is for the relay on this"),
    ],
)
def test_an_option_of_a_relay_elsewhere_is_refused(run, words, said):
    """
    It would be taken and forgotten; the hint says what to do instead.
    """
    code, output = run(*words)

    assert 2 == code
    assert said in output
    assert "hint: " in output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "RELAY_REPOSITORY, which is not set"),
        ({"RELAY_REPOSITORY": "a/b"}, "RELAY_TOKEN, which is not set"),
        (
            {"RELAY_REPOSITORY": "a/b", "RELAY_TOKEN": "t", "RELAY_SEEN": "x:y"},
            "RELAY_SEEN, which is 'x:y', not file:PATH",
        ),
    ],
)
def test_what_is_wrong_is_said_by_the_command_itself(run, monkeypatch, given, said):
    """
    Not by a process that ends, in a log that one has to look for.
    """
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    code, output = run(*LOCAL, "--to", "github", "--port", "0")

    assert 2 == code
    assert said in output
