"""Builds the function's image and runs it as Lambda does: locked down, emulated."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.bundle import native_library, write_bundle
from tests.fakes.loop_process import ROOT
from tests.fakes.registry_process import program, registry

BASE = "mlflow-serverless-base"
IMAGE = "mlflow-serverless-test"
START = ("/usr/bin/python3", "-I", "-S", "/var/task/lambda_runtime/__main__.py")
LOCKED = (
    "--read-only", "--tmpfs", "/tmp:size=64m,mode=1777", "--user", "993:990",
    "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--pids-limit", "1024",
)  # fmt: skip
"""What Lambda leaves a function: /tmp, and no rights."""

DOCKERFILE = f"""\
FROM {BASE}
COPY . /var/task
RUN ["/usr/bin/python3", "-m", "compileall", "-q", "--invalidation-mode", \
"unchecked-hash", "/var/task"]
ENV ORT_DISABLE_TELEMETRY=1 MLFLOW_SERVERLESS_BUNDLE=/var/task/bundle \
MLFLOW_SERVERLESS_ORT=/var/task/lib/libonnxruntime.so
ENTRYPOINT {str(list(START)).replace("'", '"')}
"""


def docker(*arguments: str, timeout_s: float = 120) -> str:
    """Run one `docker` command; what it says."""
    done = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    if done.returncode:
        why = f"docker {arguments[0]}: {done.stderr.strip()}"
        raise RuntimeError(why)
    return done.stdout.strip()


def base_image() -> str:
    """A base image, made of Debian packages; its name. Skips where none can be made."""
    done = subprocess.run(
        ["sh", str(ROOT / "scripts/base_image.sh"), BASE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"no base image can be made here: {done.stderr[-300:]}")
    return BASE


@contextmanager
def registry_of_base(folder: Path) -> Iterator[str]:
    """A registry that everybody may pull a base image from; the image's address."""
    if program() is None:
        pytest.skip("no docker-registry (apt-get install docker-registry)")
    if not shutil.which("docker"):
        pytest.skip("no docker command (apt-get install docker.io)")
    made = base_image()
    with registry(folder) as host:
        address = f"{host}/base:3"
        docker("tag", made, address)
        docker("push", "-q", address)
        try:
            yield address
        finally:
            docker("rmi", address)


def build(context: Path) -> str:
    """Build the function's image from the runtime and a small bundle; its name."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lambda_runtime", context / "lambda_runtime", ignore=ignored)
    write_bundle(context / "bundle")
    (context / "lib").mkdir()
    shutil.copy(native_library(), context / "lib/libonnxruntime.so")
    for name in ("uvicorn", "h11", "click"):
        package = _package(name)
        shutil.copytree(package, context / name, ignore=ignored)
    (context / "Dockerfile").write_text(DOCKERFILE)
    docker("build", "-q", "-t", IMAGE, str(context))
    return IMAGE


def _package(name: str) -> Path:
    import importlib.util

    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@dataclass(frozen=True)
class Container:
    """One running container."""

    name: str
    started: float
    """When `docker run` returned, by `time.perf_counter` [s]."""

    def port(self, inside: int = 8080) -> int:
        """The loopback port that leads to the container's *inside*."""
        return int(docker("port", self.name, str(inside)).rpartition(":")[2])

    def logs(self) -> str:
        """Both of its streams."""
        done = subprocess.run(
            ["docker", "logs", self.name], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    def state(self, what: str) -> str:
        """One field of its state: `Status`, `ExitCode`, `OOMKilled`, `Pid`."""
        return docker("inspect", "-f", "{{.State." + what + "}}", self.name)

    def stop(self) -> int:
        """SIGTERM, as the platform does, and time to obey it; the exit code."""
        docker("stop", "-t", "60", self.name)
        return int(self.state("ExitCode"))

    def processes(self) -> list[Path]:
        """`/proc` folders of the Python processes in it, as the machine sees them."""
        lines = docker("top", self.name, "-eo", "pid,args").splitlines()[1:]
        return [Path("/proc") / line.split()[0] for line in lines if "python3" in line]


@contextmanager
def running(
    *options: str, image: str = IMAGE, command: tuple[str, ...] = ()
) -> Iterator[Container]:
    """A locked-down container, for the length of a `with`."""
    name = docker("run", "-d", *LOCKED, *options, image, *command)
    try:
        yield Container(name, time.perf_counter())
    finally:
        docker("rm", "-f", name)


@contextmanager
def emulated(rie: Path, *options: str, memory_mb: int = 512) -> Iterator[Container]:
    """The function under the runtime interface emulator."""
    with running(
        "-p", "127.0.0.1::8080",
        "-m", f"{memory_mb}m", "--memory-swap", f"{memory_mb}m",
        "-e", f"AWS_LAMBDA_FUNCTION_MEMORY_SIZE={memory_mb}",
        "-e", "AWS_LAMBDA_FUNCTION_NAME=small", "-e", "AWS_LAMBDA_FUNCTION_VERSION=7",
        "-e", "AWS_LAMBDA_FUNCTION_TIMEOUT=10",
        "-v", f"{rie}:/rie:ro", "--entrypoint", "/rie", *options,
        command=START,
    ) as container:  # fmt: skip
        yield container


def invoke(container: Container, event: bytes, *, patience_s: float = 20) -> bytes:
    """Put one event to the emulator; what it answers."""
    return ask(
        container.port(),
        "POST",
        "/2015-03-31/functions/function/invocations",
        event,
        patience_s=patience_s,
    )[1]


def ask(
    port: int, method: str, path: str, body: bytes = b"", *, patience_s: float = 20
) -> tuple[int, bytes]:
    """One HTTP request, repeated while nobody listens yet."""
    until = time.monotonic() + patience_s
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (ConnectionError, http.client.BadStatusLine):
            if time.monotonic() > until:
                raise
            time.sleep(0.005)
        finally:
            connection.close()
