"""Rollouts that the embedded cloud drives by itself, each in a process of its own.

Whether one is under way is read off the aliases' notes, and whether it is to be driven
here off the function's tags; so a rollout goes on when this process is started anew.
The judge is not loaded here: it takes a second, and libraries that requests never need.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress

from mlflow_serverless.local.layout import Layout
from mlflow_serverless.local.ledger import Ledger
from mlflow_serverless.plan import Actual

DRIVER = ("mlflow-serverless:driver", "cloud")
"""The tag of a deployment whose rollouts are driven here."""

UNDER_WAY = frozenset("wsg")
"""Waiting, shifting, guarded: states in which a rollout has something to come; see
`shift.note`."""

_PROGRAM = "from mlflow_serverless.cli import main; main()"
_AGAIN_S = 30.0
"""How long a rollout whose driver has ended is left alone [s]."""


class Rollouts:
    """
    The drivers of one embedded cloud.

    Args:
        layout: Which embedded cloud.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout, self._ledger = layout, Ledger(layout.state)
        self._drivers: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, float] = {}

    def tend(self) -> bool:
        """Start a driver for each rollout that has none; whether any is driven."""
        for name in [n for n, d in self._drivers.items() if d.poll() is not None]:
            del self._drivers[name]
            self._ended[name] = time.monotonic()
        known = self._ledger.under_note() if self._layout.state.exists() else ()
        for name in known:
            if self._is_due(name):
                self._drivers[name] = self._start(name)
        return bool(self._drivers)

    def close(self) -> None:
        """End the drivers; rollouts stay where they are."""
        for driver in self._drivers.values():
            driver.terminate()
        for driver in self._drivers.values():
            with suppress(subprocess.TimeoutExpired):
                driver.wait(timeout=2)
            driver.kill()
            driver.wait()
        self._drivers.clear()

    def _is_due(self, name: str) -> bool:
        rested = time.monotonic() - self._ended.get(name, -_AGAIN_S) >= _AGAIN_S
        return name not in self._drivers and rested and driven(self._ledger.look(name))

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        command = (
            sys.executable, "-P", "-c", _PROGRAM, "advance", name, "--wait",
            "--quiet", "--target", "lambda:/local",
        )  # fmt: skip
        log = self._layout.daemon_log.with_name("rollouts.log")
        environment = {**os.environ, "MLFLOW_SERVERLESS_HOME": str(self._layout.root)}
        with log.open("ab") as out:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment,
            )  # fmt: skip


def driven(have: Actual) -> bool:
    """Whether a rollout of *have* is under way that the cloud is to drive."""
    asked = DRIVER in have.tags
    return asked and any(_under_way(alias.note) for alias in have.aliases)


def _under_way(note: str) -> bool:
    try:
        said = json.loads(note)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("r") == 1 and said.get("s") in UNDER_WAY
