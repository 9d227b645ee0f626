"""Reports of rollouts."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from mlflow_serverless.shift import (
    Criteria,
    Driver,
    Kind,
    Stage,
    Strategy,
    advance,
    begin,
    recorded,
)
from mlflow_serverless.shift.history import InMemory, Past
from mlflow_serverless.shift.report import RolloutReport, page, plain, report, text
from tests.fakes.rollout_cloud import ALIAS, NAME, TestClock, published
from tests.fakes.tell import silent

STRATEGY = Strategy(
    name="canary",
    stages=(Stage(Kind.CANARY, 0.1, 120), Stage(Kind.CANARY, 0.5, 120)),
    guard_s=120, look_s=60,
)  # fmt: skip


def rolled_out(*, errors: float = 0.01, minutes: int = 12) -> RolloutReport:
    """A rollout under simulated load, looked at every minute."""
    rng = np.random.default_rng(3)
    cloud, clock, history = published(), TestClock(), InMemory()
    driver = Driver(
        cloud=cloud, clock=clock, tell=silent, history=history,
        criteria=Criteria(requests=20, promote_requests=60),
    )  # fmt: skip
    begun = begin(NAME, ALIAS, "2", STRATEGY, driver)
    for _ in range(minutes):
        if advance(NAME, ALIAS, driver) is None:
            break
        alias = cloud.snapshot(NAME).alias(ALIAS)
        mine = 1.0 if alias.version == "2" else dict(alias.weights).get("2", 0.0)
        for at in np.sort(rng.uniform(0, 60, 200)):
            version = "2" if rng.random() < mine else "1"
            failed = version == "2" and rng.random() < errors
            cloud.tell(
                clock.at + at, version, Status=500 if failed else 200,
                HandleUs=int(10_000 * rng.lognormal(0, 0.4)),
            )  # fmt: skip
        clock.at += 60
    now = recorded(cloud.snapshot(NAME), ALIAS)
    return report(NAME, ALIAS, now, history.recall(NAME, begun.identity))


@pytest.fixture(scope="module")
def good() -> RolloutReport:
    """Of a version that is promoted."""
    return rolled_out(errors=0.0)


@pytest.fixture(scope="module")
def bad() -> RolloutReport:
    """Of a version that is rolled back."""
    return rolled_out(errors=0.3)


class Tags(HTMLParser):
    """Collects what a page holds and asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asks: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "rect", "line", "polyline", "polygon", "br"}:
            self.open.append(tag)
        self.asks += [value for key, value in attrs if key in {"src", "href"}]

    def handle_endtag(self, tag):
        if tag not in {"line", "polyline", "polygon", "rect"}:
            assert tag == self.open.pop()


def test_the_page_stands_alone(good: RolloutReport, bad: RolloutReport):
    """
    Well formed, with drawings, and nothing to fetch.
    """
    for made in (good, bad):
        html = page(made)
        tags = Tags()
        tags.feed(html)

        assert ([], []) == (tags.open, tags.asks)
        assert html.count("<svg") >= 4
        assert "http" not in html.replace("http-equiv", "")


def test_every_verdict_is_in_words(good: RolloutReport):
    """
    Page, JSON and text say of each move what was decided and why.
    """
    html, said = page(good), plain(good)

    assert "promoted" == said["outcome"]
    assert len(good.looks) == len(said["looks"]) == html.count("<tr>") - 1
    moves = [look["move"] for look in said["looks"]]
    assert {"advance", "promote", "confirm", "finish"} < set(moves)
    assert "PROMOTED" in text(good)
    json.dumps(said)


def test_a_rollback_says_why(bad: RolloutReport):
    """
    The reason stands first, with its numbers.
    """
    said = plain(bad)

    assert "rolled back" == said["outcome"]
    assert "failed" in said["reason"]
    assert said["reason"] in text(bad)
    assert "Rolled back" in page(bad)


def test_a_report_without_a_past_is_still_one(good: RolloutReport):
    """
    Lost history leaves empty drawings, not an error.
    """
    empty = report(NAME, ALIAS, good.rollout, Past())

    assert "Nothing was seen" in page(empty)
    assert [] == plain(empty)["looks"]
    assert "promoted".upper() in text(empty)


def test_names_are_escaped(bad: RolloutReport):
    """
    Nothing that a name holds becomes part of the page.
    """
    nasty = report("<script>", ALIAS, bad.rollout, Past())

    assert "<script>" not in page(nasty)
