"""A manifest as JSON values: the deployer's half, `manifest_read` is the runtime's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.manifest import Manifest


def to_plain(manifest: Manifest) -> dict[str, Any]:
    """The manifest as JSON values; `from_plain` is the way back."""
    return _plain(manifest)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return {name: _plain(getattr(value, name)) for name in value._fields}
        return [_plain(item) for item in value]
    return value
