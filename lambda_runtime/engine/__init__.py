"""What runs a graph, behind one small Protocol."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from lambda_runtime.tensor import Value

    class Session(Protocol):
        """One loaded variant, ready to run."""

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
