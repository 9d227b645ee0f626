"""What a reference stands for right now, before anything is downloaded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One exact model in a store."""

    uri: str
    """Exact: an alias, a stage or `latest` has become a version."""
    asked: str
    """As typed."""
    source: str
    """What to download."""
    name: str | None = None
    version: str | None = None
    model_id: str | None = None
    run_id: str | None = None
    content: str | None = None
    """Names the files for good, if the store says they cannot change; else None."""
