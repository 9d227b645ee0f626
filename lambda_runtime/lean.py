"""Imports that cost less than Python's own way."""

from __future__ import annotations

import _collections_abc
import sys


def import_array() -> None:
    """
    Import `array` without `collections`.

    Its C code registers the type as a mutable sequence, and for that imports
    `collections.abc`. The module behind that name is loaded at every start; the
    package around it is not, and costs 11 million instructions.
    """
    package, name = "collections", "collections.abc"
    if package in sys.modules:
        return
    sys.modules[package] = sys.modules[name] = _collections_abc
    try:
        import array  # noqa: F401, PLC0415 - kept in sys.modules
    finally:
        # Whoever wants the real ones later gets them.
        del sys.modules[package], sys.modules[name]
