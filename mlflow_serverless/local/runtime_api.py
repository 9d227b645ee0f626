"""HTTP as the Lambda Runtime API speaks it, on one connection after another."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import h11

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the runtime."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    whole: bool = True
    """False if the body was longer than allowed, and was not kept."""


@dataclass(frozen=True, slots=True)
class Tell:
    """One answer to the runtime."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Ask], Awaitable[Tell]]


async def converse(
    reader: StreamReader, writer: StreamWriter, answer: Answer, *, longest: int
) -> None:
    """
    Answer every request of one connection until it ends.

    Args:
        reader: From the runtime.
        writer: To the runtime.
        answer: What to say to each request.
        longest: Body size [bytes] beyond which a request is not kept.
    """
    connection = h11.Connection(h11.SERVER)
    try:
        while True:
            ask = await _next(connection, reader, writer, longest)
            if ask is None:
                return
            await _send(connection, writer, await answer(ask))
            if connection.our_state is not h11.DONE:
                return
            connection.start_next_cycle()
    except (h11.ProtocolError, ConnectionError):
        return
    finally:
        with suppress(ConnectionError):
            writer.close()


async def _next(
    connection: h11.Connection, reader: StreamReader, writer: StreamWriter, longest: int
) -> Ask | None:
    """The next whole request; None if the runtime hung up."""
    request: h11.Request | None = None
    body = bytearray()
    whole = True
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            await _feed(connection, reader, writer)
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            # What is too long is read to its end all the same, so that the runtime
            # gets to hear why, but it is not kept.
            whole = whole and len(body) + len(event.data) <= longest
            body += event.data if whole else b""
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return _ask(request, bytes(body) if whole else b"", whole=whole)
        else:
            return None


async def _feed(
    connection: h11.Connection, reader: StreamReader, writer: StreamWriter
) -> None:
    if connection.they_are_waiting_for_100_continue:
        go_on = h11.InformationalResponse(status_code=100, headers=[])
        writer.write(connection.send(go_on) or b"")
        await writer.drain()
    connection.receive_data(await reader.read(PIECE))


def _ask(request: h11.Request, body: bytes, *, whole: bool) -> Ask:
    return Ask(
        method=request.method.decode(),
        path=request.target.decode(),
        headers={k.decode(): v.decode("latin-1") for k, v in request.headers},
        body=body,
        whole=whole,
    )


async def _send(connection: h11.Connection, writer: StreamWriter, tell: Tell) -> None:
    headers = [*tell.headers.items(), ("content-length", str(len(tell.body)))]
    response = h11.Response(status_code=tell.status, headers=headers)
    head = connection.send(response) or b""
    body = connection.send(h11.Data(data=tell.body)) or b""
    writer.write(b"".join((head, body, connection.send(h11.EndOfMessage()) or b"")))
    await writer.drain()


async def listen(answer: Answer, host: str, *, longest: int) -> asyncio.Server:
    """A Runtime API on a free port of *host*."""

    async def met(reader: StreamReader, writer: StreamWriter) -> None:
        # Cancelled when the loop ends; nobody is left to tell.
        with suppress(asyncio.CancelledError):
            await converse(reader, writer, answer, longest=longest)

    return await asyncio.start_server(met, host, 0, limit=2 * PIECE)
