"""Base images from a registry: one of an index, by digest, every byte checked."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow_serverless.build.base import Pulled, platform_of
from mlflow_serverless.build.errors import BaseArchitectureError, BaseUnsuitableError
from mlflow_serverless.build.options import Architecture
from mlflow_serverless.build.platforms import PLATFORMS
from mlflow_serverless.build.registry import Reference, Registry, parse_reference
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Tell

BLOBS = "image-blobs"
_OCI = {item.oci: name for name, item in PLATFORMS.items()}


class RegistrySource:
    """
    Pulls from registries.

    Args:
        open_registry: The registry at a host.
        store: Keeps manifests and blobs by digest: what is there is not asked for.
        tell: Told `build.progress` with bytes.
    """

    def __init__(
        self, open_registry: Callable[[str], Registry], store: ContentStore, tell: Tell
    ) -> None:
        self._open, self._store, self._tell = open_registry, store, tell
        self._opened: dict[str, Registry] = {}
        self._resolved: dict[str, str] = {}

    def pull(self, base: str, architecture: Architecture) -> Pulled:
        """See `Source`."""
        reference = parse_reference(base)
        digest = self._resolve(reference)
        manifest = self._manifest(reference, digest)
        if "manifests" in manifest:
            digest = _choose(base, manifest, architecture)
            manifest = self._manifest(reference, digest)
        _require_plain(base, manifest)
        config = json.loads(self._blob(reference, manifest["config"]).read_bytes())
        if (found := platform_of(config)) != architecture:
            have = found or str(config.get("architecture"))
            raise BaseArchitectureError(base, architecture, (have,))
        blobs = [self._blob(reference, layer) for layer in manifest["layers"]]
        return Pulled(digest=digest, config=config, blobs=blobs)

    def _registry(self, host: str) -> Registry:
        if host not in self._opened:
            self._opened[host] = self._open(host)
        return self._opened[host]

    def _resolve(self, reference: Reference) -> str:
        """The digest that a tag stands for now; asked once a build."""
        if reference.digest:
            return reference.digest
        name = f"{reference.host}/{reference.repository}:{reference.wanted}"
        if name not in self._resolved:
            found = self._registry(reference.host).manifest(
                reference.repository, reference.wanted
            )
            self._resolved[name] = found.digest
        return self._resolved[name]

    def _manifest(self, reference: Reference, digest: str) -> Mapping[str, Any]:
        def make(folder: Path) -> None:
            registry = self._registry(reference.host)
            found = registry.manifest(reference.repository, digest)
            (folder / "blob").write_bytes(found.content)

        key = digest.removeprefix("sha256:")
        folder = self._store.obtain(BLOBS, key, make).folder
        found: Mapping[str, Any] = json.loads((folder / "blob").read_bytes())
        return found

    def _blob(self, reference: Reference, described: Mapping[str, Any]) -> Path:
        digest, size = str(described["digest"]), int(described["size"])

        def hear(done: int) -> None:
            self._tell(
                "build.progress", what="base layer", part=done / max(size, 1),
                received=done, bytes=size,
            )  # fmt: skip

        def make(folder: Path) -> None:
            registry = self._registry(reference.host)
            registry.download(reference.repository, digest, folder / "blob", hear)

        key = digest.removeprefix("sha256:")
        return self._store.obtain(BLOBS, key, make).folder / "blob"


def _choose(base: str, index: Mapping[str, Any], architecture: Architecture) -> str:
    """The digest of the one image of an index that is for *architecture*."""
    have: list[str] = []
    for item in index["manifests"]:
        about = item.get("platform") or {}
        name = _OCI.get(str(about.get("architecture")))
        # Attestations hide among the images, as a platform that is none.
        if about.get("os") != "linux" or name is None:
            continue
        if name == architecture:
            return str(item["digest"])
        have.append(name)
    raise BaseArchitectureError(base, architecture, have)


def _require_plain(base: str, manifest: Mapping[str, Any]) -> None:
    if "layers" not in manifest:
        raise BaseUnsuitableError(base, "its manifest is of Docker's first schema")
    for layer in manifest["layers"]:
        kind = str(layer["mediaType"])
        if "foreign" in kind or "nondistributable" in kind or kind.endswith("zstd"):
            raise BaseUnsuitableError(base, f"it has a layer of type {kind}")
