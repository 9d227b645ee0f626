"""A cloud's own alarms: made for the candidate, heard at every look, taken away."""

from dataclasses import dataclass, field

import pytest

from mlflow_serverless.aws.errors import FunctionFailedError
from mlflow_serverless.plan import Alarm, Ringing
from mlflow_serverless.plan.guard import guarded
from mlflow_serverless.shift import (
    Advance,
    Criteria,
    Driver,
    Hold,
    Kind,
    RollBack,
    Stage,
    Strategy,
    abort,
    advance,
    begin,
    promote,
)
from tests.fakes.rollout_cloud import (
    ALIAS,
    NAME,
    RolloutCloud,
    TestClock,
    published,
)
from tests.fakes.tell import Heard, silent

CANARY = Strategy(
    name="canary", stages=(Stage(Kind.CANARY, 0.1, 60),), patience_s=600,
    guard_s=120, look_s=30,
)  # fmt: skip


@dataclass
class Alarmed(RolloutCloud):
    """It has alarms, which ring when they are told to."""

    rings: list[Ringing] = field(default_factory=list)
    deaf: bool = False

    def ringing(self, name: str) -> tuple[Ringing, ...]:
        if self.deaf:
            raise FunctionFailedError(name, "Denied", "not allowed to look")
        return tuple(self.rings)


def shifting(tell=silent) -> Driver:
    """A driver whose rollout has just been given traffic."""
    cloud = published(cloud=Alarmed())
    criteria = Criteria(max_error_rate=0.04, max_p95_ms=90.0)
    driver = Driver(
        cloud=cloud, clock=TestClock(), tell=tell, alarms=cloud, criteria=criteria
    )
    begin(NAME, ALIAS, "2", CANARY, driver)
    assert isinstance(advance(NAME, ALIAS, driver).shift, Advance)
    driver.clock.at += 10
    return driver


def made(driver: Driver) -> list[Alarm]:
    around = driver.cloud.snapshot(NAME).resources
    return [alarm for alarm in around if isinstance(alarm, Alarm)]


def test_the_candidate_is_watched_while_it_is_new():
    """
    There are alarms on its share of errors and its p95, through the alias, until the
    guard ends.
    """
    driver = shifting()
    watched = {alarm.metric: alarm for alarm in made(driver)}
    promote(NAME, ALIAS, driver)
    guarding = made(driver)
    promote(NAME, ALIAS, driver)

    assert {"Errors", "Duration"} == watched.keys()
    assert 0.04 == watched["Errors"].threshold
    assert {"2"} == {guarded(alarm) for alarm in watched.values()}
    assert 2 == len(guarding)
    assert [] == made(driver)


def test_alarms_go_with_a_version_that_is_rolled_back():
    """
    Nobody watches what nobody is sent to.
    """
    driver = shifting()
    abort(NAME, ALIAS, driver)

    assert [] == made(driver)


@pytest.mark.parametrize("state", ["shifting", "guarding"])
def test_an_alarm_on_the_candidate_is_a_reason(state: str):
    """
    It is rolled back at the next look, also after promotion, and says why.
    """
    driver = shifting()
    if state == "guarding":
        promote(NAME, ALIAS, driver)
    alarm = made(driver)[0]
    ringing = Ringing(name=alarm.name, since=driver.now(), version="2", why="6 of 9")
    driver.cloud.rings = [ringing]
    step = advance(NAME, ALIAS, driver)

    assert isinstance(step.shift, RollBack)
    assert alarm.name in step.shift.why
    assert "6 of 9" in step.shift.why
    assert "1" == driver.cloud.snapshot(NAME).alias(ALIAS).version


def test_an_alarm_on_the_alias_holds_before_promotion_and_ends_it_after():
    """
    While both versions serve, nobody knows whose it is.
    """
    driver = shifting()
    driver.cloud.rings = [Ringing(name="errors", since=driver.now())]
    before = advance(NAME, ALIAS, driver).shift
    driver.cloud.rings = []
    promote(NAME, ALIAS, driver)
    driver.clock.at += 10
    driver.cloud.rings = [Ringing(name="errors", since=driver.now())]
    after = advance(NAME, ALIAS, driver).shift

    assert isinstance(before, Hold)
    assert isinstance(after, RollBack)


def test_an_alarm_that_rang_before_is_not_the_candidates():
    """
    Nor is one on the old version.
    """
    driver = shifting()
    promote(NAME, ALIAS, driver)
    driver.cloud.rings = [
        Ringing(name="errors", since=driver.now() - 9_000),
        Ringing(name="old", since=driver.now(), version="1"),
    ]

    assert not isinstance(advance(NAME, ALIAS, driver).shift, RollBack)


def test_a_rollout_goes_on_without_alarms():
    """
    If they cannot be heard, that is said, and the metric lines decide.
    """
    heard = Heard()
    driver = shifting(heard)
    driver.cloud.deaf = True
    step = advance(NAME, ALIAS, driver)

    assert isinstance(step.shift, Hold)
    assert "shift.warning" in [event for event, _ in heard.events]
