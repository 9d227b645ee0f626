"""One environment's operating system process: started clean, ended for certain."""

import asyncio
import ctypes
import os
import resource
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mlflow_serverless.local.interpreter import interpreter_for
from mlflow_serverless.local.route import LATEST, Target

_MB = 2**20
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def command(runtime: Path, bundle: Path) -> tuple[str, ...]:
    """How *runtime* is run for *bundle*: no user's settings, no site-packages."""
    return (interpreter_for(bundle).python, "-I", "-S", str(runtime))


SHADOW_EVERY_S = 1.0
"""How often rollouts are looked at here, where nobody pays for looking [s]."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a process can speak to."""

    runtime_api: str
    """`host:port`."""
    lambda_api: str
    """URL."""


def variables(
    target: Target, reach: Reach, *, bundle: Path, scratch: Path, environment: str
) -> dict[str, str]:
    """All that an environment's process sees of the world."""
    settings = target.settings
    found = {
        **dict(settings.environment),
        "AWS_ENDPOINT_URL_LAMBDA": reach.lambda_api,
        "AWS_EXECUTION_ENV": "mlflow-serverless-local",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": target.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(settings.timeout_s),
        "AWS_LAMBDA_FUNCTION_VERSION": target.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{target.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": environment,
        "AWS_LAMBDA_RUNTIME_API": reach.runtime_api,
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_SCRATCH": str(scratch),
        "MLFLOW_SERVERLESS_SHADOW_EVERY_S": str(SHADOW_EVERY_S),
        "ORT_DISABLE_TELEMETRY": "1",
        "PATH": os.defpath,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(scratch),
        "TZ": "UTC",
    }
    found |= interpreter_for(bundle).variables()
    if (library := engine_library()) is not None:
        found["MLFLOW_SERVERLESS_ORT"] = str(library)
    return found


def engine_library() -> Path | None:
    """`libonnxruntime.so` of the installed wheel, found without importing it."""
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        return None
    found = sorted((Path(spec.origin).parent / "capi").glob("libonnxruntime.so*"))
    return found[0] if found else None


def arn_of(name: str, qualifier: str) -> str:
    """What the function is called in `Lambda-Runtime-Invoked-Function-Arn`."""
    tail = "" if qualifier == LATEST else f":{qualifier}"
    return f"arn:aws:lambda:local:000000000000:function:{name}{tail}"


async def start(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    folder: Path,
    output: int,
    target: Target,
) -> Process:
    """Run *argv* in a session of its own; it writes to *output*, and dies with us."""
    return await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        cwd=folder,
        stdin=DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_before_exec(target),
    )


def _before_exec(target: Target) -> Callable[[], None]:
    parent = os.getpid()
    largest_file = target.settings.ephemeral_mb * _MB

    def limit() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the line above
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return limit


def terminate(pid: int) -> None:
    """Ask the process to end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def kill(pid: int) -> None:
    """End the process and all that it started, at once."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def ending(code: int) -> str:
    """How a process ended, in Lambda's words."""
    if code < 0:
        name = signal.strsignal(-code) or f"signal {-code}"
        return f"signal: {name.lower()}"
    return f"exit status {code}"
