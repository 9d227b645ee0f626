"""Imports that cost less than Python's own way."""

from __future__ import annotations

import _collections_abc
import sys


def import_array() -> None:
    """
    Import `array` without `collections`.

    Its C code registers the type as a mutable sequence, and for that imports
    `collections.abc`; the module behind that name is loaded at every start, but the
    package around it is not, and costs 11 million instructions.
    """
    name = "collections.abc"
    if name in sys.modules:
        return
    sys.modules[name] = _collections_abc
    try:
        import array  # noqa: F401, PLC0415 - kept in sys.modules
    finally:
        # Whoever wants the real one later gets it, as a part of its package.
        del sys.modules[name]
