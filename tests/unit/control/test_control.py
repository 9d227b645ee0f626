"""A controller: what it is told, what it writes, and what it must not load."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.control.errors import BadWakeError
from mlflow_serverless.control.event import Wake, wake_of
from mlflow_serverless.control.function import answered
from mlflow_serverless.control.line import looks_in
from mlflow_serverless.control.look import Reached
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import Place
from mlflow_serverless.plan.errors import NoSuchFunctionError
from mlflow_serverless.shift import Driver, Kind, Stage, Strategy, orders, recorded
from mlflow_serverless.shift.history import InMemory
from mlflow_serverless.topology import schedule
from tests.fakes.rollout_cloud import ALIAS, NAME, TestClock, published
from tests.fakes.tell import silent

PLACE = Place(region="us-east-1", account="123456789012")
WAKE = {
    "deployment": NAME, "alias": ALIAS, "group": "g", "schedule": "s", "since": "none"
}  # fmt: skip
HEAVY = ("mlflow", "sklearn", "pandas", "onnx", "onnxruntime", "docker", "rich")


class Ends:
    """Schedules that were ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []

    def end(self, group: str, schedule: str) -> None:
        self.ended.append((group, schedule))


@pytest.fixture
def begun():
    """A rollout without stages of its own, recorded and left alone."""
    cloud, clock = published(), TestClock()
    strategy = Strategy(name="it", stages=(Stage(Kind.CANARY, 0.5, 60),), guard_s=60)
    driver = Driver(cloud=cloud, clock=clock, tell=silent)
    orders.begin(NAME, ALIAS, "2", strategy, driver)
    return Reached(cloud, Ends(), clock=clock)


def said(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_it_loads_no_model_s_library_and_no_mlflow():
    """
    Neither would be in its image; and it starts quickly.
    """
    program = (
        "import sys; import mlflow_serverless.control.function;"
        f"print(sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.strip()


def test_what_a_schedule_says_is_understood():
    """
    The plan writes what the controller reads.
    """
    made = schedule("fraud", parse({}), PLACE, since="revision", end=1.0)

    wake = wake_of(json.loads(made.input))

    assert Wake(
        deployment="fraud", alias="live", group=made.group, schedule=made.name,
        since="revision",
    ) == wake  # fmt: skip


@pytest.mark.parametrize("event", [None, [], {}, {**WAKE, "alias": 1}])
def test_what_nobody_of_ours_sends_is_refused(event, begun, capsys):
    """
    With what is missing, in one line; and nothing is touched.
    """
    with pytest.raises(BadWakeError, match="does not say"):
        answered(event, begun)

    (line,) = said(capsys)
    assert ("failed", "bad-wake") == (line["outcome"], line["code"])


def test_each_look_is_one_line_that_tells_all_of_it(begun, capsys):
    """
    And can be read back as the look it was.
    """
    assert {"deployment": NAME, "ended": False} == answered(WAKE, begun)

    (line,) = said(capsys)
    rollout = recorded(begun.ways.snapshot(NAME), ALIAS)
    (look,) = looks_in(["a line of the user's", json.dumps(line)], rollout.identity)
    (kept,) = begun.history.recall(NAME, rollout.identity).looks
    assert ("advance", "kept", "shifting") == (
        line["outcome"], line["schedule"], line["state"],
    )  # fmt: skip
    assert replace(kept, at=look.at) == look
    assert [] == list(looks_in([json.dumps(line)], "another"))


def test_where_nothing_is_under_way_it_ends_its_schedule(begun, capsys):
    """
    Also if the deployment itself has gone.
    """
    answered({**WAKE, "deployment": "gone"}, begun)

    assert [("g", "s")] == begun.schedules.ended
    (line,) = said(capsys)
    assert ("nothing to do", "ended") == (line["outcome"], line["schedule"])


def test_an_error_is_told_and_fails_the_call(begun, capsys):
    """
    Its reason is in the log; Lambda counts it, and the schedule stays.
    """

    class Broken:
        def snapshot(self, name, *, wanted=()):
            raise NoSuchFunctionError(name)

    with pytest.raises(ServerlessError):
        answered(WAKE, Reached(Broken(), begun.schedules, InMemory()))

    (line,) = said(capsys)
    assert ("failed", "no-such-deployment") == (line["outcome"], line["code"])
    assert [] == begun.schedules.ended
