"""What runs a graph, behind one small Protocol, and the one verb that opens it."""

from __future__ import annotations

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from lambda_runtime.manifest import Tensor, Variant
    from lambda_runtime.tensor import Value

    class Session(Protocol):
        """One loaded variant, ready to run."""

        inputs: tuple[Tensor, ...]
        """What the graph takes, in its own order."""
        outputs: tuple[Tensor, ...]
        """What it can answer: its outputs that are tensors of a type we carry."""

        def run(
            self, inputs: Mapping[str, Value], outputs: Sequence[str]
        ) -> dict[str, Value]:
            """
            Compute *outputs* from *inputs*.

            Raises:
                BadRequest: An input does not fit the graph (type, rank, shape).
                Internal: The engine failed.
            """
            ...

        def close(self) -> None:
            """Give everything back; safe to call twice."""
            ...


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
