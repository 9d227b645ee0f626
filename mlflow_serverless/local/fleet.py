"""Environments by what they run: reused, started, limited, retired."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless.limits import CONCURRENCY
from mlflow_serverless.local.environment import Environment, Phase, Surroundings
from mlflow_serverless.local.errors import MachineBusyError
from mlflow_serverless.local.journal import Entry
from mlflow_serverless.local.outcome import Outcome
from mlflow_serverless.local.route import Target
from mlflow_serverless.local.setup import Setup
from mlflow_serverless.local.throttles import Throttles
from mlflow_serverless.plan.errors import ThrottledError

_FINISHING_S = 0.1
"""How long a request waits for one that is about to be idle, before it starts another:
calls one after another find the same environment, as they would over a network [s]."""

_SPARE_S = 1.0
"""An environment idle for that long may make room for another's [s]."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """An outcome, and the environment it came from."""

    outcome: Outcome
    cold: bool
    init_ms: float | None


@dataclass(slots=True, eq=False)
class _Waiter:
    """A request that waits for something to change."""

    key: Key
    change: "asyncio.Future[Environment | None]"
    """The environment that it is given, or nothing but a reason to look again."""


class Fleet:
    """
    All environments of one embedded cloud.

    Args:
        setup: Limits and the runtime.
        scratch: Where environments may write.
        find: From a target to its bundle's folder, verified.
        record: Where log lines go.
    """

    def __init__(
        self,
        setup: Setup,
        scratch: Path,
        find: Callable[[Target], Path],
        record: Callable[[Entry], None],
    ) -> None:
        self._setup = setup
        self._find = find
        self.lambda_api = ""
        """Where environments reach the Lambda API."""
        self._around = Surroundings(
            runtime=setup.runtime, scratch=scratch, record=record,
            changed=self._changed, lambda_api=lambda: self.lambda_api,
        )  # fmt: skip
        self._throttles = Throttles(record)
        self._all: list[Environment] = []
        self._in_flight: Counter[str] = Counter()
        self._waiting: deque[_Waiter] = deque()
        self._leaving: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer."""
        return self._in_flight.total()

    @property
    def finishing(self) -> bool:
        """Whether an environment has answered and is not idle yet."""
        return any(e.phase is Phase.FINISHING for e in self._all)

    def environments(self) -> tuple[Environment, ...]:
        """Those that live, oldest first."""
        return tuple(self._all)

    def spare(self, target: Target) -> bool:
        """Whether a request that nobody waits for would be in no caller's way."""
        limit = CONCURRENCY if target.concurrency is None else target.concurrency
        busy = sum(e.phase is not Phase.IDLE for e in self._all)
        room = self._setup.environments - busy
        return self._in_flight[target.name] + 1 < limit and room > 1

    async def answer(self, target: Target, payload: bytes, qualifier: str) -> Answered:
        """
        Answer one request in an environment of its own.

        Raises:
            ThrottledError: The function's concurrency is used up.
            MachineBusyError: No environment came free in time.
            BundleMissingError, BundleDamagedError: What it would run.
        """
        name = target.name
        limit = CONCURRENCY if target.concurrency is None else target.concurrency
        if self._in_flight[name] >= limit:
            self._throttles.count(target)
            what, why = f"a request to {name}", f"it answers {limit} already"
            raise ThrottledError(what, why)
        self._in_flight[name] += 1
        try:
            return await self._answer(target, payload, qualifier)
        finally:
            self._in_flight[name] -= 1
            self._change.set()

    async def _answer(self, target: Target, payload: bytes, qualifier: str) -> Answered:
        request = str(uuid.uuid4())
        environment = await self._obtain(target)
        cold = environment.phase is Phase.STARTING
        if cold and (failed := await self._start(environment, request)) is not None:
            environment.kill()
            return Answered(failed, cold, environment.init_ms)
        init_ms = environment.init_ms if cold else None
        outcome = await environment.run(request, payload, qualifier)
        return Answered(outcome, cold, init_ms)

    async def _start(self, environment: Environment, request: str) -> Outcome | None:
        try:
            bundle = await asyncio.to_thread(self._find, environment.target)
            return await environment.start(bundle, request)
        except BaseException:
            # Nothing runs: give its place to the next.
            environment.discard()
            self._changed(environment)
            raise

    async def _obtain(self, target: Target) -> Environment:
        """An idle environment, or a new one, or the first that comes free."""
        waiter = _Waiter(target.key, asyncio.get_running_loop().create_future())
        try:
            return await self._obtain_for(waiter, target)
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    async def _obtain_for(self, waiter: _Waiter, target: Target) -> Environment:
        began = time.monotonic()
        while True:
            if (idle := self._idle(target.key)) is not None:
                # Taken before anything else can run; `run` says so again.
                idle.phase = Phase.BUSY
                return idle
            if self._finishing(target.key) and time.monotonic() < began + _FINISHING_S:
                until = began + _FINISHING_S
            elif (made := self._new(target)) is not None:
                return made
            elif time.monotonic() - began >= self._setup.patience_s:
                limit = self._setup.environments
                raise MachineBusyError(target.name, limit, self._setup.patience_s)
            else:
                until = began + self._setup.patience_s
            if (given := await self._wait(waiter, until)) is not None:
                return given

    def _idle(self, key: Key) -> Environment | None:
        """The one used last, so that the others can be retired."""
        found = self._those(key, Phase.IDLE)
        return max(found, key=lambda environment: environment.used, default=None)

    def _finishing(self, key: Key) -> bool:
        waiting = len(self._waiting)
        return len(list(self._those(key, Phase.FINISHING))) > waiting

    def _those(self, key: Key, phase: Phase) -> Iterator[Environment]:
        return (e for e in self._all if e.target.key == key and e.phase is phase)

    def _new(self, target: Target) -> Environment | None:
        """
        A new environment, if there is room or room can be made.

        Room is made at another's cost only by who has none yet, or if that other has
        not been used for a while: two busy versions would else replace each other's
        environments at every request.
        """
        rivals = [e for e in self._all if e.target.name == target.name]
        limit = target.concurrency
        if limit is not None and len(rivals) >= limit:
            return self._replace(rivals, target)
        if len(self._all) >= self._setup.environments:
            return self._replace(self._all, target)
        return self._add(target)

    def _replace(self, among: list[Environment], target: Target) -> Environment | None:
        mine = any(e.target.key == target.key for e in self._all)
        before = time.monotonic() - (_SPARE_S if mine else 0.0)
        idle = (e for e in among if e.phase is Phase.IDLE and e.used <= before)
        oldest = min(idle, key=lambda environment: environment.used, default=None)
        if oldest is None:
            return None
        self._retire(oldest)
        return self._add(target)

    def _add(self, target: Target) -> Environment:
        made = Environment(target, self._around)
        self._all.append(made)
        return made

    async def _wait(self, waiter: _Waiter, until: float) -> Environment | None:
        """
        Sleep until the waiter is given an environment, or should look again.

        Who was woken in vain waits on in front of those that came later.
        """
        if waiter.change.done():
            waiter.change = asyncio.get_running_loop().create_future()
            self._waiting.appendleft(waiter)
        elif waiter not in self._waiting:
            self._waiting.append(waiter)
        pause = max(0.0, min(until - time.monotonic(), _SPARE_S))
        await asyncio.wait((waiter.change,), timeout=pause)
        return waiter.change.result() if waiter.change.done() else None

    def _changed(self, environment: Environment) -> None:
        if environment.phase is Phase.DEAD and environment in self._all:
            self._all.remove(environment)
        self._change.set()
        for waiter in self._waiting:
            if self._helps(environment, waiter):
                self._waiting.remove(waiter)
                return

    def _helps(self, environment: Environment, waiter: _Waiter) -> bool:
        """Hand *environment* over to the waiter, or its place; False if neither."""
        idle = environment.phase is Phase.IDLE
        if idle and environment.target.key == waiter.key:
            environment.phase = Phase.BUSY  # nobody else may take it
            waiter.change.set_result(environment)
            return True
        if idle and any(e.target.key == waiter.key for e in self._all):
            return False
        waiter.change.set_result(None)
        return True

    def retire_idle(self, wanted: Callable[[Target], bool]) -> None:
        """End environments that were idle for long, or are not *wanted* any more."""
        before = time.monotonic() - self._setup.environment_idle_s
        for environment in self.environments():
            target, used = environment.target, environment.used
            idle = environment.phase is Phase.IDLE
            if idle and (used < before or not wanted(target)):
                self._retire(environment)

    def _retire(self, environment: Environment) -> None:
        self._all.remove(environment)
        task = asyncio.get_running_loop().create_task(environment.retire())
        self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        self._change.set()

    async def close(self) -> None:
        """End every environment."""
        for environment in self.environments():
            environment.kill()
        await self.until(lambda: not (self._all or self._leaving), 60.0)

    async def until(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until *done*, or for *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not done():
                    self._change.clear()
                    await self._change.wait()
