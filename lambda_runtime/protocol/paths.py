"""Paths of the Open Inference Protocol, read."""

from __future__ import annotations

from lambda_runtime.faults import NotFound
from lambda_runtime.record import NamedTuple


class Target(NamedTuple):
    """What a `/v2` path asks for."""

    what: str
    """`server`, `live`, `ready`, `model`, `model-ready` or `infer`."""
    method: str
    """The one method it takes."""


_FIXED = {
    "/v2": Target("server", "GET"),
    "/v2/health/live": Target("live", "GET"),
    "/v2/health/ready": Target("ready", "GET"),
}
_OF_MODEL = {
    (): Target("model", "GET"),
    ("ready",): Target("model-ready", "GET"),
    ("infer",): Target("infer", "POST"),
}


def read_path(path: str, name: str, version: str | None) -> Target:
    """
    What *path* asks of the model called *name*.

    Raises:
        NotFound: No such path, model or version.
    """
    if path in _FIXED:
        return _FIXED[path]
    parts = tuple(unquote(part) for part in path.split("/")[1:])
    if parts[:2] != ("v2", "models") or len(parts) < 3:
        raise NotFound("No such path.")
    if parts[2] != name:
        raise NotFound(f"No such model; the one here is '{name}'.")
    rest = parts[3:]
    if rest[:1] == ("versions",) and len(rest) > 1:
        if rest[1] != (version or "1"):
            raise NotFound(f"No such version; the one here is '{version or '1'}'.")
        rest = rest[2:]
    if rest not in _OF_MODEL:
        raise NotFound("No such path.")
    return _OF_MODEL[rest]


def unquote(part: str) -> str:
    """*part* with `%20` and its like decoded; as it is where it cannot be."""
    head, *pieces = part.encode("utf-8", "replace").split(b"%")
    if not pieces:
        return part
    decoded = [head]
    for piece in pieces:
        try:
            decoded.append(bytes.fromhex(piece[:2].decode("ascii")) + piece[2:])
        except ValueError:
            return part
    return b"".join(decoded).decode("utf-8", "replace")
