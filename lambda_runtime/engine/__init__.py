"""What runs a graph, behind one small Protocol, and the one verb that opens it."""

from __future__ import annotations

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.manifest import Variant
    from lambda_runtime.seams import Session as Session


KINDS = ("ort-c", "ort-python")
"""Engines that this runtime has."""


def open_session(kind: str, path: str, variant: Variant, *, threads: int) -> Session:
    """
    Open the graph at *path* as *variant* asks, with the engine named *kind*.

    Args:
        kind: One of `KINDS`; only that engine is imported.
        path: The variant's file; files it refers to stand beside it.
        variant: How it was packaged.
        threads: Threads that one run may use, >= 1.

    Raises:
        BrokenBundle: `engine-unknown`, `engine-missing`, `engine-version`, or
            `graph-refused` with the reason.
    """
    if kind == "ort-c":
        from lambda_runtime.engine.ort_c import open_c  # noqa: PLC0415 - the chosen one

        return open_c(path, variant, threads=threads)
    if kind == "ort-python":
        from lambda_runtime.engine.ort_python import (  # noqa: PLC0415 - the chosen one
            open_python,
        )

        return open_python(path, variant, threads=threads)
    raise BrokenBundle(
        "engine-unknown", f"engine {kind!r} is none of {', '.join(KINDS)}"
    )
