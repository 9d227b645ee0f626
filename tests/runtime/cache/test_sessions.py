"""Sessions stay within their budget, and the one in use is never closed."""

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
    made = [FakeSession(10), FakeSession(10)]
    for key, one in zip("ab", made, strict=True):
        sessions.obtain(key, lambda one=one: one, lambda one: one.weight)
    seen: list[bool] = []

    def make() -> FakeSession:
        seen.extend(one.closed for one in made)
        return FakeSession(20)

    sessions.obtain("new", make, lambda one: one.weight, expect_bytes=20)

    assert [True, True] == seen


def test_a_session_that_grows_makes_others_go():
    """A change to a heavier form is seen when the next is asked for."""
    sessions = Sessions(20)
    first, second = FakeSession(10), FakeSession(10)
    for key, one in (("a", first), ("b", second)):
        sessions.obtain(key, lambda one=one: one, lambda one: one.weight)
    second.weight = 15

    assert second is sessions.obtain("b", FakeSession, lambda one: one.weight)
    assert (True, False) == (first.closed, second.closed)


def test_a_failure_to_load_keeps_nothing():
    """What `make` raises is passed on, and the next call tries again."""
    sessions = Sessions(20)

    def fail() -> FakeSession:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        sessions.obtain("a", fail, lambda one: one.weight)
    assert () == sessions.keys


steps = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 60), st.booleans()),
    max_size=60,
)


@given(steps, st.integers(0, 100))
def test_the_budget_is_kept_unless_use_forbids(script, budget):
    """
    Weights never exceed the budget but for the session in use, which is never closed;
    the others go in order of use; whatever is dropped is closed exactly once.
    """
    sessions, made, used = Sessions(budget), [], []
    for key, weight, known in script:

        def make(weight=weight):
            made.append(FakeSession(weight))
            return made[-1]

        expect = weight if known else 0
        one = sessions.obtain(key, make, lambda one: one.weight, expect)
        used = [*[other for other in used if other != key], key]

        assert not one.closed
        assert tuple(used[-len(sessions.keys) :]) == sessions.keys
        assert len(sessions.keys) == 1 or sessions.bytes <= budget
        used = list(sessions.keys)
    open_ones = [one for one in made if not one.closed]
    assert len(sessions.keys) == len(open_ones)

    sessions.close()
    assert all(one.closed for one in made)
