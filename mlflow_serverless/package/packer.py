"""Making a bundle, and reading one back."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambda_runtime.manifest import (
    PIECE_BYTES,
    Engine,
    File,
    Manifest,
    ManifestError,
    Model,
    Refusal,
)
from lambda_runtime.manifest_read import from_plain
from lambda_runtime.manifest_write import to_plain
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package.bundle import Bundle
from mlflow_serverless.package.errors import BundleCorruptError, BundleUnreadableError
from mlflow_serverless.store import digest_file

if TYPE_CHECKING:
    from mlflow_serverless.convert import OnnxGraph
    from mlflow_serverless.optimise import Artefact

MANIFEST = "manifest.json"


def package(
    model: ServableModel,
    artefacts: "Sequence[Artefact]",
    folder: Path,
    *,
    engine: Engine,
    refusals: tuple[Refusal, ...] = (),
) -> Bundle:
    """
    Put the artefacts' files and their manifest into *folder*.

    The same model and graphs give the same bytes, wherever and whenever: nothing that
    was measured on one machine goes in.

    Args:
        model: Where the graphs came from.
        artefacts: At least one, in the order of preference; each passed parity.
        folder: Empty, or not there yet.
        engine: What is to run them.
        refusals: What the model was seen to refuse when they were proved.

    Raises:
        BundleUnreadableError: The runtime would not read the manifest as we mean it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = _binding(artefacts)
    manifest = Manifest(
        model=origin(model),
        engine=engine,
        inputs=graph.inputs,
        outputs=graph.outputs,
        variants=tuple(item.variant for item in artefacts),
        signature=model.signature,
        feeds=graph.feeds,
        answer=graph.answer,
        files=_carry(artefacts, folder),
        refusals=refusals,
    )
    return seal(manifest, folder)


def seal(manifest: Manifest, folder: Path) -> Bundle:
    """
    Write *manifest* beside its files: *folder* is a bundle now.

    Raises:
        BundleUnreadableError: The runtime would not read the manifest as we mean it.
    """
    text = _canonical(manifest)
    (folder / MANIFEST).write_bytes(text)
    return Bundle(folder=folder, digest=_digest(text), manifest=manifest)


def _binding(artefacts: "Sequence[Artefact]") -> "OnnxGraph":
    """One manifest binds all variants, so they have to be bound alike."""
    first = artefacts[0].graph
    for item in artefacts[1:]:
        if replace(item.graph, file=first.file, opset=first.opset) != first:
            why = f"{item.variant.name} is bound otherwise than the first variant"
            raise BundleUnreadableError(why)
    return first


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


def origin(model: ServableModel) -> Model:
    """Where *model* came from, as the manifest says it."""
    return Model(
        uri=model.uri,
        name=model.name,
        version=model.version,
        model_id=model.model_id,
        flavor=model.flavor,
        predict_fn=model.predict_fn,
        digest=model.digest,
    )


def _carry(artefacts: "Sequence[Artefact]", folder: Path) -> tuple[File, ...]:
    """Bring every file over once; variants may share files."""
    files: dict[str, File] = {}
    for item in artefacts:
        for source in item.files:
            if source.name not in files:
                files[source.name] = carry(source, folder, source.name)
    return tuple(files[name] for name in sorted(files))


def carry(source: Path, folder: Path, name: str) -> File:
    """Bring *source* to *name* in *folder*: a hard link where one can be made."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return File(name, digest_file(target), target.stat().st_size, _pieces(target))


def _pieces(path: Path) -> tuple[str, ...]:
    """Digests of a large file's pieces, which the runtime checks as they arrive."""
    if path.stat().st_size <= PIECE_BYTES:
        return ()
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        return tuple(hashlib.sha256(piece).hexdigest() for piece in pieces)


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
