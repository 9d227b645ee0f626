"""Which files, and which 512 KiB chunks of them, a process has touched.

Lambda fetches an image lazily in chunks of 512 KiB, so at a true cold start each of
them may be a trip over the network. Here they are counted inside the process, where
neither page caches nor read-ahead matter: what was read was read whole; of what is
mapped, the pages in the process's own page table.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

CHUNK = 512 * 1024

_PAGE = os.sysconf("SC_PAGE_SIZE")
_ENTRY = struct.Struct("Q")
_PRESENT = 1 << 63


def touched(read: Iterable[str]) -> dict[str, set[int]]:
    """
    Chunks by file.

    Args:
        read: Paths of files that were opened and read by this process.
    """
    found: dict[str, set[int]] = {}
    for path in {os.path.realpath(path) for path in read}:
        if os.path.isfile(path) and not path.startswith(("/proc/", "/sys/", "/dev/")):
            found[path] = set(range(-(-os.path.getsize(path) // CHUNK) or 1))
    with open("/proc/self/pagemap", "rb", buffering=0) as pages:
        for start, end, offset, path in _file_mappings():
            count = (end - start) // _PAGE
            entries = os.pread(pages.fileno(), count * 8, start // _PAGE * 8)
            chunks = {
                (offset + index * _PAGE) // CHUNK
                for index, (entry,) in enumerate(_ENTRY.iter_unpack(entries))
                if entry & _PRESENT
            }
            if chunks:
                found.setdefault(path, set()).update(chunks)
    return found


def _file_mappings() -> Iterable[tuple[int, int, int, str]]:
    """Start, end, offset in the file, and path of each mapping of a file."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            span, _, offset, _, inode, *path = line.split(maxsplit=5)
            if inode != "0":
                start, end = (int(part, 16) for part in span.split("-"))
                yield start, end, int(offset, 16), path[0].rstrip("\n")
