"""From a promotion in a real registry to production, and back when it was a bad one.

The registry calls the relay, the relay fires a `repository_dispatch`, the example
workflow reconciles, and looks at the rollout end what it began. The pages that people
read are kept in `docs/ci/`; `REFRESH_DOCS=1` writes them again.
"""

import json
import os
import re
import threading
import time
import warnings
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.cli.shifting import ROLLED_BACK
from mlflow_serverless.local import LocalCloud, stop
from mlflow_serverless.relay import local as relay_local
from tests.fakes.actions import ACTIONS, ROOT, Runner, UnavailableError, modules
from tests.fakes.github import github
from tests.fakes.mlflow_server import mlflow_server
from tests.fakes.mlflow_state import pointing_at
from tests.fakes.shop import log, small, table

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

PAGES = ROOT / "docs" / "ci"
PATIENCE_S = 180.0
"""Longest wait for what must come to pass [s]."""


def good():
    """As version 1, a little more cautious."""
    return small(0).set_params(C=0.95)


def bad():
    """Sure of the opposite: its graph is exact, and its answers are wrong."""
    model = small(0)
    model.classes_ = model.classes_[::-1]
    return model


@pytest.fixture
def registry(tmp_path):
    """A server with one good version, and its URL where commands look for it."""
    import mlflow

    with (
        warnings.catch_warnings(),
        mlflow_server(tmp_path) as url,
        pointing_at(url),
    ):
        warnings.simplefilter("ignore")
        for make in (lambda: small(0), good, bad):
            log(make(), name="fraud")
        yield mlflow.MlflowClient(url)


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """A machine that has the example's policy checked out."""
    try:
        scripts = modules()
    except UnavailableError as why:
        pytest.skip(str(why))
    for name in ("workspace", "temp"):
        (tmp_path / name).mkdir()
    policy = (ACTIONS / "examples" / "mlflow-serverless.yaml").read_text()
    monkeypatch.chdir(tmp_path / "workspace")
    Path("mlflow-serverless.yaml").write_text(hurried(policy))
    home = tmp_path / "home"
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(home))
    monkeypatch.setenv("MLFLOW_SERVERLESS_TARGET", "lambda:/local")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    env = {k: v for k, v in os.environ.items() if k.startswith("MLFLOW_")}
    yield Runner(scripts, tmp_path / "workspace", tmp_path / "temp", env)
    relay_local.stop(relay_local.Folder(home / "relay"))
    stop(home)


def hurried(policy):
    """The example's policy, here, and with minutes as seconds."""
    quick = {
        "target: lambda:/eu-central-1": "target: lambda:/local",
        'steps: "5,25,50"': 'steps: "50"',
        "shadow: 20": "shadow: 100",
        "shadow_s: 600": "shadow_s: 1",
        "bake_s: 300": "bake_s: 1",
        "guard_s: 3600": "guard_s: 1",
        "look_s: 30": "look_s: 0.5",
        "promote_requests: 1500": "promote_requests: 60",
        " requests: 50": " requests: 20",
    }
    for said, instead in quick.items():
        assert said in policy
        policy = policy.replace(said, instead)
    return policy


def said(*words, codes=(0,)):
    """A command's JSON; in this process, as importing MLflow again takes seconds."""
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code in codes, done.output
    return json.loads(done.stdout)


def until(true):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE_S} s")


class Load:
    """A caller who asks again and again; which versions answered, in order."""

    def __init__(self, home) -> None:
        self.answered, self.failed = [], []
        self._cloud, self._over = LocalCloud(home), threading.Event()
        self._thread = threading.Thread(target=self._call)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _call(self):
        rows = table().to_dict("records")
        while not self._over.wait(0.005):
            row = rows[len(self.answered) % len(rows)]
            body = json.dumps({"dataframe_records": [row]}).encode()
            reply = self._cloud.invoke("fraud", body)
            good = reply.error is None and b"predictions" in reply.payload
            (self.answered if good else self.failed).append(reply.version)


