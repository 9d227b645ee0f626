"""The memory tier: sessions that are ready, the longest unused given up first."""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    class Closable(Protocol):
        """Anything that gives back what it took."""

        def close(self) -> None:
            """Give everything back; safe to call twice."""
            ...

    S = TypeVar("S", bound=Closable)


class Held(NamedTuple):
    """One session, and what tells how much it weighs."""

    session: Any
    bytes_of: Callable[[Any], int]


class Sessions:
    """
    Initialised sessions of several models, within a budget of memory.

    The session obtained last is in use until the next is asked for, and is not closed
    till then. One alone may exceed the budget, for it must be served. For one thread.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._all: dict[str, Held] = {}  # in order of use: dicts keep it

    def obtain(
        self,
        key: str,
        make: Callable[[], S],
        bytes_of: Callable[[S], int],
        expect_bytes: int = 0,
    ) -> S:
        """
        The session for *key*, made if there is none.

        Args:
            key: What the session serves; equal keys, equal sessions.
            make: Loads it; what it raises is passed on, and nothing is kept.
            bytes_of: What a session weighs once it is loaded [bytes]; asked anew
                each time, for a session may change to another form.
            expect_bytes: What the new session may weigh: room made before loading,
                so that the old and the new need not fit together.
        """
        held = self._all.pop(key, None)
        if held is None:
            self._make_room(expect_bytes, keep=0)
            session = make()
            held = Held(session, bytes_of)
        self._all[key] = held
        self._make_room(0, keep=1)
        return held.session  # type: ignore[no-any-return]

    @property
    def bytes(self) -> int:
        """What all sessions weigh together."""
        return sum(held.bytes_of(held.session) for held in self._all.values())

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the sessions that are ready, the longest unused first."""
        return tuple(self._all)

    @property
    def ready(self) -> tuple[Any, ...]:
        """The sessions themselves, in the same order."""
        return tuple(held.session for held in self._all.values())

    def close(self) -> None:
        """Close every session."""
        while self._all:
            self._all.popitem()[1].session.close()

    def _make_room(self, wanted: int, *, keep: int) -> None:
        """Close the longest unused but *keep*, until *wanted* more bytes fit."""
        while len(self._all) > keep and self.bytes + wanted > self._budget:
            self._all.pop(next(iter(self._all))).session.close()
