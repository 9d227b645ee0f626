"""Base images small enough for unit tests: a Python's name, a C library, a registry."""

from __future__ import annotations

import gzip
import io
import json
import platform
import sys
import tarfile
from pathlib import Path

from tests.fakes.registry import FakeRegistry, digest_of

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHON = f"/var/lang/bin/python{MINOR}"
REPOSITORY = "lambda/python"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_MACHINES = {"amd64": 0x3E, "arm64": 0xB7}
OURS = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def libc() -> Path:
    """This machine's C library."""
    return next(
        path
        for folder in ("/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu",
                       "/lib/aarch64-linux-gnu")
        if (path := Path(folder) / "libc.so.6").is_file()
    )  # fmt: skip


def for_machine(content: bytes, oci: str) -> bytes:
    """An ELF file, said to be for another processor."""
    return content[:18] + bytes([_MACHINES[oci], 0]) + content[20:]


def tar_of(files: dict[str, bytes | str]) -> bytes:
    """A tar; a text is the target of a symbolic link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size, info.mode = len(content), 0o755
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def base_files(oci: str = OURS) -> dict[str, bytes | str]:
    """What a base must have for us to know what it is."""
    python = Path(sys.executable).resolve().read_bytes()
    return {
        "lib64": "usr/lib64",
        "usr/lib64/libc.so.6": for_machine(libc().read_bytes(), oci),
        PYTHON.lstrip("/"): for_machine(python, oci),
    }


def publish(
    registry: FakeRegistry,
    tag: str = "3",
    *,
    oci: str = OURS,
    files: dict[str, bytes | str] | None = None,
    media_type: str = "application/vnd.docker.image.rootfs.diff.tar.gzip",
) -> str:
    """Put a base of one layer into *registry*; its digest."""
    tar = tar_of(base_files(oci) if files is None else files)
    blob = gzip.compress(tar, 1, mtime=0)
    config = json.dumps({
        "architecture": oci, "os": "linux", "created": "2026-01-02T03:04:05Z",
        "config": {
            "Env": ["PATH=/var/lang/bin:/usr/bin", "LANG=en_US.UTF-8"],
            "WorkingDir": "/var/task", "Labels": {"from": "base"},
        },
        "history": [{"created_by": "base"}],
        "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
    }).encode()  # fmt: skip
    described = [
        {"mediaType": kind, "size": len(content),
         "digest": registry.keep_blob(REPOSITORY, content)}
        for kind, content in (("config", config), (media_type, blob))
    ]  # fmt: skip
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0],
                "layers": described[1:]}  # fmt: skip
    return registry.keep(REPOSITORY, tag, json.dumps(document).encode(), MANIFEST)


def publish_index(registry: FakeRegistry, tag: str, **digests: str) -> str:
    """Put an index of images by architecture, and an attestation, into *registry*."""
    listed = [
        {"mediaType": MANIFEST, "digest": "sha256:" + "9" * 64, "size": 1,
         "platform": {"architecture": "unknown", "os": "unknown"}},
    ]  # fmt: skip
    listed += [
        {"mediaType": MANIFEST, "digest": digest, "size": 1,
         "platform": {"architecture": oci, "os": "linux"}}
        for oci, digest in digests.items()
    ]  # fmt: skip
    document = json.dumps({"schemaVersion": 2, "manifests": listed}).encode()
    return registry.keep(REPOSITORY, tag, document, INDEX)
