"""Manifests and services for the protocol's tests: no graph, no engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_runtime.exchange import Request, Response
from lambda_runtime.manifest import (
    Answer,
    Column,
    Engine,
    Feed,
    Field,
    Manifest,
    Model,
    Param,
    Signature,
    Tensor,
)
from lambda_runtime.protocol.cast import unpack
from lambda_runtime.protocol.service import Service
from lambda_runtime.tensor import Value

DTYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "string",
    "binary": "string",
    "datetime": "int64",
}
"""The graph input type that shows a column's enforced values unchanged."""


class Spy:
    """An engine that remembers its inputs and answers what it is told to."""

    def __init__(self, answers: Mapping[str, Value] | None = None) -> None:
        self.inputs: dict[str, Value] = {}
        self.outputs: Sequence[str] = ()
        self.answers = answers

    def __call__(
        self, inputs: Mapping[str, Value], outputs: Sequence[str]
    ) -> dict[str, Value]:
        self.inputs, self.outputs = dict(inputs), outputs
        if self.answers is not None:
            return {name: self.answers[name] for name in outputs}
        shape = next(iter(inputs.values())).shape
        rows = shape[0] if shape else 1
        return {name: Value("float32", (rows,), bytes(4 * rows)) for name in outputs}

    def seen(self) -> dict[str, list[Any]]:
        """The elements of every input, flat."""
        return {
            name: unpack(value.dtype, value.data) for name, value in self.inputs.items()
        }


def manifest(
    signature: Signature,
    inputs: tuple[Tensor, ...],
    feeds: tuple[Feed, ...],
    answer: Answer | None = None,
    outputs: tuple[Tensor, ...] = (Tensor("y", "float32", (None,)),),
) -> Manifest:
    """A manifest of a model that is nowhere."""
    return Manifest(
        model=Model("models:/m/3", name="m", version="3"),
        engine=Engine(),
        inputs=inputs,
        outputs=outputs,
        variants=(),
        signature=signature,
        feeds=feeds,
        answer=answer or Answer("array", (Field("y"),)),
        files=(),
    )


def of_columns(*columns: Column, params: tuple[Param, ...] = ()) -> Manifest:
    """A model that takes every column by itself, in the type that hides nothing."""
    names = [
        str(at) if column.name is None else column.name
        for at, column in enumerate(columns)
    ]
    return manifest(
        Signature(columns=columns, params=params),
        tuple(
            Tensor(name, DTYPES[column.type], (None, 1))
            for name, column in zip(names, columns, strict=True)
        ),
        tuple(Feed(name, (name,)) for name in names),
    )


def of_matrix(width: int, type_: str = "double", dtype: str = "float32") -> Manifest:
    """A model of *width* columns side by side in one input."""
    names = tuple(f"c{at}" for at in range(width))
    return manifest(
        Signature(columns=tuple(Column(name, type_) for name in names)),
        (Tensor("X", dtype, (None, width)),),
        (Feed("X", names),),
    )


def of_tensors(*tensors: Tensor) -> Manifest:
    """A model whose graph inputs are its signature's tensors."""
    inputs = tuple(
        Tensor(tensor.name or "x", tensor.dtype, tensor.shape) for tensor in tensors
    )
    feeds = tuple(Feed(tensor.name or "x", tensor=tensor.name) for tensor in tensors)
    return manifest(Signature(tensors=tensors), inputs, feeds)


def serve(made: Manifest, spy: Spy | None = None) -> tuple[Service, Spy]:
    """A service, and the engine behind it; incidents end the test."""
    spy = spy or Spy()
    return Service(made, spy, report=_no_incident), spy


def _no_incident(line: str) -> None:
    raise AssertionError(line)


def post(
    service: Service,
    body: Any,
    content_type: str | None = "application/json",
    path: str = "/invocations",
    **headers: str,
) -> Response:
    """POST *body*: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        named["content-type"] = content_type
    return service.respond(Request("POST", path, named, raw))


def get(service: Service, path: str, method: str = "GET") -> Response:
    """GET *path*."""
    return service.respond(Request(method, path, {}, b""))


def content(response: Response) -> Any:
    """The response's JSON, which must be strict."""
    return json.loads(response.body, parse_constant=_not_strict)


def _not_strict(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")
