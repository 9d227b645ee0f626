"""From a real registry's webhook through the relay to what is deployed."""

import json
import subprocess
import sys
import threading
import time
import warnings
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.local import stop
from mlflow_serverless.relay import local as relay_local
from tests.fakes.github import github
from tests.fakes.mlflow_server import mlflow_server
from tests.fakes.mlflow_state import pointing_at

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

POLICY = """\
version: 1
environments:
  production: {}
models:
  - model: fraud
    on: {alias: champion}
    config: {memory_mb: 512, parity: {samples: 50, boundary_rows: 50, runtime_rows: 0}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """URL of a server with two versions of `fraud`."""
    from tests.fakes.shop import log, small

    folder = tmp_path_factory.mktemp("registry")
    with mlflow_server(folder) as url, pointing_at(url):
        for seed in (0, 1):
            log(small(seed), name="fraud")
        yield url


@pytest.fixture(scope="module")
def client(registry):
    from mlflow.tracking import MlflowClient

    return MlflowClient(registry)


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(folder))
    monkeypatch.setenv("MLFLOW_SERVERLESS_TARGET", "lambda:/local")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (tmp_path / "mlflow-serverless.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    yield folder
    relay_local.stop(relay_local.Folder(folder / "relay"))
    stop(folder)


def said(*words, code=0):
    """A command's JSON; in this process, as importing MLflow again takes seconds."""
    done = CliRunner().invoke(main, [*words, "--json"])
    assert code == done.exit_code, done.output
    return json.loads(done.stdout)


