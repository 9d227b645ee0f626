"""The background process: keeps environments, answers requests, stops by itself."""

import asyncio
import fcntl
import hmac
import os
import random
import secrets
import shutil
import signal
import sqlite3
import sys
import time
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import ASYNC_PAYLOAD_BYTES
from mlflow_serverless.local import bundles, wire
from mlflow_serverless.local.endpoint import Endpoint, endpoint_of
from mlflow_serverless.local.errors import DaemonError, Trouble
from mlflow_serverless.local.fleet import Fleet
from mlflow_serverless.local.journal import Entry, Journal
from mlflow_serverless.local.lambda_api import LambdaApi
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.local.ledger import Ledger
from mlflow_serverless.local.lookup import Lookup
from mlflow_serverless.local.rollouts import Rollouts
from mlflow_serverless.local.route import Target, choose
from mlflow_serverless.local.runtime_api import listen
from mlflow_serverless.local.setup import Setup
from mlflow_serverless.local.wire import Message
from mlflow_serverless.store import write_json

_TICK_S = 0.5
_LOCK_S = 1.0
_FLUSH_S = 0.1
_DRAIN_S = 5.0
"""How long a stop waits for requests that are under way [s]."""
_QUIET_S = 1.0
"""How long a reader of logs waits for the last lines [s]."""
_STALE_S = 86_400.0
"""Bundles of nothing deployed stay for that long, for who is about to deploy [s]."""


class Daemon:
    """
    One embedded cloud's data plane.

    Args:
        layout: Which embedded cloud.
        setup: How it runs.
        lock: The handle of its lock, which this process holds.
    """

    def __init__(self, layout: Layout, setup: Setup, lock: int) -> None:
        self._layout, self._setup, self._lock = layout, setup, lock
        self._token = secrets.token_urlsafe(24)
        self._journal = Journal(layout.journal)
        self._entries: list[Entry] = []
        self._lookup = Lookup(layout.state)
        self._sound: dict[Path, tuple[int, ...]] = {}
        self._fleet = Fleet(setup, layout.scratch, self._bundle, self._record)
        self._lambda_api = LambdaApi(self._token, self._lookup.look, self._fleet)
        self._rollouts = Rollouts(layout)
        self._stopping = asyncio.Event()
        self._used = time.monotonic()

    async def run(self) -> None:
        """Serve until idle for long, or told to stop."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        server = await asyncio.start_server(self._met, wire.HOST, 0, limit=1 << 20)
        functions = await self._listen_to_functions()
        self._endpoint = Endpoint(
            port=server.sockets[0].getsockname()[1],
            token=self._token,
            pid=os.getpid(),
            fingerprint=self._setup.fingerprint(),
        )
        self._announce()
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._tick_s())
            with suppress(OSError):  # a full disk is no reason to go
                self._look_after()
        # From here on nobody finds this process; who did is told to look again.
        self._layout.endpoint.unlink(missing_ok=True)
        server.close()
        functions.close()
        self._rollouts.close()
        await self._lambda_api.close()
        await self._fleet.until(lambda: not self._fleet.in_flight, _DRAIN_S)
        await self._fleet.close()
        self._flush()

    async def _listen_to_functions(self) -> asyncio.Server:
        server = await listen(
            self._lambda_api.answer, wire.HOST, longest=ASYNC_PAYLOAD_BYTES
        )
        port = server.sockets[0].getsockname()[1]
        self._fleet.lambda_api = f"http://{wire.HOST}:{port}/{self._token}"
        return server

    def _announce(self) -> None:
        write_json(self._layout.endpoint, asdict(self._endpoint))

    def _is_announced(self) -> bool:
        try:
            return endpoint_of(self._layout) == self._endpoint
        except (OSError, ValueError, TypeError):
            return False

    def _tick_s(self) -> float:
        return min(_TICK_S, self._setup.idle_s / 4)

    def _look_after(self) -> None:
        """What is to be done now and then."""
        self._flush()
        self._fleet.retire_idle(self._lookup.wants)
        if self._fleet.in_flight or self._drives():
            self._used = time.monotonic()
        idle = time.monotonic() - self._used > self._setup.idle_s
        if idle or not holds(self._layout, self._lock):
            self._stopping.set()
        elif not self._is_announced():
            self._announce()

    def _drives(self) -> bool:
        """Whether a rollout is driven here; state that cannot be read stops none."""
        with suppress(sqlite3.Error, ServerlessError):
            return self._rollouts.tend()
        return False

    # Requests.

    async def _met(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            message, payload = await wire.received(reader)
            answer, data = await self._answer(message, payload)
            writer.write(wire.packed(answer, data))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return
        finally:
            writer.close()

    async def _answer(self, message: Message, payload: bytes) -> tuple[Message, bytes]:
        given = str(message.get("token")).encode()
        if not hmac.compare_digest(given, self._token.encode()):
            return {"stopping": True}, b""
        if message["op"] == "invoke" and self._stopping.is_set():
            return {"stopping": True}, b""
        try:
            return await self._done(message, payload)
        except ServerlessError as error:
            return wire.fault(error), b""
        except Exception as error:  # noqa: BLE001 - the caller must hear of it
            said = f"{type(error).__name__}: {error}"
            log = self._layout.daemon_log
            return wire.fault(DaemonError(Trouble.FAILED, log, said)), b""

    async def _done(self, message: Message, payload: bytes) -> tuple[Message, bytes]:
        match message["op"]:
            case "invoke":
                return await self._invoke(
                    message["name"], message["qualifier"], payload
                )
            case "sync":
                await self._quiet()
                return {}, b""
            case "stop":
                self._stopping.set()
                return {}, b""
            case _:
                return self._status(), b""

    async def _invoke(
        self, name: str, qualifier: str, payload: bytes
    ) -> tuple[Message, bytes]:
        self._used = time.monotonic()
        have = self._lookup.look(name)
        target = choose(have, qualifier, random.random())  # noqa: S311 - traffic, no secret
        answered = await self._fleet.answer(target, payload, qualifier)
        outcome = answered.outcome
        self._used = time.monotonic()
        message = {
            "version": target.version,
            "error": outcome.error,
            "log": outcome.log,
            "cold": answered.cold,
            "duration_ms": outcome.duration_ms,
            "init_ms": answered.init_ms,
        }
        return message, outcome.payload

    def _status(self) -> Message:
        environments = [
            {
                "name": e.target.name,
                "version": e.target.version,
                "phase": e.phase.value,
                "pid": e.pid,
                "memory_mb": e.peak_mb,
            }
            for e in self._fleet.environments()
        ]
        idle = time.monotonic() - self._used
        return {"pid": os.getpid(), "idle_s": idle, "environments": environments}

    # Bundles and logs.

    def _bundle(self, target: Target) -> Path:
        """The target's bundle; verified again whenever a file of it has changed."""
        folder = bundles.find(self._layout, target.artifact)
        marks = bundles.marks(folder)
        if self._sound.get(folder) != marks:
            bundles.verify(folder, target.artifact)
            self._sound[folder] = marks
        return folder

    def _record(self, entry: Entry) -> None:
        if not self._entries:
            asyncio.get_running_loop().call_later(_FLUSH_S, self._flush)
        self._entries.append(entry)

    def _flush(self) -> None:
        entries, self._entries = self._entries, []
        if entries:
            # A log must never stop what it tells of.
            with suppress(sqlite3.Error, ServerlessError, OSError):
                self._journal.write(entries)

    async def _quiet(self) -> None:
        """Wait until requests that were answered are in the journal."""
        await self._fleet.until(lambda: not self._fleet.finishing, _QUIET_S)
        self._flush()


