"""Constants beside the graph, on page boundaries, so that loading maps them.

onnxruntime maps external data whose offset is page-aligned instead of copying it: a
session opens in the time the graph's structure takes, and only touched pages are read.
"""

from pathlib import Path
from typing import BinaryIO

import onnx
from onnx import TensorProto

FROM_BYTES = 1 << 20
"""Graphs with fewer bytes of constants stay in one file."""

_SMALL = 4096
"""Constants below a page stay in the graph."""

_PAGE = 4096


def constant_bytes(proto: onnx.ModelProto) -> int:
    """Bytes of numeric constants."""
    return sum(len(t.raw_data) for t in proto.graph.initializer)


def move_out(proto: onnx.ModelProto, file: Path) -> int:
    """
    Move large constants of *proto* into *file*; how many bytes were written.

    The graph then refers to *file* by name: both must stay in one folder.
    """
    with file.open("wb") as out:
        for tensor in proto.graph.initializer:
            if (
                tensor.data_type != TensorProto.STRING
                and len(tensor.raw_data) >= _SMALL
            ):
                _move(tensor, out, file.name)
        return out.tell()


def _move(tensor: TensorProto, out: BinaryIO, location: str) -> None:
    out.write(b"\0" * (-out.tell() % _PAGE))
    offset, content = out.tell(), tensor.raw_data
    out.write(content)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": location, "offset": offset, "length": len(content)}
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
