"""A bucket of tokens: how a stage's throttle counts."""

from __future__ import annotations

import threading
import time


class Bucket:
    """
    Lets `burst` requests through at once, and `rate` a second on average.

    Args:
        rate: Requests a second.
        burst: Most at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self.limits = (rate, burst)
        self._left, self._at = float(burst), time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more may pass now."""
        rate, burst = self.limits
        with self._lock:
            now = time.monotonic()
            self._left = min(burst, self._left + (now - self._at) * rate)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
