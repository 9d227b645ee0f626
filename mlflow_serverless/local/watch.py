"""Holding one process to its time and its memory."""

import asyncio
from collections.abc import Callable

import psutil

from mlflow_serverless.local.outcome import Verdict, exited, out_of_time
from mlflow_serverless.plan import Settings

_EVERY_S = 0.05


class Watch:
    """
    Looks at a process while it works for somebody.

    Args:
        settings: How long it may take, and how much memory it may use.
        kill: Ends the process, with what to say to its request.
    """

    def __init__(self, settings: Settings, kill: Callable[[Verdict], None]) -> None:
        self.peak_mb = 0
        self._settings = settings
        self._kill = kill
        self._meter: psutil.Process | None = None
        self._timers: list[asyncio.TimerHandle] = []

    def attach(self, pid: int) -> None:
        """Look at process *pid* from now on."""
        try:
            self._meter = psutil.Process(pid)
        except psutil.Error:
            self._meter = None  # it has ended already

    def begin(self, seconds: float) -> None:
        """End the process if it takes longer than *seconds*, or too much memory."""
        self.end()
        loop = asyncio.get_running_loop()
        late = out_of_time(self._settings.timeout_s)
        self._timers = [
            loop.call_later(seconds, self._kill, late),
            loop.call_later(_EVERY_S, self._look),
        ]

    def end(self) -> None:
        """It does not work for anybody now."""
        while self._timers:
            self._timers.pop().cancel()

    def weigh(self) -> int:
        """Resident memory now [MB]; the most of it is kept as `peak_mb`."""
        if self._meter is None:
            return 0
        try:
            now = int(self._meter.memory_info().rss / 2**20)
        except psutil.Error:
            return 0
        self.peak_mb = max(self.peak_mb, now)
        return now

    def _look(self) -> None:
        again = asyncio.get_running_loop().call_later(_EVERY_S, self._look)
        self._timers[1:] = [again]
        if self.weigh() > self._settings.memory_mb:
            self._kill(exited("signal: killed"))
