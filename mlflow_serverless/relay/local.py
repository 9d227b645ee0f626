"""The relay on this machine: a process that a folder knows of.

The process holds a lock on a file in the folder, which the kernel takes from the dead;
so whether it lives never depends on what it could still write down.
"""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlflow_serverless.relay.errors import RelaySilentError
from mlflow_serverless.store import key_of, write_json
from mlflow_serverless.wording import one_line

STARTING_S = 30.0
STOPPING_S = 10.0
_PAUSE_S = 0.05
_TRIES = 20
_SAID = 400
"""Of what a relay that did not start has said [characters]."""
_AS = "MLFLOW_SERVERLESS_RELAY_AS"
"""Says to the process what it was started as; another one is started for another."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What a relay on this machine keeps."""

    root: Path

    @property
    def seen(self) -> Path:
        """Deliveries that were taken."""
        return self.root / "seen.sqlite"

    @property
    def log(self) -> Path:
        """What the process said."""
        return self.root / "relay.log"

    def secret(self) -> str:
        """The webhook's secret; made once, readable by its owner alone."""
        file = self.root / "secret"
        self.root.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(file, flags, 0o600), "w") as made:
                made.write(secrets.token_urlsafe(32))
        return file.read_text().strip()

    def address(self) -> Mapping[str, object] | None:
        """`pid` and `url` of the relay that runs; None if none does."""
        if not self._held():
            return None
        try:
            found = json.loads((self.root / "relay.json").read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    @contextmanager
    def held(self, url: str) -> Iterator[bool]:
        """Be the relay of this folder; False if another one is."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "relay.lock").open("a") as lock:
            if not any(_taken(lock) for _ in range(_TRIES)):
                yield False
                return
            said = {"pid": os.getpid(), "url": url, "as": os.environ.get(_AS, "")}
            write_json(self.root / "relay.json", said)
            yield True

    def _held(self) -> bool:
        file = self.root / "relay.lock"
        if not file.is_file():
            return False
        with file.open("a") as lock:
            return not _taken(lock, pause=0.0)


def _taken(lock: IO[str], pause: float = _PAUSE_S) -> bool:
    """Take the lock if nobody has it; whoever only asks has it for a moment, too."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        time.sleep(pause)
        return False
    return True


def start(folder: Folder, options: Sequence[str], policy: str) -> str:
    """
    Start `relay serve` with *options*, unless one runs with just these; its URL.

    Args:
        folder: Whose relay it is.
        options: Of the command.
        policy: Text of the policy: a changed one needs another process.

    Raises:
        RelaySilentError: It did not come up.
    """
    wanted = key_of(
        options=options, policy=policy, secret=folder.secret(), environ=_meant()
    )
    if (found := folder.address()) is not None and found.get("as") == wanted:
        return str(found["url"])
    stop(folder)
    folder.root.mkdir(parents=True, exist_ok=True)
    call = "from mlflow_serverless.cli import main; main()"
    command = (sys.executable, "-c", call, "relay", "serve", *options)
    package = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    with folder.log.open("ab") as log:
        begins = log.tell()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PYTHONPATH": path, _AS: wanted}, start_new_session=True,
        )  # fmt: skip
    return _awaited(folder, process, begins)


def _meant() -> dict[str, str]:
    """What the environment says of registry and relay: a changed token counts."""
    own = (name for name in os.environ if name.startswith(("MLFLOW_", "RELAY_")))
    return {name: os.environ[name] for name in own if name != _AS}


def stop(folder: Folder) -> bool:
    """End the relay of *folder*; False if none ran."""
    found = folder.address()
    if found is None:
        return False
    pid = int(str(found["pid"]))
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPPING_S
    while folder.address() is not None:
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_S)
    return True


def _awaited(folder: Folder, process: "subprocess.Popen[bytes]", begins: int) -> str:
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline:
        found = folder.address()
        if found is not None and _answers(str(found["url"])):
            # Reaped when it ends, should this process live longer than it.
            threading.Thread(target=process.wait, daemon=True).start()
            return str(found["url"])
        if process.poll() is not None:
            said = folder.log.read_bytes()[begins:].decode(errors="replace")
            why = f"it ended with {process.returncode}: {one_line(said)[-_SAID:]}"
            raise RelaySilentError(why, str(folder.log))
        time.sleep(_PAUSE_S)
    process.kill()
    why = f"no answer within {STARTING_S:.0f} s"
    raise RelaySilentError(why, str(folder.log))


def _answers(url: str) -> bool:
    with suppress(OSError):
        address = url.rpartition("/")[0] + "/health"
        with urllib.request.urlopen(address, timeout=1) as reply:  # noqa: S310 - ours, on loopback
            return bool(reply.status == 200)
    return False