def until(true, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


def serving():
    from mlflow_serverless.api import status
    from mlflow_serverless.errors import ServerlessError

    try:
        now = status("fraud", "lambda:/local").serving
    except ServerlessError:
        return ""
    return now.model if now else ""


def returned(client):
    """The moves kept on version 1, once the last one is: it is written afterwards."""
    tags = client.get_model_version("fraud", "1").tags
    moves = [json.loads(v) for k, v in tags.items() if ".history.fraud." in k]
    return moves if any(move["does"] == "returns" for move in moves) else None


def test_a_promoted_model_is_served_by_itself(home, registry, client):
    """
    Alias set: deployed. Moved: updated. Moved back: back at once. Nobody called us but
    the registry, and its history says what served when, and why.
    """
    url = said("relay", "deploy", "--port", "0")["url"]
    made = said("relay", "register")
    again = said("relay", "register", "--no-test")
    seen = []
    for version in ("1", "2", "1"):
        client.set_registered_model_alias("fraud", "champion", version)
        begun = time.monotonic()
        until(lambda version=version: serving() == f"models:/fraud/{version}")
        seen.append(time.monotonic() - begun)
    moves = until(lambda: returned(client))
    tags = client.get_model_version("fraud", "1").tags
    left = client.get_model_version("fraud", "2").tags
    before = said("history", "fraud", "--at", "2020-01-01T00:00")
    now = said("history", "fraud", "--at", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}")
    gone = said("relay", "delete")

    assert (200, True) == (made["tested"], made["fresh"])
    assert (made["id"], False) == (again["id"], again["fresh"])
    assert url == made["url"]
    assert {"serves", "returns"} == {move["does"] for move in moves}
    assert all(move["cause"]["event"] for move in moves)
    assert {"mlflow-serverless relay"} == {m["cause"]["actor"] for m in moves}
    assert "mlflow_serverless.fraud.version" in tags
    assert "mlflow_serverless.fraud.version" not in left
    assert before["serving"] is None
    assert ("models:/fraud/1", "returns") == (
        now["serving"]["model"], now["serving"]["does"],
    )  # fmt: skip
    assert {"stopped": True, "webhooks": 1} == gone
    assert [] == list(client.list_webhooks())


def move_to(client, stage):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stages are deprecated, and still used
        client.transition_model_version_stage("fraud", "2", stage)


def test_every_kind_of_event_arrives_and_is_told_apart(
    home, client, tmp_path, monkeypatch
):
    """
    Set, moved, deleted, tags, a stage: what the server sends, and what is sent on to
    GitHub. Of a stage nothing is sent at all, which is why there is a schedule.
    """
    policy = """\
version: 1
environments: {production: {approval: tag}}
models:
  - {model: fraud, on: {alias: champion}}
  - {model: fraud, on: {tag: deploy}}
"""
    (tmp_path / "mlflow-serverless.yaml").write_text(policy)
    with github() as fake:
        for key, value in (
            ("API", fake.url), ("TOKEN", "good"), ("REPOSITORY", "acme/models"),
            ("SECRETS", "topsecret"),
        ):  # fmt: skip
            monkeypatch.setenv(f"RELAY_{key}", value)
        said("relay", "deploy", "--port", "0", "--to", "github")
        said("relay", "register")
        client.set_registered_model_alias("fraud", "champion", "1")
        client.set_registered_model_alias("fraud", "champion", "2")
        client.delete_registered_model_alias("fraud", "champion")
        client.set_registered_model_alias("fraud", "challenger", "1")
        client.set_model_version_tag("fraud", "1", "deploy", "yes")
        client.set_model_version_tag("fraud", "1", "note", "no")
        approved = "mlflow-serverless.approved.production"
        client.set_model_version_tag("fraud", "1", approved, "eve")
        client.delete_model_version_tag("fraud", "1", "deploy")
        move_to(client, "Staging")
        until(lambda: len(fake.dispatches) >= 6, 30)
        time.sleep(1)
        said("relay", "delete")

    payloads = [each["client_payload"] for each in fake.dispatches]
    assert [
        ("model_version_alias.created", "1", "champion", ""),
        ("model_version_alias.created", "2", "champion", ""),
        ("model_version_alias.deleted", "", "champion", ""),
        ("model_version_tag.deleted", "1", "", "deploy"),
        ("model_version_tag.set", "1", "", "deploy"),
        ("model_version_tag.set", "1", "", approved),
    ] == sorted(
        (p["kind"], p.get("version", ""), p.get("alias", ""), p.get("tag", ""))
        for p in payloads
    )
    assert 6 == len({p["id"] for p in payloads})


class Receiver:
    """Keeps deliveries as they came, and refuses the first so often."""

    def __init__(self, refusals) -> None:
        self.deliveries, self.refusals = [], refusals
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                first = b'"version": "1"' in body and outer.refusals > 0
                if first:
                    outer.refusals -= 1
                else:
                    outer.deliveries.append(({**self.headers}, body))
                self.send_response(503 if first else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_a_retried_event_that_comes_late_moves_nothing(home, client):
    """
    The receiver is down for `champion→1`; `champion→2` comes first, the retry of
    `champion→1` after it, as MLflow's server really sends them. Each wakes a pass with
    the event as it came; production stays where the registry says.
    """
    from mlflow_serverless.relay.check import Delivery, check
    from mlflow_serverless.relay.event import read_event

    receiver = Receiver(refusals=2)
    try:
        created = ["model_version_alias.created"]
        hook = client.create_webhook("late", receiver.url, created, secret="s")
        time.sleep(1.2)  # the server keeps its list of webhooks for a second
        client.set_registered_model_alias("fraud", "champion", "1")
        client.set_registered_model_alias("fraud", "champion", "2")
        until(lambda: len(receiver.deliveries) == 2, 30)
        client.delete_webhook(hook.webhook_id)
    finally:
        receiver.close()
    events = []
    for headers, body in receiver.deliveries:
        lower = {key.lower(): value for key, value in headers.items()}
        found = check(lower, body, ("s",), now=time.time())
        assert isinstance(found, Delivery)
        events.append(read_event(body, found.id))
    results = [said("reconcile", "--event", json.dumps(e.described())) for e in events]

    assert ["2", "1"] == [event.version for event in events]
    assert ["done", "ignored"] == [r["outcomes"][0]["state"] for r in results]
    assert events[0].id == results[0]["cause"]["event"]
    assert "models:/fraud/2" == serving()


def test_two_at_once_make_one_deployment(home, client):
    """
    Two processes reconcile at the same moment: both end well, one version is made, and
    a third finds nothing to do.
    """
    from mlflow_serverless.api import history

    client.set_registered_model_alias("fraud", "champion", "1")
    call = "from mlflow_serverless.cli import main; main()"
    words = (sys.executable, "-c", call, "reconcile", "--json")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(words, **pipes) for _ in range(2)]
    ends = [(each.communicate(timeout=300), each.returncode) for each in both]
    third = said("reconcile")

    assert [0, 0] == [code for _, code in ends], ends
    assert 1 == len(history("fraud", "lambda:/local"))
    assert "models:/fraud/1" == serving()
    assert ["ignored"] == [each["state"] for each in third["outcomes"]]


def test_a_dry_run_says_what_would_be_done_and_nothing_else(
    home, client, tmp_path, monkeypatch
):
    """
    Exit code 10, the steps, a page for people and outputs for later steps.
    """
    client.set_registered_model_alias("fraud", "champion", "1")
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    files = ("--summary", str(summary), "--outputs", str(outputs), "--comment", "7")
    with github() as fake:
        for key, value in (
            ("API_URL", fake.url), ("TOKEN", "good"), ("REPOSITORY", "acme/models")
        ):  # fmt: skip
            monkeypatch.setenv(f"GITHUB_{key}", value)
        found = said("reconcile", "--dry-run", *files, code=10)

    assert "pending" == found["outcomes"][0]["state"]
    assert any("create function" in step for step in found["outcomes"][0]["steps"])
    assert "" == serving()
    assert "Nothing was changed" in summary.read_text()
    assert "plan<<" in outputs.read_text()
    assert [(7, summary.read_text())] == [
        (issue, body.partition("\n")[2]) for issue, body in fake.comments.values()
    ]
