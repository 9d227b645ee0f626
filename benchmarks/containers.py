"""One container under AWS's emulator, from its start to its first answers, measured."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import re
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHUNK = 512 * 1024
EMULATOR = "aws-lambda-rie"

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATH = "/2015-03-31/functions/function/invocations"


@dataclass(frozen=True, slots=True)
class Start:
    """What one start came to."""

    ms: float
    """From the emulator listening to the first answer."""
    cpu_ms: float
    """Processor time of all its processes in between."""
    second_ms: float
    rss_mb: float
    """Most memory of the runtime's processes, mapped files included."""
    chunks: int = 0
    """Chunks of 512 KiB that came into an empty page cache, read-ahead included."""
    files: int = 0
    read_mb: float = 0.0
    """Of them, what is in the page cache."""


class Container:
    """A running container, and what the machine knows of it."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port = name, port
        fields = "{{.State.Pid}} {{.GraphDriver.Data.MergedDir}}"
        pid, self.root = _docker("inspect", "-f", fields, name).split()
        self._usage = _usage_file(pid)
        self._pids = self._usage.parent / "cgroup.procs"

    def cpu_ms(self) -> float:
        """Processor time of all its processes so far."""
        text = self._usage.read_text()
        found = re.search(r"usage_usec (\d+)", text)
        return int(found[1]) / 1e3 if found else int(text) / 1e6

    def rss_mb(self) -> float:
        """Most memory of its processes, less the emulator's."""
        return sum(_peak_mb(pid) for pid in self._pids.read_text().split())

    def invoke(self, body: bytes) -> float:
        """One answer [ms]; RuntimeError if it is an error."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{_PATH}", body)
        start = time.perf_counter()
        told = urllib.request.urlopen(request, timeout=120).read()
        took = (time.perf_counter() - start) * 1e3
        if b"errorMessage" in told or b"error_code" in told:
            raise RuntimeError(told.decode()[:500])
        return took


def measure(
    tag: str, rows: object, options: list[str], *, model: Path | None, drop: bool
) -> Start:
    """
    Start *tag* once and ask twice.

    A machine may take pages that nobody has used for a while from the page cache, so a
    start that is to find its files there is preceded by one that is not measured.

    Args:
        tag: The image.
        rows: What is asked: a request's JSON values.
        options: Of `docker run`.
        model: Folder to be seen at `/opt/ml`, instead of the image's own.
        drop: Whether the page cache is emptied first; then chunks are counted.
    """
    body = json.dumps(rows).encode()
    options = [*options, *(["-v", f"{model}:/opt/ml:ro"] if model else [])]
    if drop:
        subprocess.run(["sync"], check=True)
        Path("/proc/sys/vm/drop_caches").write_text("3")
    else:
        with running(tag, [*options, "--cpus", "2"]) as container:
            container.invoke(body)
    with running(tag, options) as container:
        cpu = container.cpu_ms()
        ms = container.invoke(body)
        cpu = container.cpu_ms() - cpu
        rss = container.rss_mb()
        read = resident(container.root, model) if drop else (0, 0, 0.0)
        return Start(ms, cpu, container.invoke(body), rss, *read)


@contextmanager
def running(tag: str, options: list[str]):
    """A container as locked down as Lambda's, its emulator listening."""
    port = _free_port()
    name = _docker(
        "run", "-d", "--rm", "-p", f"127.0.0.1:{port}:8080", "--read-only",
        "--tmpfs", "/tmp:mode=1777", "-u", "993:990",
        "-e", "AWS_LAMBDA_FUNCTION_TIMEOUT=60", *options, tag,
    )  # fmt: skip
    try:
        _wait(port)
        yield Container(name, port)
    finally:
        subprocess.run(["docker", "kill", name], check=False, capture_output=True)


def resident(*roots: str | Path | None) -> tuple[int, int, float]:
    """Chunks, files and MB below *roots* in the page cache, less the emulator's."""
    chunks = files = pages = 0
    for root in filter(None, roots):
        for path in Path(root).rglob("*"):
            if path.name != EMULATOR and path.is_file() and not path.is_symlink():
                held = _held(path)
                chunks += len({page * _PAGE // CHUNK for page in held})
                files, pages = files + bool(held), pages + len(held)
    return chunks, files, pages * _PAGE / 1e6


def _held(path: Path) -> list[int]:
    """The pages of *path* that the page cache holds, by number."""
    size = path.stat().st_size
    if not size:
        return []
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
    try:
        base = ctypes.c_char.from_buffer(view)
        pages = (ctypes.c_ubyte * -(-size // _PAGE))()
        if _libc.mincore(ctypes.addressof(base), size, pages):
            raise OSError(ctypes.get_errno(), str(path))
        del base
    finally:
        view.close()
    return [number for number, page in enumerate(pages) if page & 1]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


def _usage_file(pid: str) -> Path:
    """Where the kernel counts the processor time of *pid*'s control group."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpuacct" in controllers.split(","):
            return Path(f"/sys/fs/cgroup/cpuacct{path}/cpuacct.usage")
        if not controllers and Path(f"/sys/fs/cgroup{path}/cpu.stat").exists():
            return Path(f"/sys/fs/cgroup{path}/cpu.stat")
    raise RuntimeError("no control group counts processor time")


def _peak_mb(pid: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0  # it has ended
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    return int(peak[1]) / 1e3 if peak and f"Name:\t{EMULATOR}" not in status else 0.0


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(1)
            try:
                probe.connect(("127.0.0.1", port))
                probe.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if probe.recv(1):
                    return
            except OSError:
                pass
        time.sleep(0.05)
    raise TimeoutError("the emulator did not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _docker(*words: str) -> str:
    done = subprocess.run(
        ["docker", *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
