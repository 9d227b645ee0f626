"""The laws of a rollout, on every cloud: drivers, crashes, lost answers, people."""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from mlflow_serverless.plan import MakeResource, ProvisionedConcurrency
from mlflow_serverless.shift import (
    Driver,
    Kind,
    Stage,
    Strategy,
    advance,
    begin,
    promote,
)
from tests.conformance.conftest import Place
from tests.fakes.rollout_cloud import Interruptible, Over, TestClock, published
from tests.fakes.tell import silent
from tests.property.shift.test_rollout_machine import Rollouts

pytestmark = pytest.mark.emulator

EXAMPLES = {"local": (10, 20), "aws": (2, 10)}
"""How many, of how many steps: what is quick there."""


@pytest.mark.parametrize("where", EXAMPLES)
def test_no_step_is_lost_or_done_twice(request, where):
    """
    The state machine that holds the decisions, over versions and aliases elsewhere.
    """
    place = Place(*request.getfixturevalue(where))
    numbers = count()
    examples, steps = EXAMPLES[where]

    class There(Rollouts):
        @staticmethod
        def fresh() -> tuple[Interruptible, str]:
            name = f"{place.name}-{next(numbers)}"
            want = Place(place.cloud, place.artifact, place.settings, name).want()
            made = published(
                3, Over(cloud=place.cloud), name=name, artifact=place.artifact,
                settings=want.function.settings,
            )  # fmt: skip
            return made, name

    run_state_machine_as_test(
        There,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None
        ),
    )


@pytest.mark.parametrize("control", ["fake", "aws"], indirect=True)
def test_what_is_kept_started_moves_with_the_traffic(control):
    """
    From the alias to both versions before a request is shared; to the winner's alone
    when it is over.
    """
    for artifact in (0, 1):
        control.deploy(artifact)
    name, cloud = control.name, Over(cloud=control.cloud)
    alone = ProvisionedConcurrency(qualifier="live", count=1)
    cloud.perform(MakeResource(name, alone))
    new, old = (v.number for v in cloud.snapshot(name).versions)
    stages = (Stage(Kind.CANARY, 0.1, 60.0),)
    driver = Driver(cloud=cloud, clock=TestClock(), tell=silent)

    def kept() -> set[str]:
        around = cloud.snapshot(name).resources
        return {r.name for r in around if isinstance(r, ProvisionedConcurrency)}

    begin(name, "live", new, Strategy(name="canary", stages=stages), driver)
    advance(name, "live", driver)
    shared, both = cloud.snapshot(name).alias("live").weights, kept()
    promote(name, "live", driver)
    guarded = kept()
    promote(name, "live", driver)

    assert ((new, 0.1),) == shared
    assert {old, new} == both == guarded
    assert {new} == kept()
