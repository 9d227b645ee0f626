"""The two JSON documents of an image; the same values give the same bytes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow_serverless.build.image import (
    CONFIG_V1,
    LAYER_GZIP,
    MANIFEST_V2,
    ImageSpec,
    Layer,
)
from mlflow_serverless.build.platforms import PLATFORMS

_EPOCH = "1970-01-01T00:00:00Z"
_BY = "mlflow-serverless"


def configuration(
    spec: ImageSpec, base: Mapping[str, Any], layers: Sequence[Layer]
) -> bytes:
    """
    The configuration file.

    Args:
        spec: What it says of itself.
        base: The base's configuration: its history goes on here.
        layers: All of them, lowest first.
    """
    created = str(base.get("created") or _EPOCH)
    ours = [layer for layer in layers if layer.name != "base"]
    history = [
        *_base_history(base, len(layers) - len(ours), created),
        *({"created": created, "created_by": f"{_BY}: {x.name}"} for x in ours),
    ]
    value = {
        "architecture": PLATFORMS[spec.architecture].oci,
        "config": {
            "Cmd": list(spec.cmd) or None,
            "Entrypoint": list(spec.entrypoint),
            "Env": [f"{name}={value}" for name, value in spec.environment.items()],
            "Labels": dict(spec.labels),
            "User": spec.user,
            "WorkingDir": spec.working_dir,
        },
        "created": created,
        "history": history,
        "os": "linux",
        "rootfs": {"diff_ids": [layer.diff_id for layer in layers], "type": "layers"},
    }
    if base.get("variant"):
        value["variant"] = base["variant"]
    return canonical(value)


def _base_history(
    base: Mapping[str, Any], layers: int, created: str
) -> list[Mapping[str, Any]]:
    """The base's own; made up where it does not fit: Lambda wants one a layer."""
    said = list(base.get("history") or ())
    if sum(not item.get("empty_layer") for item in said) == layers:
        return said
    return [{"created": created, "created_by": "base"} for _ in range(layers)]


def manifest(config: bytes, layers: Sequence[Layer]) -> bytes:
    """The manifest that names the configuration and every layer."""
    return canonical({
        "schemaVersion": 2,
        "mediaType": MANIFEST_V2,
        "config": {
            "mediaType": CONFIG_V1, "size": len(config), "digest": digest_of(config),
        },
        "layers": [
            {"mediaType": LAYER_GZIP, "size": layer.bytes, "digest": layer.digest}
            for layer in layers
        ],
    })  # fmt: skip


def canonical(value: Mapping[str, Any]) -> bytes:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    """`sha256:…` of *content*."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
