"""Which artefact forms of the graph to serve with, and how to run them."""

from __future__ import annotations

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambda_runtime.manifest import Manifest, Variant

MEMORY_MB_PER_VCPU = 1769
"""Lambda gives one vCPU's worth of time at this much memory, in proportion."""

ONE_THREAD_BELOW_US = 1000.0
"""Shorter runs are slower when they are shared out [us]."""


class Choice(NamedTuple):
    """What to open first, and what to change to later."""

    now: tuple[Variant, ...]
    """In order of preference; the next is for when the engine refuses the last."""
    later: Variant | None


def choose(variants: Sequence[Variant]) -> Choice:
    """
    The variants to serve with: `first` until `steady` is ready, or `always`.

    Raises:
        BrokenBundle: `variants-none`; there are none.
    """
    by_use = {
        use: [variant for variant in variants if variant.use == use]
        for use in ("first", "always", "steady")
    }
    now = (*by_use["first"], *by_use["always"], *by_use["steady"])
    if not now:
        raise BrokenBundle("variants-none", "the manifest lists no variant to serve")
    later = by_use["steady"][0] if by_use["first"] and by_use["steady"] else None
    return Choice(now, later)


def threads_for(memory_mb: int, run_us: float | None) -> int:
    """
    How many threads one run should use.

    Args:
        memory_mb: The function's memory [MB].
        run_us: A one-row run on the machine that packaged it [us]; None if unknown.
    """
    if run_us is None or run_us < ONE_THREAD_BELOW_US:
        return 1
    return max(1, memory_mb // MEMORY_MB_PER_VCPU)


def longest_run_us(manifest: Manifest) -> float | None:
    """
    A one-row run of the slowest form [us]; None if nobody has measured.

    A native library takes as long as it takes: it shares out what is worth it itself.
    """
    if manifest.engine.kind == "native":
        return float("inf")
    measured = [v.run_us for v in manifest.variants if v.run_us is not None]
    return max(measured, default=None)
