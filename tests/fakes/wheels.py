"""Wheels made here, so that resolving needs no network."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

from mlflow_serverless.build.needs import PINNED
from tests.fakes.base_image import MINOR, OURS, for_machine, libc

_PLATFORMS = {"amd64": "manylinux_2_28_x86_64", "arm64": "manylinux_2_28_aarch64"}
_TAG = MINOR.replace(".", "")


def write_wheel(
    folder: Path, name: str, release: str, files: dict[str, bytes], *, oci: str = ""
) -> Path:
    """A wheel of *files*; for one processor if *oci* names it."""
    kind = f"cp{_TAG}-cp{_TAG}-{_PLATFORMS[oci]}" if oci else "py3-none-any"
    path = folder / f"{name}-{release}-{kind}.whl"
    info = f"{name}-{release}.dist-info"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n"
        f"Version: {release}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\n"
        f"Root-Is-Purelib: {'false' if oci else 'true'}\nTag: {kind}\n",
    }
    every = {**files, **{where: text.encode() for where, text in texts.items()}}
    lines = [f"{where},," for where in (*every, f"{info}/RECORD")]
    every[f"{info}/RECORD"] = "\n".join(lines).encode() + b"\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for where, content in every.items():
            wheel.writestr(zipfile.ZipInfo(where), content)
    return path


def write_index(folder: Path) -> Path:
    """Wheels of all that a graph's image is resolved from, for both processors."""
    folder.mkdir(parents=True, exist_ok=True)
    library = libc().read_bytes()
    for oci in _PLATFORMS:
        files = {
            "onnxruntime/__init__.py": b"import numpy\n",
            "onnxruntime/LICENSE": b"MIT",
            "onnxruntime/capi/libonnxruntime.so.1": for_machine(library, oci),
            "onnxruntime/tools/late.py": b"x = 1\n",
        }
        write_wheel(folder, "onnxruntime", version("onnxruntime"), files, oci=oci)
    numpy = {"numpy/__init__.py": b"", "numpy/tests/test_it.py": b""}
    write_wheel(folder, "numpy", version("numpy"), numpy, oci=OURS)
    for name, release in PINNED.items():
        source = f'"""{name}."""\n\n\ndef say():\n    return {{"a", "b", "c"}}\n'
        write_wheel(folder, name, release, {f"{name}/__init__.py": source.encode()})
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A package index of the wheels in *folder*, with their hashes; its address."""
    for wheel in folder.glob("*.whl"):
        place = folder / "simple" / wheel.name.partition("-")[0]
        place.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with (place / "index.html").open("a") as page:
            page.write(f'<a href="/{wheel.name}#sha256={digest}">{wheel.name}</a>\n')
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()
