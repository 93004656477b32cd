"""Streams and websockets over a real port: nothing is held back, and a stopping server ends them."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from served import make_app, visit
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from luna.app.serve import Server, listen, server_config
from luna.kernel.runtime import Runtime

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Wire:
    """The web app on a real port of this machine."""

    def __init__(self, app: FastAPI) -> None:
        self.listener = listen("127.0.0.1", 0)
        self.port = int(self.listener.getsockname()[1])
        self.up = asyncio.Event()
        self.server = Server(server_config(app), app, self.up.set)
        self.task = asyncio.create_task(self.server.serve([self.listener]))

    async def stop(self) -> float:
        """Stop it; gives the seconds that took."""
        start = time.perf_counter()
        self.server.should_exit = True
        await asyncio.wait_for(self.task, 20)
        return time.perf_counter() - start


@pytest_asyncio.fixture
async def wire(runtime: Runtime) -> AsyncIterator[Wire]:
    """A server with an endless stream and an endless websocket."""
    app = make_app(runtime)

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def words() -> AsyncIterator[bytes]:
            n = 0
            while True:
                yield f"data: {n}\n\n".encode()
                n += 1
                await asyncio.sleep(0.2 if n < 3 else 3600)

        return StreamingResponse(words(), media_type="text/event-stream")

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    server = Wire(app)
    await asyncio.wait_for(server.up.wait(), 10)
    yield server
    if not server.task.done():
        await server.stop()


async def test_a_stream_comes_as_it_is_told_and_ends_with_the_server(wire: Wire) -> None:
    seen: list[str] = []
    at: list[float] = []

    async def read() -> None:
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", f"http://localhost:{wire.port}/api/endless") as answer,
        ):
            assert answer.headers["x-trace-id"]
            async for line in answer.aiter_lines():
                if line:
                    seen.append(line)
                    at.append(time.perf_counter())

    reading = asyncio.create_task(read())
    while len(seen) < 3:
        await asyncio.sleep(0.05)
        assert not reading.done()
    assert at[1] - at[0] > 0.1
    assert at[2] - at[1] > 0.1
    assert await wire.stop() < 3
    await asyncio.wait_for(reading, 2)  # the answer came to a proper end
    assert seen == ["data: 0", "data: 1", "data: 2"]


async def test_a_websocket_speaks_and_ends_with_the_server(wire: Wire) -> None:
    url = f"ws://localhost:{wire.port}/api/echo"
    async with connect(url, proxy=None) as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"
        assert await wire.stop() < 8
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_refused_websocket_says_why(wire: Wire) -> None:
    url = f"ws://localhost:{wire.port}/echo"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, proxy=None, additional_headers={"Origin": "https://evil.example"})
    assert refused.value.response.status_code == 403
    assert b"foreign-origin" in (refused.value.response.body or b"")


async def test_a_client_that_goes_away_mid_upload(wire: Wire, runtime: Runtime) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    head = "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.2)
    async with visit(make_app(runtime)) as client:
        assert (await client.get("/health")).status_code == 200
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://localhost:{wire.port}/health")).status_code == 200
    del reader
