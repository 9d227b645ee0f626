"""The base image: pulled by its digest, kept, looked at."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlflow_serverless.build.errors import (
    BaseArchitectureError,
    BaseUnsuitableError,
    CompilerMissingError,
)
from mlflow_serverless.build.facts import Facts, facts_of
from mlflow_serverless.build.image import Layer
from mlflow_serverless.build.options import Architecture, BuildOptions
from mlflow_serverless.build.platforms import PLATFORMS, here
from mlflow_serverless.build.toolchain import (
    Toolchain,
    base_toolchain,
    host_toolchain,
)
from mlflow_serverless.build.unpack import unpack
from mlflow_serverless.store import ContentStore, digest_file, key_of

UNPACKED = "image-bases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """An image of one architecture, every blob on disk."""

    digest: str
    """Of its manifest; of its configuration, where an engine knows no manifest."""
    config: Mapping[str, Any]
    """The whole configuration file."""
    blobs: Sequence[Path]
    """Layers, lowest first: gzipped tars, or plain ones from an engine."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the image says of how it is started."""
        return self.config.get("config") or {}


class Source(Protocol):
    """Where base images come from."""

    def pull(self, base: str, architecture: Architecture) -> Pulled:
        """
        The image *base* for *architecture*.

        Raises:
            BaseArchitectureError: It is not to be had for it.
            ServerlessError: It is not to be had at all.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What our layers are put on."""

    reference: str
    digest: str
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]
    blobs: Mapping[str, Path]
    """Digest of each layer to its file."""
    facts: Facts
    toolchain: Toolchain

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the base says of how it is started."""
        return self.config.get("config") or {}


def find_base(options: BuildOptions, source: Source, store: ContentStore) -> Base:
    """
    The base that *options* name, ready to build on.

    Raises:
        BaseUnsuitableError, BaseArchitectureError, BasePythonError: It will not do.
        CompilerMissingError: Nothing here makes bytecode for it.
    """
    pulled = source.pull(options.base, options.architecture)
    root, sizes = _unpacked(pulled, options.base, store)
    facts = facts_of(
        options.base, root, pulled.settings, options.architecture, options.python
    )
    toolchain = _toolchain(options, source, store, facts, pulled, root)
    diff_ids = _diff_ids(options.base, pulled)
    files = [_gzipped(blob, toolchain, store) for blob in pulled.blobs]
    layers = tuple(
        Layer(
            name="base", digest=digest, diff_id=diff_id, bytes=path.stat().st_size,
            unpacked_bytes=size,
        )
        for (digest, path), diff_id, size in zip(files, diff_ids, sizes, strict=True)
    )  # fmt: skip
    return Base(
        reference=options.base, digest=pulled.digest, config=pulled.config,
        layers=layers, blobs=dict(files), facts=facts, toolchain=toolchain,
    )  # fmt: skip


def _unpacked(
    pulled: Pulled, base: str, store: ContentStore
) -> tuple[Path, tuple[int, ...]]:
    def make(folder: Path) -> None:
        sizes = unpack(pulled.blobs, folder / "root", base)
        (folder / "sizes.json").write_text(json.dumps(sizes))

    key = pulled.digest.removeprefix("sha256:")
    folder = store.obtain(UNPACKED, key, make).folder
    sizes = json.loads((folder / "sizes.json").read_text())
    return folder / "root", tuple(sizes)


def _toolchain(  # noqa: PLR0913, PLR0917 - all that a Python can be found by
    options: BuildOptions, source: Source, store: ContentStore, facts: Facts,
    pulled: Pulled, root: Path,
) -> Toolchain:  # fmt: skip
    if options.interpreter is not None:
        return host_toolchain(options.interpreter, facts)
    ours = here(platform.machine())
    if platform.system() != "Linux" or ours is None:
        why = f"its programs do not run on {platform.system()} {platform.machine()}"
        raise CompilerMissingError(facts.minor, why)
    if ours == options.architecture:
        return base_toolchain(root, facts, pulled.settings, pulled.digest)
    return _sibling(options, source, store, facts, ours)


def _sibling(
    options: BuildOptions, source: Source, store: ContentStore, facts: Facts,
    ours: Architecture,
) -> Toolchain:  # fmt: skip
    """The same base for this machine's processor: bytecode is the same for both."""
    try:
        pulled = source.pull(options.base, ours)
    except BaseArchitectureError as cause:
        why = (
            f"{options.base} is for {options.architecture} alone, and this machine "
            f"is {ours}"
        )
        raise CompilerMissingError(facts.minor, why) from cause
    root, _ = _unpacked(pulled, options.base, store)
    found = facts_of(options.base, root, pulled.settings, ours, facts.minor)
    return base_toolchain(root, found, pulled.settings, pulled.digest)


def _diff_ids(base: str, pulled: Pulled) -> list[str]:
    found = list((pulled.config.get("rootfs") or {}).get("diff_ids") or ())
    if len(found) != len(pulled.blobs):
        why = f"it lists {len(pulled.blobs)} layers and {len(found)} diff ids"
        raise BaseUnsuitableError(base, why)
    return found


def _gzipped(blob: Path, toolchain: Toolchain, store: ContentStore) -> tuple[str, Path]:
    """Digest and file of a layer as Lambda takes it; an engine's are plain tars."""
    with blob.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return f"sha256:{blob.parent.name}", blob

    def make(folder: Path) -> None:
        toolchain.gzip(blob, folder / "blob", level=6)

    key = key_of(tar=blob.parent.name, by=toolchain.origin)
    path = store.obtain("image-gzip", key, make).folder / "blob"
    return f"sha256:{digest_file(path)}", path


def platform_of(config: Mapping[str, Any]) -> Architecture | None:
    """The architecture that a configuration says it is for."""
    known = {item.oci: name for name, item in PLATFORMS.items()}
    return known.get(str(config.get("architecture")))
