"""An image as a folder: written whole, read back as the same value."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlflow_serverless.build.image import MANIFEST_V2, Image, ImageSpec, Layer
from mlflow_serverless.build.manifest import canonical, digest_of

_RECORD = "spec.json"


def write_layout(
    folder: Path,
    documents: Sequence[bytes],
    blobs: Mapping[str, Path],
    record: Mapping[str, Any],
) -> None:
    """
    Write an OCI image layout into *folder*.

    Args:
        folder: Empty.
        documents: Configuration and manifest.
        blobs: Digest of every layer to its file, which is linked where it can be.
        record: What `read_layout` needs beside.
    """
    place = folder / "blobs" / "sha256"
    place.mkdir(parents=True)
    for digest, path in blobs.items():
        _carry(path, place / digest.removeprefix("sha256:"))
    for content in documents:
        (place / digest_of(content).removeprefix("sha256:")).write_bytes(content)
    manifest = documents[-1]
    described = {
        "mediaType": MANIFEST_V2, "digest": digest_of(manifest), "size": len(manifest),
    }  # fmt: skip
    (folder / "oci-layout").write_bytes(canonical({"imageLayoutVersion": "1.0.0"}))
    index = {"schemaVersion": 2, "manifests": [described]}
    (folder / "index.json").write_bytes(canonical(index))
    (folder / _RECORD).write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def record_of(
    spec: ImageSpec, layers: Sequence[Layer], bundle: str
) -> Mapping[str, Any]:
    """What a layout does not say by itself."""
    return {
        "bundle": bundle, "layers": [asdict(layer) for layer in layers],
        "spec": asdict(spec),
    }  # fmt: skip


def read_layout(folder: Path) -> Image:
    """The image that `write_layout` put into *folder*."""
    said = json.loads((folder / _RECORD).read_text())
    index = json.loads((folder / "index.json").read_text())
    (described,) = index["manifests"]
    spec = said["spec"]
    for name in ("entrypoint", "cmd"):
        spec[name] = tuple(spec[name])
    digest = str(described["digest"])
    manifest = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
    return Image(
        digest=digest,
        config_digest=json.loads(manifest.read_text())["config"]["digest"],
        media_type=described["mediaType"],
        architecture=spec["architecture"],
        layers=tuple(Layer(**layer) for layer in said["layers"]),
        folder=folder,
        spec=ImageSpec(**spec),
        bundle=said["bundle"],
    )


def _carry(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:  # two layers may be one and the same
        pass
    except OSError:
        shutil.copyfile(source, target)
