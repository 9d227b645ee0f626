"""Making a bundle, and reading one back."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambda_runtime.manifest import (
    Engine,
    File,
    Manifest,
    ManifestError,
    Model,
    Variant,
    from_plain,
    to_plain,
)
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package.bundle import Bundle
from mlflow_serverless.package.errors import BundleCorruptError, BundleUnreadableError
from mlflow_serverless.store import digest_file

if TYPE_CHECKING:
    from mlflow_serverless.convert import OnnxGraph

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One variant, and the folder where the files it names lie now."""

    variant: Variant
    folder: Path


def package(
    model: ServableModel,
    graph: "OnnxGraph",
    parts: Iterable[Part],
    folder: Path,
    *,
    engine: Engine,
) -> Bundle:
    """
    Put the variants' files and their manifest into *folder*.

    The same values and files give the same bytes, wherever and whenever.

    Args:
        model: Where the graphs came from.
        graph: How requests and answers are bound to every variant.
        parts: The variants, in the order of preference; each passed parity.
        folder: Empty, or not there yet.
        engine: What is to run them.

    Raises:
        BundleUnreadableError: The runtime would not read the manifest as we mean it.
    """
    parts = list(parts)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(
        model=_origin(model),
        engine=engine,
        inputs=graph.inputs,
        outputs=graph.outputs,
        variants=tuple(part.variant for part in parts),
        signature=model.signature,
        feeds=graph.feeds,
        answer=graph.answer,
        files=_carry(parts, folder),
    )
    text = _canonical(manifest)
    (folder / MANIFEST).write_bytes(text)
    return Bundle(folder=folder, digest=_digest(text), manifest=manifest)


def read_bundle(folder: Path) -> Bundle:
    """
    The bundle in *folder*, every file checked against its digest.

    Raises:
        BundleCorruptError: Something is missing, changed, or not a bundle.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
        manifest = from_plain(json.loads(text))
    except OSError as cause:
        raise BundleCorruptError(folder, f"{MANIFEST}: {cause.strerror}") from cause
    except (ManifestError, ValueError) as cause:
        raise BundleCorruptError(folder, f"{MANIFEST}: {cause}") from cause
    for file in manifest.files:
        _check(folder, file)
    return Bundle(folder=folder, digest=_digest(text), manifest=manifest)


def _origin(model: ServableModel) -> Model:
    return Model(
        uri=model.uri,
        name=model.name,
        version=model.version,
        model_id=model.model_id,
        flavor=model.flavor,
        predict_fn=model.predict_fn,
        digest=model.digest,
    )


def _carry(parts: Iterable[Part], folder: Path) -> tuple[File, ...]:
    """Bring every file over once; variants may share files."""
    files: dict[str, File] = {}
    for part in parts:
        for path in (part.variant.file, *part.variant.needs):
            if path not in files:
                _link(part.folder / path, folder / path)
                size = (folder / path).stat().st_size
                files[path] = File(path, digest_file(folder / path), size)
    return tuple(files[path] for path in sorted(files))


def _link(source: Path, target: Path) -> None:
    """A hard link costs nothing; across file systems it has to be a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _canonical(manifest: Manifest) -> bytes:
    try:
        text = json.dumps(
            to_plain(manifest), sort_keys=True, ensure_ascii=False, allow_nan=False,
            separators=(",", ":"),
        )  # fmt: skip
        read = from_plain(json.loads(text))
    except (TypeError, ValueError) as cause:
        raise BundleUnreadableError(str(cause)) from cause
    if read != manifest:
        changed = (
            n for n in manifest._fields if getattr(read, n) != getattr(manifest, n)
        )
        raise BundleUnreadableError(", ".join(changed))
    return f"{text}\n".encode()


def _digest(text: bytes) -> str:
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def _check(folder: Path, file: File) -> None:
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise BundleCorruptError(folder, f"{file.path} leads out of it")
    try:
        size = (folder / path).stat().st_size
        digest = digest_file(folder / path) if size == file.bytes else ""
    except OSError as cause:
        raise BundleCorruptError(folder, f"{file.path}: {cause.strerror}") from cause
    if size != file.bytes:
        why = f"{file.path} has {size} bytes, not {file.bytes}"
        raise BundleCorruptError(folder, why)
    if digest != file.sha256:
        raise BundleCorruptError(folder, f"{file.path} was changed")
