"""What a push did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Where an image is now, and what it took to get it there."""

    address: str
    """`registry/repository@sha256:…`: what a function is made from."""
    digest: str
    tag: str
    sent_bytes: int
    """Over the wire, as layers and configuration."""
    mounted_bytes: int
    """Taken over from another repository of the same registry."""
    present_bytes: int
    """There already."""
