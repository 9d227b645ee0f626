"""A process's output, line by line, as soon as it is written."""

import asyncio
import os
from collections.abc import Callable

from mlflow_serverless.local.journal import LINE_CHARS

_PIECE = 64 * 1024
_AT_ONCE = 16


class Lines:
    """
    The reading end of a pipe, and the writing end to hand to a process.

    Args:
        take: Called with every line.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._begun = b""
        self._reader, self.writer = os.pipe()
        self._handed_over = False
        os.set_blocking(self._reader, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reader, self.drain)
        self._open = True

    def handed_over(self) -> None:
        """Close the writing end here, once the process has it; safe to say twice."""
        if not self._handed_over:
            os.close(self.writer)
        self._handed_over = True

    def drain(self) -> None:
        """
        Take what is there now.

        Called by the loop, and before a request is called done: what a process wrote
        before it spoke on its socket is in the pipe by then.
        """
        for _ in range(_AT_ONCE):
            if not self._open:
                return
            try:
                piece = os.read(self._reader, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                self.close()
                return
            self._split(piece)

    def close(self) -> None:
        """Stop reading; a line without an end counts as one."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._reader)
        os.close(self._reader)
        if self._begun:
            self._take(self._begun.decode(errors="replace"))

    def _split(self, piece: bytes) -> None:
        *whole, self._begun = (self._begun + piece).split(b"\n")
        if len(self._begun) > LINE_CHARS:
            whole.append(self._begun)
            self._begun = b""
        for line in whole:
            for start in range(0, max(1, len(line)), LINE_CHARS):
                part = line[start : start + LINE_CHARS]
                self._take(part.decode(errors="replace"))
