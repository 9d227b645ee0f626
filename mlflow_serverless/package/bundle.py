"""A folder that `lambda_runtime` can serve."""

from dataclasses import dataclass
from pathlib import Path

from lambda_runtime.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files and the manifest that lists them."""

    folder: Path
    """Holds `manifest.json` and every file it names."""
    digest: str
    """`sha256:…` of `manifest.json`, which holds every file's own digest."""
    manifest: Manifest