def reconciled(fake, runner):
    """What the example workflow does when the relay's dispatch comes."""
    event = until(lambda: fake.dispatches and fake.dispatches.pop(0))
    workflow = ACTIONS / "examples" / "on-transition.yml"
    done = runner.job(
        workflow, "reconcile", github={"event": event, "actor": "relay"},
        env={"GITHUB_ACTOR": "relay"},
    )  # fmt: skip
    assert done["ok"], done["log"]
    return done


def looked_at(page):
    """Looks at the rollout, as the schedule takes them; the last, and its page."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        page.unlink(missing_ok=True)
        look = said("advance", "fraud", "--summary", str(page), codes=(0, ROLLED_BACK))
        if look["move"] in {"finish", "rollback"}:
            return look, page.read_text()
        time.sleep(0.2)
    raise AssertionError("the rollout does not end")


def kept(name, *pages):
    """The pages, as the docs have them; what differs from run to run made the same."""
    text = "\n".join(pages)
    for pattern, instead in (
        (r"sha256(\\?:)[0-9a-f]{64}", "sha256:4f0a…"),
        (r"http://127\.0\.0\.1:\d+", "https://mlflow.example"),
        (r"Took: [\d.]+ s", "Took: 9.0 s"),
        (r"<code>[0-9a-f]{8}(\\-[0-9a-f]{4}){3}\\-[0-9a-f]{12}</code>",
         "<code>6b1d…</code>"),
        (r"the version with [0-9a-f]{16}", "the version with 7c1e…"),
    ):  # fmt: skip
        text = re.sub(pattern, instead, text)
    file = PAGES / f"{name}.md"
    if os.environ.get("REFRESH_DOCS"):
        file.write_text(text)
    assert shape(file.read_text()) == shape(text)


def shape(page):
    """What is the same in every run: all but numbers, and the words of verdicts."""
    ends = r"(- Verdict:|\d+\. \w+:|.*rolled back:|.*promoted:).*"
    lines = [re.sub(ends, r"\1", line) for line in page.splitlines()]
    return [re.sub(r"\d[\d.,]*", "0", line) for line in lines]


def test_a_promotion_reaches_production_and_a_bad_one_is_taken_back(
    registry, runner, tmp_path, monkeypatch
):
    """
    Version 1 is deployed; 2 earns its traffic as a shadow and as a canary; 3 answers
    wrongly and never gets any. Whoever asks meanwhile is always answered.
    """
    with github() as fake:
        for key, value in (
            ("API", fake.url), ("TOKEN", "good"), ("REPOSITORY", "acme/models"),
            ("SECRETS", "topsecret"),
        ):  # fmt: skip
            monkeypatch.setenv(f"RELAY_{key}", value)
        said("relay", "deploy", "--port", "0", "--to", "github")
        said("relay", "register", "--no-test")

        def promoted(version):
            registry.set_registered_model_alias("fraud", "champion", version)
            return reconciled(fake, runner)

        first = promoted("1")
        with Load(tmp_path / "home") as load:
            until(lambda: len(load.answered) > 10)
            update = promoted("2")
            finish, promotion = looked_at(tmp_path / "page")
            scheduled = said("reconcile")
            third = len(load.answered)
            wrong = promoted("3")
            rollback, taken_back = looked_at(tmp_path / "page")
        again = said("reconcile")
        moves = said("history", "fraud", "--moves")
        said("relay", "delete")

    assert "models:/fraud/1" == first["ours"][0]["outputs"]["model"]
    assert "model_version_alias.created" in first["ours"][0]["with"]["event"]
    assert ["deploy", "update", "update"] == [
        re.search(r"\| (deploy|update)\b", each["summary"])[1]
        for each in (first, update, wrong)
    ]
    assert ("finish", "promoted") == (finish["move"], finish["outcome"])
    assert ("rollback", "rolled back") == (rollback["move"], rollback["outcome"])
    assert rollback["reason"].startswith(("disagreement", "drift"))
    assert [] == load.failed
    assert {"1", "2"} == set(load.answered)
    assert {"2"} == set(load.answered[third:])
    assert ["ignored", "waiting"] == [
        each["outcomes"][0]["state"] for each in (scheduled, again)
    ]
    assert "models:/fraud/2" == moves[0]["model"]
    kept("promoted", update["summary"], promotion)
    kept("rolled-back", wrong["summary"], taken_back)
