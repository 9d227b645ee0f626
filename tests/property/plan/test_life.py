"""A deployment's whole life at random: whatever happens, live traffic is served."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mlflow_serverless.apply import apply
from mlflow_serverless.config import parse
from mlflow_serverless.pipeline import gc, rollback
from mlflow_serverless.pipeline.desired import desired
from mlflow_serverless.pipeline.errors import NothingBeforeError
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Fresh,
    Place,
    ProvisionedConcurrency,
    RouteAlias,
    Step,
    after,
    content_of,
    key_of,
    plan,
    plan_removal,
)
from mlflow_serverless.plan.errors import BadRoutingError
from mlflow_serverless.plan.resources import stays
from mlflow_serverless.store import ContentStore
from mlflow_serverless.topology import topology
from mlflow_serverless.world import World
from tests.fakes.cloud import FakeCloud
from tests.fakes.resolved import MODEL
from tests.fakes.tell import silent

NAME = "fraud"
PLACE = Place(region="eu-central-1", account="123456789012")
OPTIONS = [
    {}, {"memory_mb": 512}, {"url.auth": "iam"}, {"provisioned": 2},
    {"alarms.errors": 1}, {"image.model_store": "own"},
    {"image.repository": "shared/models", "api.auth": "iam"},
]  # fmt: skip


KEPT = ProvisionedConcurrency(qualifier="live", count=1)
"""Lambda shares no traffic of an alias that has some."""


class Killed(BaseException):
    """What a killed process feels; nothing may catch it."""


class Watched(FakeCloud):
    """Looks after every step whether traffic is served, and dies when it is told to."""

    dies_in: int | None = None
    deleting = False

    def perform(self, step: Step) -> None:
        if self.dies_in == 0:
            raise Killed
        self.dies_in = None if self.dies_in is None else self.dies_in - 1
        served = self.snapshot(NAME).alias("live") is not None
        super().perform(step)
        have = self.snapshot(NAME)
        assert self.deleting or not served or have.alias("live") is not None
        check(have)
        again = after(step, have, Fresh(number="0", revision="0", created=""))
        assert have == again, step


def check(have: Actual) -> None:
    """What holds at every moment."""
    numbers = {version.number for version in have.versions}
    for alias in have.aliases:
        assert {alias.version, *(number for number, _ in alias.weights)} <= numbers
    for version in have.versions:
        assert version.artifact in have.artifacts
        assert version.settings.model_url in {"", *have.artifacts}


def wanted(model: int, options: dict[str, object]) -> Desired:
    config = parse({"record": False, **options})
    digest = f"sha256:{model:064}"
    around = topology(NAME, config, PLACE, bundle=digest)
    address = f"{around.packing.repository}@{digest}"
    return desired(NAME, address, MODEL, "equal", config, around=around)


class Life(RuleBasedStateMachine):
    """Create, update, roll back, collect, delete; killed anywhere, and run again."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud = Watched()
        self.world = World(
            target="memory:", cloud=self.cloud, store=ContentStore(Path("unused")),
            downloads=Path("unused"), tell=silent,
        )  # fmt: skip

    def have(self) -> Actual:
        return self.cloud.snapshot(NAME)

    def attempt(self, work, dies_in: int | None) -> bool:
        """Whether *work* was finished; killed before some step if told so."""
        self.cloud.dies_in = dies_in
        with suppress(Killed):
            work()
            self.cloud.dies_in = None
            return True
        self.cloud.dies_in = None
        return False

    deaths = st.none() | st.integers(0, 12)

    @rule(model=st.integers(1, 4), options=st.sampled_from(OPTIONS), dies_in=deaths)
    def deploy(self, model, options, dies_in):
        want = wanted(model, options)
        steps = plan(want, self.have())
        if self.attempt(lambda: apply(steps, self.cloud, silent), dies_in):
            assert not plan(want, self.have())
            assert self.have().serves("live", content_of(want.function))

    @precondition(lambda self: len(self.have().versions) > 1)
    @rule(share=st.floats(0, 1))
    def shift(self, share):
        have = self.have()
        first, *_, last = have.versions
        step = RouteAlias(NAME, "live", first.number, ((last.number, share),))
        if have.resource(key_of(KEPT)) is None:
            self.cloud.perform(step)
            return
        with pytest.raises(BadRoutingError):
            self.cloud.perform(step)
        assert have == self.have()

    @precondition(lambda self: self.have().alias("live") is not None)
    @rule()
    def roll_back(self):
        before = self.have()
        try:
            moved = rollback(NAME, self.world)
        except NothingBeforeError:
            assert before == self.have()
            return
        alias = self.have().alias("live")
        assert (moved.now.version, ()) == (alias.version, alias.weights)
        assert before.versions == self.have().versions

    @precondition(lambda self: self.have().function is not None)
    @rule(keep=st.integers(1, 3), dies_in=deaths)
    def collect(self, keep, dies_in):
        before = self.have()
        if not self.attempt(lambda: gc(NAME, self.world, keep=keep), dies_in):
            return
        have = self.have()
        assert before.aliases == have.aliases
        assert before.versions[-keep:] == have.versions[-keep:]
        used = {a.version for a in have.aliases} | {
            number for a in have.aliases for number, _ in a.weights
        }
        newest = {version.number for version in before.versions[-keep:]}
        assert {version.number for version in have.versions} == used | newest
        assert all(have.needs(artifact) for artifact in have.artifacts)

    @rule(dies_in=deaths)
    def delete(self, dies_in):
        self.cloud.deleting = True
        removal = plan_removal(self.have())
        if self.attempt(lambda: apply(removal, self.cloud, silent), dies_in):
            left = self.have()
            assert Actual(name=NAME, resources=left.resources) == left
            assert all(stays(resource) for resource in left.resources)
            assert not plan_removal(left)
        self.cloud.deleting = False

    @invariant()
    def whatever_is_there_holds_together(self):
        check(self.have())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
