"""What commands and the background process say to each other, over loopback.

A message is a JSON object and a payload of bytes, each with its length before it. Every
request carries the token of the endpoint file, which only this user can read.
"""

import json
import socket
import struct
from asyncio import StreamReader
from collections.abc import Mapping
from typing import Any

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.local import errors as local_errors
from mlflow_serverless.plan import errors as plan_errors

HOST = "127.0.0.1"
_LENGTHS = struct.Struct("!II")
_LONGEST_HEAD = 1 << 16

Message = dict[str, Any]


def packed(message: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """*message* and *payload* as one run of bytes."""
    head = json.dumps(message, separators=(",", ":")).encode()
    return b"".join((_LENGTHS.pack(len(head), len(payload)), head, payload))


async def received(reader: StreamReader) -> tuple[Message, bytes]:
    """
    The next message.

    Raises:
        asyncio.IncompleteReadError: The other side is gone.
        ValueError: It is no message, or longer than any of ours.
    """
    head, payload = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if head > _LONGEST_HEAD or payload > SYNC_PAYLOAD_BYTES:
        raise ValueError((head, payload))
    return json.loads(await reader.readexactly(head)), await reader.readexactly(payload)


def ask(
    connection: socket.socket, message: Mapping[str, Any], payload: bytes
) -> tuple[Message, bytes]:
    """Send, and wait for the answer; ConnectionError if none comes whole."""
    connection.sendall(packed(message, payload))
    head, size = _LENGTHS.unpack(_exactly(connection, _LENGTHS.size))
    return json.loads(_exactly(connection, head)), _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    pieces, missing = [], size
    while missing:
        piece = connection.recv(min(missing, 1 << 20))
        if not piece:
            raise ConnectionResetError
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def fault(error: ServerlessError) -> Message:
    """*error* as a message."""
    return {"fault": error.code, "message": error.message, "hint": error.hint}


def raised(message: Message) -> ServerlessError:
    """The error that `fault` was given, of the same class."""
    known = _known().get(message["fault"], ServerlessError)
    error = known.__new__(known)
    ServerlessError.__init__(error, message["message"], hint=message["hint"])
    return error


def _known() -> dict[str, type[ServerlessError]]:
    """Errors by code: those that a daemon may raise."""
    found = (*vars(local_errors).values(), *vars(plan_errors).values())
    return {
        item.code: item
        for item in found
        if isinstance(item, type) and issubclass(item, ServerlessError)
    }
