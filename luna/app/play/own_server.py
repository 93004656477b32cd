"""A server inside this process, for a command that finds none running: the same app, on a free port."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from luna.app.assemble import close_runtime, make_folder, open_runtime
from luna.app.security import Serving
from luna.app.serve import Server, address, listen, server_config
from luna.app.web import create_app
from luna.kernel.lock import announce, new_key, this_process, withdraw
from luna.kernel.logs import conceal, log_to

HOST = "127.0.0.1"


class OwnServer:
    """Serves a data folder from a thread, for as long as the `with` block lasts.

    `url` and `key` say how to reach it; they are announced in the folder, so a second `luna play` joins in.
    Entering raises what opening the folder raises: Conflict, Unavailable, BadInput.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url = ""
        self.key = new_key()
        self._ready = threading.Event()
        self._server: Server | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="luna-server")
        self._running: Future[None] | None = None

    def __enter__(self) -> Self:
        self._running = self._pool.submit(lambda: asyncio.run(self._serve()))
        self._running.add_done_callback(lambda _: self._ready.set())
        self._ready.wait()
        if not self.url:
            self._running.result()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._pool.shutdown()

    async def _serve(self) -> None:
        data = make_folder(self.data)
        log_to(data, console=False)
        runtime = await open_runtime(data, worker=True)
        try:
            listener = listen(HOST, 0)
            port = int(listener.getsockname()[1])
            conceal(self.key)
            url = address(HOST, port)
            app = create_app(runtime, Serving(host=HOST, port=port, key=self.key))

            def ready() -> None:
                announce(data, this_process(runtime.boot, url, self.key))
                self.url = url
                self._ready.set()

            self._server = Server(server_config(app), app, ready)
            await self._server.serve([listener])
        finally:
            withdraw(data, runtime.boot)
            await close_runtime(runtime)
