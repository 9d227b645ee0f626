"""What a process that crashes in native code leaves for the next one.

A graph may bring ONNX Runtime down with a signal. Lambda then starts the process
again, which crashes again, and says no more than "exited". So while a graph is loaded,
a file waits for Python's fault handler; it stays empty unless a crash writes where it
happened. A process that finds it written reports an initialisation error instead. One
that was killed (out of memory, out of time) leaves it empty: no reason to refuse.

`/tmp` outlives a process that Lambda starts anew in the same environment.
"""

from __future__ import annotations

import faulthandler
import os
from time import time

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

REMEMBERED_S = 600
"""How long a crash keeps others from trying the same [s]; then one may try again."""

_STDERR = 2
_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_MOST = 4096


def watched(note: str, what: str, load: Callable[[], T]) -> T:
    """
    Call *load*; if it crashes the process, the next one is told instead of crashing.

    Args:
        note: Path of the file that a crash leaves; its folder need not take it.
        what: What is loaded, in words.
        load: May end the process.

    Raises:
        BrokenBundle: `engine-crashed`; a process before this one crashed here.
    """
    where = _left(note)
    if where:
        raise BrokenBundle(
            "engine-crashed",
            f"the process before this one crashed while loading {what}: {where}",
        )
    try:
        fd = os.open(note, _ANEW, 0o600)
    except OSError:
        return load()  # nothing may be written here: the log has to do
    try:
        faulthandler.enable(fd, all_threads=False)
        return load()
    finally:
        faulthandler.enable(_STDERR, all_threads=False)
        os.close(fd)
        _remove(note)


def _remove(note: str) -> None:
    try:
        os.unlink(note)
    except OSError:
        return  # another process loads the same, and was ready first


def _left(note: str) -> str:
    """What a crash wrote there lately: its signal, and the innermost place."""
    try:
        with open(note, "rb", buffering=0) as file:
            text = file.read(_MOST) or b""
            state = os.fstat(file.fileno())
    except OSError:
        return ""
    if state.st_uid != os.geteuid() or time() - state.st_mtime > REMEMBERED_S:
        return ""
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    places = [line for line in lines if line.startswith("File ")]
    return ", ".join([*lines[:1], *places[:1]])
