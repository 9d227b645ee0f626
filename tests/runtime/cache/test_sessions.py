"""Sessions stay within their budget, and one in use is never closed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.cache.sessions import Sessions


@dataclass
class FakeSession:
    """Weighs something; knows whether it was closed."""

    weight: int
    closed: bool = False

    def close(self) -> None:
        self.closed = True


def test_the_longest_unused_goes_first():
    """Over the budget, the least recently obtained session is closed."""
    sessions = Sessions(20)
    made = {key: FakeSession(10) for key in "abc"}
    for key in "aba":
        sessions.obtain(key, lambda key=key: made[key], lambda one: one.weight)
    sessions.obtain("c", lambda: made["c"], lambda one: one.weight)

    assert ("a", "c") == sessions.keys
    assert made["b"].closed


def test_room_is_made_before_loading():
    """With `expect_bytes`, the old session is gone before the new one is loaded."""
    sessions = Sessions(20)
    old = FakeSession(10)
    sessions.obtain("spare", lambda: old, lambda one: one.weight)
    sessions.obtain("last", lambda: FakeSession(10), lambda one: one.weight)
    seen: list[bool] = []

    def make() -> FakeSession:
        seen.append(old.closed)
        return FakeSession(10)

    sessions.obtain("new", make, lambda one: one.weight, expect_bytes=10)

    assert [True] == seen


def test_a_failure_to_load_keeps_nothing():
    """What `make` raises is passed on, and the next call tries again."""
    sessions = Sessions(20)

    def fail() -> FakeSession:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        sessions.obtain("a", fail, lambda one: one.weight)
    assert () == sessions.keys


steps = st.lists(
    st.tuples(
        st.sampled_from(["obtain", "hold", "release"]),
        st.sampled_from("abcdef"),
        st.integers(0, 60),
    ),
    max_size=60,
)


@given(steps, st.integers(0, 100))
def test_the_budget_is_kept_unless_use_forbids(script, budget):
    """
    Weights never exceed the budget but for sessions in use; those are never closed;
    whatever is dropped is closed exactly once.
    """
    sessions, made, holds = Sessions(budget), [], dict.fromkeys("abcdef", 0)
    last = None
    for verb, key, weight in script:
        if verb == "obtain":

            def make(weight=weight):
                made.append(FakeSession(weight))
                return made[-1]

            assert not sessions.obtain(key, make, lambda one: one.weight).closed
            last = key
        elif verb == "hold" and key in sessions.keys:
            sessions.hold(key)
            holds[key] += 1
        elif verb == "release" and holds[key]:
            sessions.release(key)
            holds[key] -= 1
        used = {key for key, count in holds.items() if count} | {last}

        assert used - {None} <= set(sessions.keys)
        if verb == "obtain" and not set(sessions.keys) <= used:
            assert sessions.bytes <= budget
    open_ones = [one for one in made if not one.closed]
    assert len(sessions.keys) == len(open_ones)

    sessions.close()
    assert all(one.closed for one in made)
