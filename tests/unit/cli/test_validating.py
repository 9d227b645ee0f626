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
