"""HTTP as runtimes speak it, well and badly."""

import asyncio

import pytest

from mlflow_serverless.local.runtime_api import Ask, Tell, listen

LONGEST = 1000


async def echo(ask: Ask) -> Tell:
    return Tell(200 if ask.whole else 413, f"{ask.path}:{len(ask.body)}".encode())


def said(*pieces: bytes) -> bytes:
    """All that the server says to *pieces*, sent one after another."""

    async def talk() -> bytes:
        server = await listen(echo, "127.0.0.1", longest=LONGEST)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write_eof()
        found = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        server.close()
        await server.wait_closed()
        return found

    return asyncio.run(talk())


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def sized(path: str, size: int) -> bytes:
    return post(path, b"x" * size, f"Content-Length: {size}")


def test_requests_follow_one_another_on_one_connection():
    """Kept alive, and even sent ahead."""
    answer = said(sized("/a", 3) + sized("/b", 4))

    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b"/a:3") < answer.index(b"/b:4")


def test_a_body_may_come_in_pieces_and_chunks():
    """However it is sent, it arrives whole."""
    head = post("/c", b"", "Transfer-Encoding: chunked")

    assert b"/c:5" in said(head, b"2\r\nab\r\n", b"3\r\ncde\r\n0\r\n\r\n")


def test_a_body_that_is_too_long_is_read_but_not_kept():
    """The runtime hears so, and may go on over the same connection."""
    answer = said(sized("/a", LONGEST + 1), sized("/b", LONGEST))

    assert b"HTTP/1.1 413" in answer
    assert b"/b:1000" in answer


def test_a_runtime_that_asks_first_is_told_to_go_on():
    """As curl does before long bodies."""
    head = post("/a", b"", "Content-Length: 2", "Expect: 100-continue")

    answer = said(head, b"ab")

    assert answer.startswith(b"HTTP/1.1 100")
    assert b"/a:2" in answer


@pytest.mark.parametrize(
    "garbage", [b"\0\xff\r\n\r\n", b"GET\r\n\r\n", sized("/", 5)[:-2], b""]
)
def test_what_is_not_http_ends_the_connection(garbage):
    """Without an answer that could be taken for one."""
    assert b" 200" not in said(garbage)
