"""What is said of a file that the nearest tier did not have; loaded only then."""

from __future__ import annotations

from lambda_runtime.telemetry import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.cache import Hit


def tell(hit: Hit) -> None:
    """Log where a file came from, what each tier took, and what nearer ones said."""
    spent = ",".join(f"{tier}:{ms:.1f}" for tier, ms in hit.spent)
    say(
        f"cache.hit file={hit.path} tier={hit.tier} kept={hit.kept} "
        f"bytes={hit.bytes} spent_ms={spent} said={'; '.join(hit.said)}"
    )
