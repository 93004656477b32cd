"""A model that writes at a steady pace: an OpenAI-compatible server for measuring.

    .venv/bin/python bench/model_server.py --tokens 400 --per-second 20

It prints its port. Every token is the moment it was sent, in milliseconds of the machine's monotonic clock, so that
whoever reads it at the other end of the product knows how long it took.
"""

import argparse
import asyncio
import json
import time

WHEN = 10**8
"""Moments are counted modulo this."""


def moment() -> int:
    """Milliseconds on a clock that all processes of the machine share."""
    return int(time.monotonic() * 1000) % WHEN


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One event of the answer, in HTTP's chunked form."""
    body = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "steady",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return framed(f"data: {json.dumps(body)}\n\n")


def framed(text: str) -> bytes:
    """A chunk."""
    data = text.encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Steady:
    """The server. Plain sockets: it must not be what is slow."""

    def __init__(self, tokens: int, per_second: float) -> None:
        self.tokens, self.per_second = tokens, per_second

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, whatever it is, and stream the tokens."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    (int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0
                )
                await reader.readexactly(size)
                await self._stream(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        begun = time.monotonic()
        for number in range(self.tokens):
            late = begun + number / self.per_second - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            writer.write(chunk({"role": "assistant", "content": f"{moment():08d} "}))
            await writer.drain()
        usage = {"prompt_tokens": 500, "completion_tokens": self.tokens, "total_tokens": 500 + self.tokens}
        writer.write(chunk({"content": "end."}) + chunk({}, "stop"))
        last = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "steady", "choices": []}
        writer.write(
            framed(f"data: {json.dumps({**last, 'usage': usage})}\n\ndata: [DONE]\n\n") + b"0\r\n\r\n"
        )
        await writer.drain()


async def serve(tokens: int, per_second: float) -> None:
    """Listen on a free port of the loopback, say which, go on until killed."""
    server = await asyncio.start_server(Steady(tokens, per_second).answer, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--tokens", type=int, default=400)
    options.add_argument("--per-second", type=float, default=20)
    given = options.parse_args()
    asyncio.run(serve(given.tokens, given.per_second))
