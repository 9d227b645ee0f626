"""Work that may hang (a network file system) done where it can be left behind."""

from __future__ import annotations

import _thread

from lambda_runtime.cache.tier import Limit, Miss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


def within(limit: Limit, work: Callable[[], T]) -> T:
    """
    The result of *work*, or a Miss when *limit* is over.

    A read from a mount whose server is gone cannot be interrupted; the thread that
    hangs in it is abandoned. Should it wake, its next `limit.check()` stops it before
    it can publish anything.
    """
    done = _thread.allocate_lock()
    done.acquire()
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as cause:  # noqa: BLE001 - raised again by the waiting thread
            failures.append(cause)
        finally:
            done.release()

    _thread.start_new_thread(run, ())
    if not done.acquire(timeout=limit.left()):
        raise Miss(f"no whole answer within {limit.seconds:g} s")
    if failures:
        raise failures[0]
    return results[0]
