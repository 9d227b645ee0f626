"""The actions with the real CLI, on the embedded cloud."""

import json
import os

import pytest

from mlflow_serverless.local import LocalCloud, stop
from tests.fakes.actions import ACTIONS

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
    page.
    """
    who = {"GITHUB_ACTOR": "ann", "GITHUB_RUN_ID": "7"}
    given = {"name": "fraud", "config": QUICK + "strategy=all-at-once\n"}
    first = deploying.action("deploy", given | {"model": "models:/fraud/1"}, env=who)
    second = deploying.action("deploy", given | {"model": "models:/fraud/2"})
    back = deploying.action("rollback", {"name": "fraud"})
    look = deploying.action("advance", {"name": "fraud"})

    assert all(each["ok"] for each in (first, second, back, look))
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


def test_a_dry_run_changes_nothing_and_is_no_failure(deploying, tmp_path):
    """
    Though the command's own exit code says that there is something to do. The page is
    put under the pull request.
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
        seen = deploying.action("reconcile", inputs, env=env)
        comments = list(fake.comments.values())

    assert seen["ok"]
    assert seen["outputs"]["plan"]
    assert {"fraud": "pending"} == json.loads(seen["outputs"]["verdicts"])
    assert "Nothing was changed" in seen["summary"]
    assert [(7, seen["summary"])] == [
        (issue, body.partition("\n")[2]) for issue, body in comments
    ]
    assert () == tuple(LocalCloud(tmp_path / "home").names())


STAGED = """\
version: 1
environments:
  staging: {name: "{model}-staging"}
  production: {after: staging, approval: run}
models:
  - model: fraud
    on: {alias: champion}
    config: {memory_mb: 512, parity: {samples: 50, boundary_rows: 50, runtime_rows: 0}}
"""


def test_somebody_approves_and_it_is_promoted(deploying, tmp_path):
    """
    The example's two jobs: the plan; then nothing, as nobody has let the run in; then
    what was planned, by the name of who did.
    """
    from tests.fakes.github import github

    (deploying.workspace / "mlflow-serverless.yaml").write_text(STAGED)
    staged = deploying.action("reconcile", {"only": "staging"})
    file = ACTIONS / "examples" / "promote.yml"
    with github() as fake:
        env = {"GITHUB_API_URL": fake.url, "GITHUB_RUN_ID": "7"}
        plan = deploying.job(file, "plan", github={"actor": "ann"}, env=env)
        needs = {"plan": {"outputs": plan["outputs"]}}
        early = deploying.job(file, "promote", needs=needs, env=env)
        fake.approvals.append(("7", "production", "approved", "bob"))
        done = deploying.job(file, "promote", needs=needs, env=env)

    assert staged["ok"]
    assert "Nothing was changed" in plan["summary"]
    assert (False, 5) == (early["ok"], early["steps"][-1]["status"])
    assert "nobody has approved run 7 for production" in early["log"]
    assert "Approved by: bob" in done["summary"]
    assert {"fraud": "done"} == json.loads(done["ours"][0]["outputs"]["verdicts"])
    assert {"fraud", "fraud-staging"} == set(LocalCloud(tmp_path / "home").names())


def test_a_hostile_name_gets_nowhere(deploying):
    """
    It is refused by the rule for names, its lines are shown to nobody but people, and
    the page says why it failed.
    """
    name = 'x"; touch pwned; #\n::add-path::/evil\n::error::evil'
    done = deploying.action("deploy", {"name": name, "model": "models:/fraud/1"})

    assert 2 == done["status"]
    assert [] == done["commands"]
    assert "pwned" not in os.listdir(deploying.workspace)
    assert "❌" in done["summary"]
    assert "What to do" in done["summary"]
    assert "" == done["outputs"]["url"]
    assert {name: "failed"} == json.loads(done["outputs"]["verdicts"])
