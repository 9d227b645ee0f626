"""However events come, what is deployed ends as what the registry says."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.scene import PLAIN, Stage

POLICY = PLAIN + "    retire: delete\n"

changes = st.lists(
    st.one_of(st.integers(1, 3), st.none()), min_size=1, max_size=6
)  # a version to point the alias at, or None to drop it


def apply(stage, change):
    if change is None:
        stage.registry.drop("fraud", "champion")
    else:
        stage.registry.point("fraud", "champion", change)


def wanted(change):
    return "" if change is None else f"models:/fraud/{change}"


def fresh(folder):
    stage = Stage(Path(folder), policy=POLICY)
    stage.registry.register("fraud", 3)
    return stage


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=changes, data=st.data())
def test_any_deliveries_end_in_what_the_registry_says(changes, data):
    """
    Each change sends an event; events are dropped, doubled and reordered at will, also
    long after. As long as one pass comes after the last change, it ends right.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = fresh(folder)
        for change in changes:
            apply(stage, change)
            for _ in range(data.draw(st.integers(0, 1), label="passes")):
                stage.once()
        late = data.draw(st.permutations(stage.registry.events * 2), label="late")
        kept = late[: data.draw(st.integers(1, 3), label="arrive")]
        for _ in kept:
            stage.once()

        assert wanted(changes[-1]) == stage.serves()
        settled = len(stage.cloud.performed)
        stage.once()
        assert settled == len(stage.cloud.performed)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=changes, when=st.integers(1, 8), to=st.integers(1, 3))
def test_a_registry_that_moves_under_a_pass_is_caught_up_with(changes, when, to):
    """
    Somebody moves the alias between any two reads of a pass; the pass that this wakes
    ends where they moved it.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = fresh(folder)
        for change in changes:
            apply(stage, change)
        moves = [lambda: None] * (when - 1)
        moves.append(lambda: stage.registry.point("fraud", "champion", to))
        stage.registry.before_read = moves
        stage.once()
        happened = not stage.registry.before_read
        stage.registry.before_read = []
        stage.once()

        last = to if happened else changes[-1]
        assert wanted(last) == stage.serves()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=changes, die_after=st.integers(0, 6))
def test_a_pass_that_is_killed_is_finished_by_the_next(changes, die_after):
    """
    Wherever a pass dies, the next one ends in the same place.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = fresh(folder)
        for change in changes:
            apply(stage, change)
        stage.cloud.die_after = die_after
        with suppress(KeyboardInterrupt):
            stage.once()
        stage.cloud.die_after = None
        stage.once()

        assert wanted(changes[-1]) == stage.serves()
