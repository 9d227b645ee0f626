"""What came of measuring."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one process that served a bundle has used."""

    memory_mb: int
    """Most that was resident at any time; 0 where the system does not say [MB]."""
    scratch_bytes: int
    """What it had written to its `/tmp` at the end [bytes]."""
    requests: int
    """How many it was asked."""
    rows: int
    """Rows in all of them, where they are tables or tensors of our own making."""
    largest_bytes: int
    """The largest request [bytes]."""
