"""`validate` says what is wrong with a policy before anything depends on it."""

import json

from click.testing import CliRunner

from mlflow_serverless.cli import main
from tests.fakes.scene import CHAIN


def test_a_policy_that_holds_is_shown(tmp_path):
    """
    Exit code 0, and as JSON what was read.
    """
    file = tmp_path / "mlflow-serverless.yaml"
    file.write_text(CHAIN)
    done = CliRunner().invoke(main, ["validate", str(file), "--json"])

    assert 0 == done.exit_code
    assert "champion" == json.loads(done.stdout)["policy"]["models"][0]["on"]["alias"]


def test_mistakes_end_with_code_2(tmp_path):
    """
    Each with its line; a file that is not there with 3.
    """
    file = tmp_path / "mlflow-serverless.yaml"
    file.write_text(CHAIN.replace("after", "aftr"))
    wrong = CliRunner().invoke(main, ["validate", str(file)])
    missing = CliRunner().invoke(main, ["validate", str(tmp_path / "none.yaml")])

    assert (2, 3) == (wrong.exit_code, missing.exit_code)
    assert "line 5: environments.production.aftr: unknown key" in wrong.output
    assert "did you mean after?" in wrong.output


def test_what_was_understood_is_shown(tmp_path):
    """
    Environments with their order and approval, rules with what they listen to.
    """
    file = tmp_path / "mlflow-serverless.yaml"
    file.write_text(CHAIN.replace("model: fraud", "model: 'fr[a]*'"))
    shown = CliRunner().invoke(main, ["validate", str(file)]).output
    lines = [line.split() for line in shown.splitlines()]

    assert ["production", "lambda:/eu-west-1", "staging", "tag", "{model}"] in lines
    assert ["1", "fr[a]*", "@champion", "staging,", "production", "keep"] in lines


def test_reviewers_are_those_of_a_run(tmp_path, monkeypatch):
    """
    Outside GitHub Actions there is none that somebody could have approved.
    """
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    file = tmp_path / "mlflow-serverless.yaml"
    file.write_text(CHAIN.replace("approval: tag", "approval: run"))
    given = ["reconcile", "--policy", str(file), "-t", "lambda:/local"]
    words = [*given, "--approved-by", "production=@reviewers"]
    done = CliRunner().invoke(main, words)

    assert 2 == done.exit_code
    assert "--approved-by production=WHO" in done.output


def test_an_approval_that_nobody_asked_for_is_refused(tmp_path):
    """
    A typing mistake must not look like an approval.
    """
    file = tmp_path / "mlflow-serverless.yaml"
    file.write_text(CHAIN)
    given = ["reconcile", "--policy", str(file), "--approved-by", "production=eve"]
    done = CliRunner().invoke(main, [*given, "-t", "lambda:/local"])

    assert 2 == done.exit_code
    assert "bad-approval" in done.output
