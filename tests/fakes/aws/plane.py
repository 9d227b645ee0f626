"""Lambda's data plane: the embedded cloud's environments, behind AWS's front.

What runs in an environment is a program on this machine, or `container.py`, which runs
the pushed image under Lambda's conditions and is otherwise a program like any other.
"""

# ruff: noqa: N803 - parameters have AWS's own names

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.local.fleet import Answered, Fleet
from mlflow_serverless.local.outcome import report
from mlflow_serverless.local.route import Target
from mlflow_serverless.plan import Settings
from tests.fakes.aws.platform import as_json
from tests.fakes.aws.rest import AwsError
from tests.fakes.aws.shelf import ACCOUNT, LATEST, Frozen, Made, Shelf, split

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from mlflow_serverless.local.journal import Entry
    from mlflow_serverless.local.setup import Setup
    from tests.fakes.aws.engine import Engine

LIMIT = 6 * 1024 * 1024


class Plane:
    """
    Runs functions.

    Args:
        shelf: What there is to run.
        scratch: Where environments may write.
        setup: What they run; see `container.py` for images.
        engine: Pulls images, where they are run.
    """

    def __init__(
        self, shelf: Shelf, scratch: Path, setup: Setup, engine: Engine | None = None
    ) -> None:
        self._shelf, self._scratch, self._engine = shelf, scratch, engine
        self.tools: dict[str, dict[str, Any]] = {}
        """What `tool_or_model.py` needs to know of an image, by the image."""
        self.beside: dict[str, str] = {}
        """Variables that containers have beside their own: credentials, as a role's."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._fleet = self._do(self._made(setup))
        self._streams: dict[str, str] = {}
        self._lock = threading.Lock()

    async def _made(self, setup: Setup) -> Fleet:
        return Fleet(setup, self._scratch / "run", self._find, self._record)

    def close(self) -> None:
        """End every environment."""
        self._do(self._fleet.close())
        if self._engine is not None:
            self._engine.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def quiet(self) -> None:
        """Wait until what was answered is in the log."""
        self._do(self._fleet.until(lambda: not self._fleet.finishing, 1.0))

    def invoke(
        self, FunctionName: str, Payload: bytes, Qualifier: str | None = None,
        InvocationType: str = "RequestResponse", LogType: str = "None", **_: Any,
    ) -> dict[str, Any]:  # fmt: skip
        made = self._shelf.find(FunctionName)
        qualifier = Qualifier or split(FunctionName)[1] or LATEST
        frozen = made.at(_drawn(made, qualifier))
        if frozen.shown()["State"] == "Pending":
            frozen.refuse_while_working()
        if InvocationType == "DryRun":
            return {"StatusCode": 204}
        if len(Payload) > LIMIT:
            raise AwsError(
                413, "RequestTooLargeException",
                f"Request must be smaller than {LIMIT} bytes for the InvokeFunction "
                "operation",
            )  # fmt: skip
        target = self._target(made, frozen)
        try:
            answered = self._do(self._fleet.answer(target, Payload or b"{}", qualifier))
        except ServerlessError as error:
            raise AwsError(
                429, "TooManyRequestsException", "Rate Exceeded.",
                Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
            ) from error  # fmt: skip
        found = {
            "StatusCode": 200, "ExecutedVersion": target.version,
            "FunctionError": answered.outcome.error,
            "Payload": answered.outcome.payload,
        }  # fmt: skip
        if LogType == "Tail":
            lines = _tail(target, answered).splitlines()
            at = time.time()
            tail = "\n".join(self._written(made.name, line, at) for line in lines)
            found["LogResult"] = base64.b64encode(tail.encode()[-4096:]).decode()
        return found

    def _written(self, name: str, line: str, at: float) -> str:
        """*line* in the format that the function's log has."""
        made = self._shelf.functions.get(name)
        logging = made.latest.config["LoggingConfig"] if made else {}
        return as_json(line, at) if logging.get("LogFormat") == "JSON" else line

    def _do(self, work: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(1000)

    def _target(self, made: Made, frozen: Frozen) -> Target:
        config = frozen.config
        variables = config.get("Environment", {}).get("Variables", {})
        settings = Settings(
            memory_mb=config["MemorySize"], timeout_s=config["Timeout"],
            ephemeral_mb=config["EphemeralStorage"]["Size"],
            environment=tuple(sorted(variables.items())),
        )  # fmt: skip
        return Target(
            name=made.name, version=config["Version"], settings=settings,
            content=json.dumps([frozen.uri, config["RevisionId"]]),
            artifact=f"{frozen.uri.partition('@')[0]}@sha256:{config['CodeSha256']}",
            concurrency=made.concurrency,
        )  # fmt: skip

    def _find(self, target: Target) -> Path:
        """A folder that says which image the target is, for `container.py`."""
        folder = self._scratch / "images" / target.artifact.rpartition(":")[2]
        folder.mkdir(parents=True, exist_ok=True)
        variables = [key for key, _ in target.settings.environment]
        said = {
            "memory_mb": target.settings.memory_mb, "variables": variables
        }  # fmt: skip
        if self._engine is not None:
            said |= self._engine.told(target.artifact) | {"beside": self.beside}
        said |= self.tools.get(target.artifact, {})
        (folder / "image.json").write_text(json.dumps(said))
        return folder

    def _record(self, entry: Entry) -> None:
        """One line of an environment."""
        day = time.strftime("%Y/%m/%d", time.gmtime(entry.at))
        stream = f"{day}/[{entry.version}]{entry.environment}"
        text = self._written(entry.name, entry.text, entry.at)
        self.note(f"/aws/lambda/{entry.name}", stream, text, entry.at)

    def note(self, group: str, stream: str, text: str, at: float = 0.0) -> None:
        """One line into CloudWatch Logs, as moto keeps them; *at* some time, or now."""
        logs = get_backend("logs")[ACCOUNT][self._shelf.region]
        with self._lock:
            if group not in logs.groups:
                logs.create_log_group(group, tags={})
            if stream not in logs.groups[group].streams:
                logs.create_log_stream(group, stream)
            when = int((at or time.time()) * 1000)
            event = {"timestamp": when, "message": f"{text}\n"}
            logs.put_log_events(group, stream, [event])


def _drawn(made: Made, qualifier: str) -> str:
    """The version that answers, by the alias's weights."""
    alias = made.aliases.get(qualifier)
    if alias is None:
        return qualifier
    draw = random.random()
    weights = alias["RoutingConfig"]["AdditionalVersionWeights"]
    for number, share in weights.items():
        if draw < share:
            return str(number)
        draw -= share
    return str(alias["FunctionVersion"])


def _tail(target: Target, answered: Answered) -> str:
    ending = report(
        "this", answered.outcome, memory_mb=target.settings.memory_mb, peak_mb=1,
        init_ms=answered.init_ms if answered.cold else None,
    )  # fmt: skip
    lines = itertools.chain((answered.outcome.log,), ending)
    return "\n".join(lines)
