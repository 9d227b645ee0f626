"""Protocols between the runtime's parts: for type checkers, never loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.exchange import Request, Response
    from lambda_runtime.manifest import Tensor
    from lambda_runtime.tensor import Value


class Service(Protocol):
    """What answers requests; `last` tells of the one answered last."""

    @property
    def last(self) -> object:
        """Rows and microseconds of the last request; zeros without a prediction."""
        ...

    def respond(self, request: Request) -> Response:
        """The answer to *request*, errors included."""
        ...

    def aside(self, request: Request) -> Response | None:
        """The answer, if it may be given beside a prediction; else None."""
        ...


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


class Door(Protocol):
    """Where one event came in, and its answer goes out."""

    @property
    def name(self) -> str:
        """`direct`, `rest`, `http`, `url`, `alb` or `shadow`."""
        ...

    @property
    def limit(self) -> int:
        """Largest answer that gets through [bytes]."""
        ...

    def request(self) -> Request:
        """
        What the event asks.

        Raises:
            BadRequest: Its body cannot be decoded.
        """
        ...

    def answer(self, response: Response) -> bytes:
        """What Lambda is to be given for *response*."""
        ...
