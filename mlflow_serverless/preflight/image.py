"""What Lambda accepts as an image; it says so only minutes later, by itself."""

import re
from collections.abc import Iterator

from mlflow_serverless import limits
from mlflow_serverless.plan.finding import Finding
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.preflight.facts import Facts
from mlflow_serverless.preflight.say import refused

MANIFESTS = frozenset((
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
))  # fmt: skip
LAYERS = frozenset((
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.layer.v1.tar+gzip",
))  # fmt: skip
_AS_IMAGES_SAY = {"x86_64": "amd64", "arm64": "arm64"}
_GIB = 1024**3
SNAPSHOT_LABEL = ("com.amazonaws.lambda.feature.snapstart", "Allow")
_SNAPSHOT_PYTHON = (3, 12)


def manifest(_: Desired, facts: Facts) -> Iterator[Finding]:
    """One manifest of one platform; never an index or an attestation."""
    image = facts.image
    if image is not None and image.media_type not in MANIFESTS:
        what = f"Lambda takes no image manifest of type {image.media_type}"
        fix = "build one platform, without attestations: image.builder=direct"
        yield refused("image-manifest", what, fix)


def layers(_: Desired, facts: Facts) -> Iterator[Finding]:
    """Layers are gzip."""
    types = set(facts.image.layer_types) if facts.image else set()
    for found in sorted(types - LAYERS):
        what = f"Lambda takes no layer of type {found}"
        yield refused("image-layer", what, "use a base image with gzip layers")


def size(_: Desired, facts: Facts) -> Iterator[Finding]:
    """At most 10 GiB, unpacked."""
    found = facts.image.uncompressed_bytes if facts.image else 0
    if found > limits.IMAGE_BYTES:
        most = limits.IMAGE_BYTES / _GIB
        what = f"the image has {found / _GIB:.1f} GiB unpacked; Lambda takes {most:.0f}"
        fix = "keep the model outside: image.model_store=own"
        yield refused("image-size", what, fix)


def architecture(want: Desired, facts: Facts) -> Iterator[Finding]:
    """The image is for the function's processor."""
    image, wanted = facts.image, want.function.settings.architecture
    if image is None or not wanted:
        return
    if image.architecture != _AS_IMAGES_SAY[wanted]:
        what = f"the image is for {image.architecture}, the function for {wanted}"
        fix = "set image.architecture to what the base image is for"
        yield refused("image-architecture", what, fix)


def snapshots(want: Desired, facts: Facts) -> Iterator[Finding]:
    """Other bases than AWS's own say that they may be restored."""
    image = facts.image
    if image is None or not want.function.settings.snap_start:
        return
    modern = bool(image.python) and _release(image.python) >= _SNAPSHOT_PYTHON
    if not modern and SNAPSHOT_LABEL not in image.labels:
        what = "the base image does not say that it may be restored from a snapshot"
        key, value = SNAPSHOT_LABEL
        fix = f'use AWS\'s own for Python 3.12 or later, or LABEL {key}="{value}"'
        yield refused("image-snapshot", what, fix)


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))