def hold(layout: Layout) -> int | None:
    """Take the lock for as long as this process lives; None if another has it."""
    handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_S
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle
        if time.monotonic() > deadline:
            os.close(handle)
            return None
        time.sleep(0.005)


def holds(layout: Layout, lock: int) -> bool:
    """Whether *lock* still is what others look at: nobody took the folder away."""
    try:
        return os.path.samestat(os.fstat(lock), layout.lock.stat())
    except FileNotFoundError:
        return False


def tidy(layout: Layout) -> None:
    """Take away what a killed process left, and what nobody needs any more."""
    layout.endpoint.unlink(missing_ok=True)
    shutil.rmtree(layout.scratch, ignore_errors=True)
    with suppress(ServerlessError, OSError):
        used = Ledger(layout.state).artifacts()
        bundles.sweep(layout, used, time.time() - _STALE_S)
    with suppress(ServerlessError):
        Journal(layout.journal).trim()


async def _serve(layout: Layout, setup: Setup, lock: int) -> None:
    await Daemon(layout, setup, lock).run()


def main(root: str, setup: str) -> int:
    """Run the background process of *root*; 1 if there is one already."""
    layout = Layout(Path(root))
    layout.prepare()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    lock = hold(layout)
    if lock is None:
        sys.stderr.write("another process holds the lock\n")
        return 1
    tidy(layout)
    asyncio.run(_serve(layout, Setup.from_json(setup), lock))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
