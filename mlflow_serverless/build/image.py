"""What is built: specification, layers, image; all of it known before a push."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlflow_serverless.build.options import Architecture

MANIFEST_V2 = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_V1 = "application/vnd.docker.container.image.v1+json"
LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
"""Docker's schema 2, which Lambda takes, as every registry and engine does."""

LayerName = Literal["base", "dependencies", "runtime", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One gzipped tar of an image."""

    name: LayerName
    """The base may have several; of the others there is one each."""
    digest: str
    """`sha256:…` of the compressed bytes: what a registry calls it."""
    diff_id: str
    """`sha256:…` of the tar inside."""
    bytes: int
    """Compressed: what a push sends."""
    unpacked_bytes: int
    """Of the files in it: what Lambda's limit counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """What an image is made from, and how it is started; nothing of this machine."""

    base: str
    """Reference as it was given."""
    base_digest: str
    """`sha256:…` of the base's manifest for this architecture."""
    architecture: Architecture
    python: str
    """Minor release of the base's Python, whose bytecode is in the image: `3.12`."""
    lock: str
    """Dependencies as a requirements file with hashes."""
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it, with what the base sets."""
    user: str
    working_dir: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image on disk, ready to be pushed; its digest will be the registry's."""

    digest: str
    """`sha256:…` of the manifest: what Lambda resolves and pins."""
    config_digest: str
    """`sha256:…` of the configuration: what an engine calls the image."""
    media_type: str
    """Of the manifest: always of one image, never of an index."""
    architecture: Architecture
    layers: tuple[Layer, ...]
    """In order: base, dependencies, runtime, model."""
    folder: Path
    """An OCI image layout (`oci-layout`, `index.json`, `blobs/`), with `sbom.cdx.json`,
    `requirements.lock` and `spec.json` beside it."""
    spec: ImageSpec
    bundle: str
    """Digest of the bundle inside."""

    @property
    def bytes(self) -> int:
        """Compressed layers: what a first push sends."""
        return sum(layer.bytes for layer in self.layers)

    @property
    def unpacked_bytes(self) -> int:
        """Files of all layers: what Lambda's limit of 10 GiB counts."""
        return sum(layer.unpacked_bytes for layer in self.layers)

    @property
    def sbom(self) -> Path:
        """The bill of materials, CycloneDX JSON."""
        return self.folder / "sbom.cdx.json"

    @property
    def lock(self) -> Path:
        """The dependencies with hashes; give its text to `BuildOptions.lock`."""
        return self.folder / "requirements.lock"

    def blob(self, digest: str) -> Path:
        """The file of a layer, of the configuration or of the manifest."""
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
