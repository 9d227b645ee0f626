"""From layers and a specification to an image on disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless.build.base import Base
from mlflow_serverless.build.builder import Builder
from mlflow_serverless.build.errors import ImageTooLargeError
from mlflow_serverless.build.image import Image, ImageSpec, Layer
from mlflow_serverless.build.layers import Archive
from mlflow_serverless.build.layout import read_layout, record_of, write_layout
from mlflow_serverless.build.manifest import configuration, digest_of, manifest
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.limits import IMAGE_BYTES
from mlflow_serverless.store import ContentStore, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that an image is, before it is one."""

    base: Base
    archives: Sequence[Archive]
    spec: ImageSpec
    bundle: str
    """Digest of the bundle inside; empty if there is none."""
    bill: Callable[[str, str | None], str]
    """The bill of materials of the image with a digest, made when its base was."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All of them, lowest first."""
        return (*self.base.layers, *(archive.layer for archive in self.archives))

    @property
    def config(self) -> bytes:
        """The configuration file."""
        return configuration(self.spec, self.base.config, self.layers)


def assembled(
    draft: Draft, options: BuildOptions, builder: Builder, store: ContentStore
) -> tuple[Image, bool]:
    """
    The image that *draft* describes, and whether it was put together just now.

    Raises:
        ImageTooLargeError: It has more than Lambda unpacks.
        ServerlessError: *builder* cannot put it together.
    """
    _require_room(draft.layers)

    def make(folder: Path) -> None:
        builder.assemble(draft.base, draft.archives, draft.spec)
        _write(folder, draft)

    key = key_of(
        config=draft.config.decode(), builder=options.builder,
        layers=[layer.digest for layer in draft.layers],
    )  # fmt: skip
    made = store.obtain("images", key, make)
    return read_layout(made.folder), made.fresh


def _require_room(layers: Sequence[Layer]) -> None:
    total = sum(layer.unpacked_bytes for layer in layers)
    if total > IMAGE_BYTES:
        sizes = [(layer.name, layer.unpacked_bytes) for layer in layers]
        raise ImageTooLargeError(total, IMAGE_BYTES, sizes)


def _write(folder: Path, draft: Draft) -> None:
    config = draft.config
    document = manifest(config, draft.layers)
    blobs = {**draft.base.blobs, **{x.layer.digest: x.path for x in draft.archives}}
    record = record_of(draft.spec, draft.layers, draft.bundle)
    write_layout(folder, (config, document), blobs, record)
    bom = draft.bill(digest_of(document), draft.base.config.get("created"))
    (folder / "sbom.cdx.json").write_text(bom)
    (folder / "requirements.lock").write_text(draft.spec.lock)
