"""Answers as rows of predictions, whatever protocol they were given in."""

from __future__ import annotations

from binascii import a2b_base64

from lambda_runtime.faults import Fault
from lambda_runtime.protocol.json_text import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Unreadable(ValueError):
    """An answer whose predictions cannot be told apart."""


def rows_of(answer: bytes, door: str) -> list[Any]:
    """
    The predictions in *answer*, one entry a row.

    Args:
        answer: As it was given to Lambda.
        door: Where it goes out: front ends wrap the body in an object of their own.

    Raises:
        Unreadable: It is not JSON (raw tensors), or has no rows.
    """
    try:
        value = loads(answer)
        if door != "direct":
            value = loads(_body(value))
        return _rows(value)
    except (ValueError, KeyError, TypeError, Fault) as cause:
        raise Unreadable(str(cause)) from None


def _body(wrapped: Any) -> bytes | str:
    body: str = wrapped["body"]
    return a2b_base64(body) if wrapped.get("isBase64Encoded") is True else body


def _rows(value: Any) -> list[Any]:
    if isinstance(value, dict):
        if "predictions" in value:
            return _rows(value["predictions"])
        if isinstance(value.get("outputs"), list):
            return _zipped([_tensor(output) for output in value["outputs"]])
        if value and all(isinstance(column, list) for column in value.values()):
            return _zipped(list(value.values()))
        return [value]
    return value if isinstance(value, list) else [value]


def _tensor(output: Any) -> list[Any]:
    """An Open Inference output's rows: its data, cut by its first dimension."""
    data, rows = output["data"], output["shape"][0] if output["shape"] else 1
    width = len(data) // rows if rows else 1
    if width <= 1:
        return list(data)
    return [data[at : at + width] for at in range(0, len(data), width)]


def _zipped(columns: Sequence[list[Any]]) -> list[Any]:
    if len(columns) == 1:
        return columns[0]
    if len({len(column) for column in columns}) != 1:
        raise ValueError("outputs of different lengths")
    return [list(row) for row in zip(*columns, strict=True)]
