"""Lambda's configurations: as they are given, kept, compared and listed."""

from __future__ import annotations

import uuid
from typing import Any

from tests.fakes.aws.shelf import invalid, now

_CODE = {"ImageUri", "Publish", "DryRun", "RevisionId", "FunctionName", "Architectures"}
_NOT_COMPARED = {
    "Version", "FunctionArn", "RevisionId", "LastModified", "Description", "State",
    "LastUpdateStatus", "ConfigSha256",
}  # fmt: skip


def changes(given: dict[str, Any]) -> dict[str, Any]:
    """Configuration as it is kept, of parameters as they are given."""
    kept = {key: value for key, value in given.items() if key not in _CODE}
    if "Architectures" in given:
        kept["Architectures"] = given["Architectures"]
    if (image := kept.pop("ImageConfig", None)) is not None:
        kept["ImageConfigResponse"] = {"ImageConfig": image}
    if (snap := kept.get("SnapStart")) is not None:
        kept["SnapStart"] = {**snap, "OptimizationStatus": "Off"}
    variables = kept.get("Environment", {}).get("Variables", {})
    if sum(len(f"{k}{v}".encode()) for k, v in variables.items()) > 4096:
        raise invalid("environment variables you have provided exceeded the 4KB limit")
    return kept


def compared(config: dict[str, Any]) -> dict[str, Any]:
    """What makes one version differ from another."""
    ignored = {key for key in config if "Reason" in key} | _NOT_COMPARED
    plain = {key: value for key, value in config.items() if key not in ignored}
    return {**plain, "SnapStart": plain["SnapStart"]["ApplyOn"]}


def touch(config: dict[str, Any]) -> None:
    """Give *config* a new revision, now."""
    config.update(LastModified=now(), RevisionId=str(uuid.uuid4()))


def page(
    key: str, items: list[dict[str, Any]], marker: str | None, count: int
) -> dict[str, Any]:
    start = int(marker or 0)
    more = start + count < len(items)
    found: dict[str, Any] = {key: items[start : start + count]}
    return {**found, "NextMarker": str(start + count)} if more else found
