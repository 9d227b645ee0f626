"""The actions with the real CLI, on the embedded cloud."""

import json
import os

import pytest

from mlflow_serverless.local import stop

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

QUICK = """\
memory_mb=512
# as few samples as make a test
parity.samples=50

parity.boundary_rows=50
parity.runtime_rows=0
"""


@pytest.fixture
def deploying(runner, shop, tmp_path):
    runner.env["MLFLOW_TRACKING_URI"] = shop.uri
    runner.env["MLFLOW_SERVERLESS_TARGET"] = "lambda:/local"
    runner.env["PYTHONWARNINGS"] = "ignore"
    yield runner
    stop(tmp_path / "home")


def test_a_model_s_life_in_actions(deploying):
    """
    Deployed, updated, rolled back, looked at; each says so in its outputs and on its
    page, and a command that is refused says why.
    """
    who = {"GITHUB_ACTOR": "ann", "GITHUB_RUN_ID": "7"}
    given = {"name": "fraud", "config": QUICK + "strategy=all-at-once\n"}
    first = deploying.action("deploy", given | {"model": "models:/fraud/1"}, env=who)
    second = deploying.action("deploy", given | {"model": "models:/fraud/2"})
    back = deploying.action("rollback", {"name": "fraud"})
    look = deploying.action("advance", {"name": "fraud"})
    missing = deploying.action("deploy", given | {"model": "models:/fraud/9"})

    assert [True, True, True, True, False] == [
        each["ok"] for each in (first, second, back, look, missing)
    ]
    assert ["1", "2", "1"] == [e["outputs"]["version"] for e in (first, second, back)]
    assert "models:/fraud/1" == back["outputs"]["model"]
    assert first["outputs"]["digest"] == json.loads(back["outputs"]["outcomes"])[0][
        "bundle"
    ].replace("local:", "")
    assert {"fraud": "ignored"} == json.loads(look["outputs"]["verdicts"])
    assert "## Deploy fraud" in first["summary"]
    assert "by <code>ann</code>" in first["summary"]
    assert "actions/runs/7" in first["summary"]
    assert "- Answers: " in first["summary"]
    assert "❌" in missing["summary"]
    assert 3 == missing["status"]
    assert {"fraud": "failed"} == json.loads(missing["outputs"]["verdicts"])


def test_a_dry_run_changes_nothing_and_is_no_failure(deploying):
    """
    Of `deploy` as of `reconcile`, whose own exit code says that there is something to
    do; the page is put under the pull request, over the last one.
    """
    from tests.fakes.github import github

    (deploying.workspace / "mlflow-serverless.yaml").write_text(
        "version: 1\nenvironments: {production: {}}\n"
        "models: [{model: fraud, on: {alias: champion}, config: "
        "{memory_mb: 512, parity: {samples: 50, boundary_rows: 50, runtime_rows: 0}}}]"
    )
    with github() as fake:
        env = {"GITHUB_API_URL": fake.url}
        inputs = {"dry-run": "true", "comment": "7", "event": "null"}
        seen = [deploying.action("reconcile", inputs, env=env) for _ in range(2)]
        comments = list(fake.comments.values())
    left = deploying.action("rollback", {"name": "fraud"})

    assert seen[0]["ok"]
    assert seen[0]["outputs"]["plan"] == seen[1]["outputs"]["plan"] != ""
    assert {"fraud": "pending"} == json.loads(seen[0]["outputs"]["verdicts"])
    assert "Nothing was changed" in seen[0]["summary"]
    assert [(7, seen[1]["summary"])] == [
        (issue, body.partition("\n")[2]) for issue, body in comments
    ]
    assert 3 == left["status"], "nothing is deployed"


def test_a_hostile_name_gets_nowhere(deploying):
    """
    It is refused by the rule for names, and its lines are shown to nobody but people.
    """
    name = 'x"; touch pwned; #\n::add-path::/evil\n::error::evil'
    done = deploying.action("deploy", {"name": name, "model": "models:/fraud/1"})

    assert 2 == done["status"]
    assert [] == done["commands"]
    assert "pwned" not in os.listdir(deploying.workspace)
    assert "❌" in done["summary"]
    assert "" == done["outputs"]["url"]
