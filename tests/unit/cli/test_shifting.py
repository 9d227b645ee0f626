"""Commands of a rollout: what they do, print and exit with."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from click.testing import CliRunner
from rich.console import Console

from mlflow_serverless.cli import main
from mlflow_serverless.cli.live import Live, panel, sparkline
from mlflow_serverless.config import parse
from mlflow_serverless.local import LocalCloud
from mlflow_serverless.package import read_bundle
from mlflow_serverless.pipeline.desired import desired
from mlflow_serverless.pipeline.rollouts import Advanced, begin, standing
from mlflow_serverless.plan import Plan, PointAlias, plan
from mlflow_serverless.screen import drawing_on
from mlflow_serverless.shift.configured import strategy_of
from mlflow_serverless.wiring import world_for
from tests.fakes.bundles import keep, make_bundle
from tests.fakes.resolved import MODEL
from tests.fakes.tell import silent

GIVEN = {
    "memory_mb": 256, "record": False, "strategy": "canary", "strategy.steps": "10,50",
    "strategy.bake_s": 60,
}  # fmt: skip


@pytest.fixture
def world(home, tmp_path, monkeypatch):
    """`fraud` with two versions, and a rollout to the second that nobody has driven."""
    monkeypatch.setenv("MLFLOW_SERVERLESS_TARGET", "lambda:/local")
    config, cloud = parse(GIVEN), LocalCloud(home)
    for number in (1, 2):
        bundle = make_bundle(tmp_path / f"bundle-{number}", str(number).encode())
        artifact = keep(cloud, read_bundle(bundle.folder))
        want = desired("fraud", artifact, MODEL, "equal", config)
        steps = plan(want, cloud.snapshot("fraud")).steps
        for step in Plan("fraud", steps).steps:
            if number == 1 or not isinstance(step, PointAlias):
                cloud.perform(step)
    made = world_for("lambda:/local", silent)
    begin("fraud", "2", strategy_of(config.strategy), config, made)
    return made


def run(*words):
    return CliRunner().invoke(main, words)


def test_advance_says_what_it_did_and_exits_with_it_where_asked(world):
    """
    0 unless traffic was lost; with --exit-code, a number for each move.
    """
    first = run("advance", "fraud", "--json", "--exit-code")
    second = run("advance", "fraud")

    said = json.loads(first.stdout)
    assert (10, "advance", {"2": 0.1}) == (
        first.exit_code, said["move"], said["after"]["weights"],
    )  # fmt: skip
    assert 0 == second.exit_code
    assert "hold: no data" in second.output
    assert 11 == run("advance", "fraud", "--exit-code").exit_code


def test_orders_say_where_the_rollout_stands(world):
    """
    Pause and resume; promote moves all; abort moves it back; then nothing is left.
    """
    states = {}
    for order in ("pause", "resume", "promote", "abort"):
        said = json.loads(run(order, "fraud", "--json").stdout)
        states[order] = (said["state"], said["paused"], said["share"])
    last = run("advance", "fraud", "--exit-code")

    assert {
        "pause": ("waiting", True, 0.0), "resume": ("waiting", False, 0.0),
        "promote": ("guarding", False, 1.0), "abort": ("rolled-back", False, 0.0),
    } == states  # fmt: skip
    assert 12 == last.exit_code
    assert "rolled back, aborted by a person" in last.output
    assert 3 == run("pause", "fraud").exit_code


def test_rollout_shows_it_and_writes_the_page(world, tmp_path):
    """
    On the terminal, as JSON, and as a file that needs nothing else.
    """
    page = tmp_path / "rollout.html"
    shown = run("rollout", "fraud", "--html", str(page))
    said = json.loads(run("rollout", "fraud", "--json").stdout)["rollout"]

    assert "fraud:live  1 -> 2  UNDER WAY" in shown.output
    assert page.read_text().startswith("<!doctype html>")
    assert ("canary", "waiting") == (said["strategy"], said["state"])


def test_what_is_waited_for_must_be_under_way(world):
    """
    Waiting for nothing is an error, not a success.
    """
    run("abort", "fraud")
    refused = run("advance", "fraud", "--wait")

    assert (3, True) == (refused.exit_code, "no-rollout" in refused.output)


def test_the_live_view_shows_stage_traffic_verdict_and_time(world):
    """
    All that one waits for, on one panel; other events go above it.
    """
    run("advance", "fraud")
    run("advance", "fraud")
    console = Console(record=True, width=100, force_terminal=True, file=StringIO())
    found = standing("fraud", world)
    with Live(console) as live:
        live.show(Advanced(step=None, report=found))
        live.tell("record.done", what="tags on models:/fraud/2")
        live.tell("shift.hold", what="not shown twice")
    shown = console.export_text()

    for words in (
        "version 1 → 2", "1 of 2: canary 10 % for 60 s", "10.0 % to version 2",
        "inconclusive", "at least in this stage", "tags on models:/fraud/2",
    ):  # fmt: skip
        assert words in shown
    assert "not shown twice" not in shown


def test_the_view_of_a_rollout_that_is_over_has_no_time_left(world):
    """
    What is over waits for nothing.
    """
    run("abort", "fraud")
    console = Console(record=True, width=100, file=StringIO())
    found = standing("fraud", world)
    console.print(panel(found, datetime.now(UTC).timestamp()))

    assert "rolled-back" in (shown := console.export_text())
    assert "time left" not in shown


def test_the_view_says_why_it_holds(world):
    """
    Where a hook keeps it waiting, not only what the judge has seen.
    """
    run("pause", "fraud")
    run("advance", "fraud")
    console = Console(record=True, width=100, file=StringIO())
    console.print(panel(standing("fraud", world), datetime.now(UTC).timestamp()))

    shown = console.export_text()
    assert "holds" in shown
    assert "paused by a person" in shown


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_the_view_fits_its_terminal(world, width):
    """
    Sparklines give way before figures are cut off.
    """
    run("advance", "fraud")
    console = Console(record=True, width=width, file=StringIO())
    console.print(panel(standing("fraud", world), datetime.now(UTC).timestamp()))

    shown = console.export_text()
    assert "…" not in shown
    for words in ("version 1", "version 2", "answers", "failed"):
        assert words in shown


def test_a_sparkline_has_a_bar_for_each_value_and_a_gap_for_none():
    """
    The tallest is the largest of both versions; what is missing is no zero.
    """
    assert "▁█ ▅" == sparkline([0.0, 2.0, None, 1.0], 2.0)
    assert "▁" == sparkline([0.0], 0.0)


def test_nothing_is_drawn_where_there_is_no_terminal():
    """
    A log gets a line each look instead.
    """
    assert drawing_on(StringIO()) is None
