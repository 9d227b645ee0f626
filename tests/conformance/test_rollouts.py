"""The laws of a rollout, on every cloud: drivers, crashes, lost answers, people."""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conformance.conftest import Place
from tests.fakes.rollout_cloud import Interruptible, Over, published
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
