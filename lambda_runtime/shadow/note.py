"""What an alias's note says of a shadow; the deployer writes it when it shifts."""

from __future__ import annotations

from lambda_runtime.protocol.json_text import loads
from lambda_runtime.record import NamedTuple


class Shadow(NamedTuple):
    """Who is to be asked the same, and how often."""

    candidate: str
    """Number of a published version."""
    share: float
    """Of the requests, above 0 and at most 1."""


def shadow_of(note: str) -> Shadow | None:
    """
    The shadow that *note* asks for; None if it asks for none, or is not a rollout's.

    Read: `r` (format, 1), `c` (candidate) and `m` (share to mirror now, absent if
    none); see the deployer's `shift.note`.
    """
    try:
        said = loads(note)
        if not isinstance(said, dict) or said.get("r") != 1:
            return None
        candidate, share = said["c"], said.get("m", 0)
    except (ValueError, KeyError):
        return None
    if not isinstance(candidate, str) or not candidate.isdecimal():
        return None
    if isinstance(share, bool) or not isinstance(share, int | float):
        return None
    return Shadow(candidate, min(1.0, float(share))) if share > 0 else None
