"""Asking others before traffic moves, and when it has.

| written as | passes if |
|---|---|
| `command:PROGRAM ARGS` | it ends with 0; the question is JSON on its standard input |
| `python:MODULE:FUNCTION` | called with the question, it returns all but False |
| `lambda:NAME` | it answers without an error, and not `{"ok": false}` |
| `https://...` | POST of the question is answered 2xx |

A hook is asked again at every look until it says yes, and may be asked again after a
crash: it should be safe to repeat.
"""

import importlib
import json
import queue
import shlex
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.shift.decide import Answer, Failed, Passed
from mlflow_serverless.shift.errors import BadHookError
from mlflow_serverless.shift.rollout import Moment, Rollout
from mlflow_serverless.world import Invoker

Question = Mapping[str, object]


class Hooks(Protocol):
    """Those who may object."""

    def ask(self, moment: Moment, name: str, rollout: Rollout, /) -> Answer:
        """What they say; silence is no."""
        ...


class NoHooks:
    """Nobody objects."""

    def ask(self, _moment: Moment, _name: str, _rollout: Rollout, /) -> Answer:
        """Yes."""
        return Passed()


@dataclass(frozen=True, kw_only=True)
class Configured:
    """The hooks that a configuration names."""

    hooks: Mapping[Moment, str] = field(default_factory=dict)
    invoker: Invoker | None = None
    """Calls functions; without it `lambda:` hooks do not pass."""
    timeout_s: float = 30.0

    def ask(self, moment: Moment, name: str, rollout: Rollout, /) -> Answer:
        """Call the hook for *moment*, if there is one."""
        hook = self.hooks.get(moment)
        if not hook:
            return Passed()
        call = caller(hook, self.invoker, self.timeout_s)
        return within(self.timeout_s, lambda: call(question(moment, name, rollout)))


def question(moment: Moment, name: str, rollout: Rollout) -> Question:
    """What a hook is told."""
    return {
        "moment": moment.value,
        "deployment": name,
        "baseline": rollout.baseline,
        "candidate": rollout.candidate,
        "state": rollout.state.value,
        "strategy": rollout.strategy.name,
    }


def caller(
    hook: str, invoker: Invoker | None, timeout_s: float
) -> Callable[[Question], Answer]:
    """
    How *hook* is called.

    Raises:
        BadHookError: It names nothing that can be called.
    """
    scheme, _, rest = hook.partition(":")
    if scheme in {"http", "https"} and rest.startswith("//"):
        return lambda asked: _http(hook, asked, timeout_s)
    if not rest:
        raise BadHookError(hook, "it names nothing")
    match scheme:
        case "command":
            return lambda asked: _command(shlex.split(rest), asked, timeout_s)
        case "python":
            return lambda asked: _python(hook, rest, asked)
        case "lambda":
            return lambda asked: _function(rest, asked, invoker)
        case _:
            raise BadHookError(hook, f"{scheme}: is not a way to call it")


def within(timeout_s: float, call: Callable[[], Answer]) -> Answer:
    """The answer of *call*; silence and crashes are no."""
    answers: queue.Queue[Answer] = queue.Queue()

    def run() -> None:
        try:
            answers.put(call())
        except ServerlessError as error:
            answers.put(Failed(error.message))
        except Exception as error:  # noqa: BLE001 - whatever a hook raises is its answer
            answers.put(Failed(f"{type(error).__name__}: {error}"))

    threading.Thread(target=run, daemon=True).start()
    try:
        return answers.get(timeout=timeout_s)
    except queue.Empty:
        return Failed(f"no answer within {timeout_s:g} s")


def _command(argv: list[str], asked: Question, timeout_s: float) -> Answer:
    try:
        done = subprocess.run(  # the user's own command
            argv, input=json.dumps(asked).encode(), timeout=timeout_s,
            capture_output=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Failed(f"no answer within {timeout_s:g} s")
    if done.returncode == 0:
        return Passed()
    said = (done.stderr or done.stdout)[-200:].decode(errors="replace").strip()
    return Failed(f"{argv[0]} ended with {done.returncode}{said and f': {said}'}")


def _python(hook: str, path: str, asked: Question) -> Answer:
    module, _, name = path.rpartition(":")
    if not module:
        raise BadHookError(hook, "it is not MODULE:FUNCTION")
    function = getattr(importlib.import_module(module), name)
    said = function(dict(asked))
    return Failed(f"{path} returned False") if said is False else Passed()


def _function(name: str, asked: Question, invoker: Invoker | None) -> Answer:
    if invoker is None:
        return Failed(f"function {name} cannot be called from here")
    function, _, qualifier = name.partition("@")
    payload = json.dumps(asked).encode()
    reply = invoker.invoke(function, payload, qualifier=qualifier or "live")
    if reply.error is not None:
        return Failed(f"{name} failed: {reply.error}")
    try:
        said = json.loads(reply.payload)
    except ValueError:
        said = None
    no = isinstance(said, dict) and said.get("ok") is False
    return Failed(f"{name} answered {said}") if no else Passed()


def _http(url: str, asked: Question, timeout_s: float) -> Answer:
    request = urllib.request.Request(  # noqa: S310 - http or https, checked by caller
        url, json.dumps(asked).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310
            return Passed()
    except urllib.error.HTTPError as refusal:
        return Failed(f"{url} answered {refusal.code}")
    except OSError as cause:
        return Failed(f"{url}: {getattr(cause, 'reason', cause)}")
