"""A stand-in for the Lambda API that takes mirrored requests: `python -m … MODE`.

Modes: `quick` accepts at once, `slow` after a second, `hang` never, `error` refuses.
Prints its port; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys

ALIAS = json.dumps({"Description": json.dumps({"r": 1, "c": "2", "m": 1.0})}).encode()


async def main(mode: str) -> None:
    """Serve until standard input ends."""
    count = 0

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(size)
            if head.startswith(b"GET"):
                _reply(writer, 200, ALIAS)
                continue
            count += 1
            if mode == "hang":
                await asyncio.sleep(60)
            if mode == "slow":
                await asyncio.sleep(1)
            _reply(writer, 500 if mode == "error" else 202, b"")

    server = await asyncio.start_server(met, "127.0.0.1", 0, limit=1 << 21)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(count, flush=True)


def _reply(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
