"""What an image holds over Python itself."""

from __future__ import annotations

import zlib
from pathlib import Path

from tests.fakes.bundle import native_library


def dependency_bytes(site: Path) -> tuple[int, int]:
    """The library and the runtime laid out in *site*: bytes, raw and compressed."""
    files = [native_library(), *(path for path in site.rglob("*") if path.is_file())]
    contents = [file.read_bytes() for file in sorted(files)]
    return sum(map(len, contents)), sum(len(zlib.compress(one, 6)) for one in contents)
