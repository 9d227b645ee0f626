"""One execution environment: a process, its Runtime API, one request at a time."""

import asyncio
import json
import os
import shutil
import time
import uuid
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mlflow_serverless.limits import INIT_SECONDS, SYNC_PAYLOAD_BYTES
from mlflow_serverless.local import process as processes
from mlflow_serverless.local.journal import Entry
from mlflow_serverless.local.lines import Lines
from mlflow_serverless.local.outcome import (
    Outcome,
    Verdict,
    exited,
    outgrown,
    report,
)
from mlflow_serverless.local.route import Target
from mlflow_serverless.local.runtime_api import Ask, Tell, listen
from mlflow_serverless.local.watch import Watch

HOST = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime"
_TAIL_CHARS = 4096
_GRACE_S = 0.5
"""Between asking a process to end and ending it [s]."""


class Phase(Enum):
    """Where an environment is in its life."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    FINISHING = "finishing"
    """It has answered, and works on before it asks for more."""
    DEAD = "dead"


@dataclass(slots=True)
class Job:
    """One request on its way through an environment."""

    id: str
    payload: bytes
    qualifier: str
    outcome: "asyncio.Future[Outcome]"
    began: float = 0.0
    said: str = ""
    """The end of what was logged for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What environments need of the process that keeps them."""

    runtime: Path
    scratch: Path
    lambda_api: Callable[[], str]
    """Where functions reach the Lambda API."""
    record: Callable[[Entry], None]
    changed: Callable[["Environment"], None]
    """Called when an environment becomes idle, and when it is dead."""


class Environment:
    """
    Runs *target* in a process of its own.

    Args:
        target: What runs.
        around: Where, and whom to tell.
    """

    def __init__(self, target: Target, around: Surroundings) -> None:
        self.target = target
        self.phase = Phase.STARTING
        self.id = uuid.uuid4().hex[:12]
        self.init_ms: float | None = None
        self.used = time.monotonic()
        self._around = around
        self._scratch = around.scratch / self.id
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._ready: asyncio.Future[Outcome | None] = loop.create_future()
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._asked: asyncio.Task[Job] | None = None
        self._job: Job | None = None
        self._verdict: Verdict | None = None
        self._watch = Watch(target.settings, self.kill)
        self._lines = Lines(self._say)
        self._server: asyncio.Server | None = None
        self._exit: asyncio.Task[None] | None = None
        self._pid: int | None = None
        self._starting_for = ""

    @property
    def peak_mb(self) -> int:
        """Most memory that was seen in use."""
        return self._watch.peak_mb

    @property
    def pid(self) -> int | None:
        """Of its process, once there is one."""
        return self._pid

    async def start(self, bundle: Path, request: str) -> Outcome | None:
        """
        Start the process; None once it asks for work, else how it failed.

        Args:
            bundle: The files it serves.
            request: Id of the request that needs it.
        """
        began, self._starting_for = time.monotonic(), request
        process = await self._spawn(bundle)
        self._pid = process.pid
        self._watch.attach(process.pid)
        self._exit = self._loop.create_task(self._await_exit(process))
        self._watch.begin(INIT_SECONDS + self.target.settings.timeout_s)
        failed = await self._ready
        self.init_ms = (time.monotonic() - began) * 1e3
        if failed is not None:
            for what in ("INIT_REPORT ", f"REPORT RequestId: {request}\t"):
                self._say(f"{what}Init Duration: {self.init_ms:.2f} ms\tStatus: error")
        return failed

    async def _spawn(self, bundle: Path) -> Process:
        self._scratch.mkdir(parents=True)
        self._server = await listen(self._answer, HOST, longest=SYNC_PAYLOAD_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        env = processes.variables(
            self.target, processes.Reach(f"{HOST}:{port}", self._around.lambda_api()),
            bundle=bundle, scratch=self._scratch, environment=self.id,
        )  # fmt: skip
        try:
            return await processes.start(
                processes.command(self._around.runtime, bundle), env,
                folder=self._scratch, output=self._lines.writer, target=self.target,
            )  # fmt: skip
        finally:
            self._lines.handed_over()

    def discard(self) -> None:
        """Give everything back but the process."""
        self.phase = Phase.DEAD
        self._watch.end()
        self._lines.handed_over()
        self._lines.close()
        if self._server is not None:
            self._server.close()
        if self._asked is not None:
            self._asked.cancel()
        shutil.rmtree(self._scratch, ignore_errors=True)

    async def run(self, request: str, payload: bytes, qualifier: str) -> Outcome:
        """Answer one request; the environment must be the caller's alone."""
        if self.phase is Phase.DEAD:  # it ended in the moment that it was taken
            return exited("it ended before it was asked")(request)
        job = Job(request, payload, qualifier, self._loop.create_future())
        self.phase, self._job = Phase.BUSY, job
        self._jobs.put_nowait(job)
        outcome = await job.outcome
        self.used = time.monotonic()
        return outcome

    async def retire(self) -> None:
        """End the process, which may tidy up for a moment."""
        self.phase = Phase.DEAD
        if self._exit is not None and not self._exit.done():
            late = self._loop.call_later(_GRACE_S, self.kill)
            self._signal(processes.terminate)
            await asyncio.wait((self._exit,))
            late.cancel()

    def kill(self, verdict: Verdict | None = None) -> None:
        """End the process now; *verdict* says to its request why."""
        self._verdict = self._verdict or verdict
        self._signal(processes.kill)

    def _signal(self, send: Callable[[int], None]) -> None:
        if self._pid is not None and self._exit is not None and not self._exit.done():
            send(self._pid)

    # What the runtime asks.

    async def _answer(self, ask: Ask) -> Tell:
        if ask.path == f"{_PREFIX}/invocation/next" and ask.method == "GET":
            return await self._next()
        if ask.path == f"{_PREFIX}/init/error" and ask.method == "POST":
            self._settle_init(Outcome(ask.body, "Unhandled"))
            return Tell(202)
        _, _, tail = ask.path.partition(f"{_PREFIX}/invocation/")
        request, _, what = tail.partition("/")
        if ask.method != "POST" or what not in {"response", "error"}:
            return _refusal(404, "Runtime.NotFound", f"no {ask.method} {ask.path}")
        if self._job is None or request != self._job.id:
            return _refusal(400, "InvalidRequestID", f"no request {request!r} here")
        return self._respond(self._job, ask, what)

    async def _next(self) -> Tell:
        self._finish()
        if self._ready.done():
            self.phase = Phase.IDLE
            self._around.changed(self)
        else:
            # The request that it was started for has it, and nobody else.
            self.phase = Phase.BUSY
            self._ready.set_result(None)
        if self._asked is not None:
            self._asked.cancel()  # the runtime lost that connection
        self._asked = self._loop.create_task(self._jobs.get())
        job = await self._asked
        self._say(f"START RequestId: {job.id} Version: {self.target.version}")
        self._watch.begin(self.target.settings.timeout_s)
        job.began = time.monotonic()
        deadline = int((time.time() + self.target.settings.timeout_s) * 1e3)
        arn = processes.arn_of(self.target.name, job.qualifier)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": job.id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
            "Lambda-Runtime-Trace-Id": _trace(),
        }
        return Tell(200, job.payload, headers)

    def _respond(self, job: Job, ask: Ask, what: str) -> Tell:
        if not ask.whole:
            self._settle(job, outgrown())
            return _refusal(413, "RequestEntityTooLarge", "more than 6 MB")
        error = "Unhandled" if what == "error" else None
        self._settle(job, Outcome(ask.body, error))
        return Tell(202, b'{"status":"OK"}')

    # How they end.
    def _settle_init(self, failed: Outcome) -> None:
        if not self._ready.done():
            self._ready.set_result(failed)

    def _settle(self, job: Job, outcome: Outcome) -> None:
        if job.outcome.done():
            return
        self._watch.weigh()
        self._lines.drain()
        now = time.monotonic()
        outcome.duration_ms = (now - (job.began or now)) * 1e3
        outcome.log = job.said
        self.phase = Phase.FINISHING
        job.outcome.set_result(outcome)

    def _finish(self) -> None:
        """Close the books on the last request: all of its lines are in."""
        self._watch.end()
        self._lines.drain()
        job, self._job = self._job, None
        if job is not None and job.outcome.done() and not job.outcome.cancelled():
            init_ms, self.init_ms = self.init_ms, None
            for line in report(
                job.id, job.outcome.result(), memory_mb=self.target.settings.memory_mb,
                peak_mb=self._watch.peak_mb, init_ms=init_ms,
            ):  # fmt: skip
                self._say(line)

    async def _await_exit(self, process: Process) -> None:
        code = await process.wait()
        processes.kill(process.pid)  # whatever it started is in its session still
        request = self._job.id if self._job else self._starting_for
        verdict = self._verdict or exited(processes.ending(code))
        self._settle_init(verdict(request))
        if self._job is not None:
            self._settle(self._job, verdict(request))
        self._finish()
        self.discard()
        self._around.changed(self)

    def _say(self, text: str) -> None:
        target = self.target
        entry = Entry(time.time(), target.name, target.version, self.id, text)
        if self._job is not None:
            self._job.said = f"{self._job.said}\n{text}".lstrip()[-_TAIL_CHARS:]
        self._around.record(entry)


def _refusal(status: int, kind: str, message: str) -> Tell:
    body = json.dumps({"errorType": kind, "errorMessage": message})
    return Tell(status, body.encode(), {"Content-Type": "application/json"})


def _trace() -> str:
    root = os.urandom(12).hex()
    return f"Root=1-{int(time.time()):08x}-{root};Parent={root[:16]};Sampled=0"
