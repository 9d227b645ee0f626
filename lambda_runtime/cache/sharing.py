"""Writing through to a mounted folder, after an answer; loaded if there is a debt."""

from __future__ import annotations

from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.cache import Cache

WRITES_AT_LEAST = 100e6
"""What a mounted folder is expected to take [bytes/s]; EFS bursts well above it."""


def share(cache: Cache, until_ms: int) -> bool:
    """
    Write what a mounted folder lacks, so that other environments find it there.

    False if there is too little time until *until_ms* [ms since the epoch]. A folder
    that does not take it, or not as fast as it should, is not asked again.
    """
    left_s = until_ms / 1e3 - time()
    if cache.owed_bytes > max(0.0, left_s) * WRITES_AT_LEAST:
        return False
    cache.settle(max(0.0, left_s))
    return not cache.owed_bytes
