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
    """One session, and what it weighs."""

    session: Any
    bytes: int


class Sessions:
    """Initialised sessions of several models, within a budget of memory.

    The session handed out last is in use and is never closed, nor is one that is
    held; a single session may exceed the budget, for it must be served.
    For one thread.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._all: dict[str, Held] = {}  # in order of use: dicts keep it
        self._holds: dict[str, int] = {}

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
            bytes_of: What a session weighs once it is loaded [bytes].
            expect_bytes: What the new session may weigh: room made before loading,
                so that the old and the new need not fit together.
        """
        held = self._all.pop(key, None)
        if held is None:
            self._make_room(expect_bytes)
            session = make()
            held = Held(session, bytes_of(session))
        self._all[key] = held
        self._make_room(0)
        return held.session  # type: ignore[no-any-return]

    def hold(self, key: str) -> None:
        """Keep the session of *key* until as many `release`s; KeyError if none."""
        if key not in self._all:
            raise KeyError(key)
        self._holds[key] = self._holds.get(key, 0) + 1

    def release(self, key: str) -> None:
        """Undo one `hold`; KeyError if there is none."""
        self._holds[key] -= 1
        if not self._holds[key]:
            del self._holds[key]

    @property
    def bytes(self) -> int:
        """What all sessions weigh together."""
        return sum(held.bytes for held in self._all.values())

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the sessions that are ready, the longest unused first."""
        return tuple(self._all)

    def close(self) -> None:
        """Close every session, held or not."""
        self._holds.clear()
        while self._all:
            self._all.popitem()[1].session.close()

    def _make_room(self, wanted: int) -> None:
        """Close sessions until *wanted* more fit, sparing the last and the held."""
        spare = [key for key in list(self._all)[:-1] if key not in self._holds]
        for key in spare:
            if self.bytes + wanted <= self._budget:
                return
            self._all.pop(key).session.close()
