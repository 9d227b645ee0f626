"""The variant that is slower to load and faster to run, made ready after an answer."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.engine import Session
    from lambda_runtime.manifest import Variant

    Opened = tuple[bool, Session | None]
    """Whether there is nothing more to do, and what to change to, if anything."""


class Steady:
    """
    One variant on its way into service.

    Args:
        variant: The one that is to take over.
        fetch: Where its file lies; may be slow, and raise.
        open_at: Opens it there.
        tell: Gets one line if it could not be made ready, or not yet.
    """

    def __init__(
        self,
        variant: Variant,
        fetch: Callable[[Variant], str],
        open_at: Callable[[Variant, str], Session],
        tell: Callable[[str], object],
    ) -> None:
        self._variant = variant
        self._fetch, self._open_at, self._tell = fetch, open_at, tell
        self._path: str | None = None
        self._told = False

    def open(self, until_ms: float) -> Opened:
        """
        Open it, if its measured load would fit; if it fails it is given up.

        Args:
            until_ms: When to be done [ms since the epoch].
        """
        try:
            if self._path is None:
                self._path = self._fetch(self._variant)
            if self._too_slow_for(until_ms - time.time() * 1e3):
                return False, None
            return True, self._open_at(self._variant, self._path)
        except Exception as cause:  # noqa: BLE001 - what serves must go on serving
            said = " ".join(str(cause).split())
            self._tell(f"serving.steady-failed variant={self._variant.name} why={said}")
            return True, None

    def _too_slow_for(self, left_ms: float) -> bool:
        """Whether it would take longer to load than that; told of once."""
        needs = self._variant.load_ms or 0.0
        if needs > left_ms and not self._told:
            self._told = True
            self._tell(
                f"serving.steady-waits variant={self._variant.name} "
                f"needs_ms={needs:.0f} has_ms={max(0.0, left_ms):.0f}"
            )
        return needs > left_ms
