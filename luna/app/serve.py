"""Runs the server: opens the data folder, listens, says where, and closes everything cleanly at its end."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from luna.accounts.first import CODE_FILE
from luna.accounts.service import prepare_first
from luna.app.assemble import close_runtime, make_folder, open_runtime
from luna.app.security import Serving, is_loopback
from luna.app.web import create_app
from luna.kernel.errors import Unavailable
from luna.kernel.lock import announce, new_key, this_process, withdraw
from luna.kernel.logs import conceal, log_to

SHUTDOWN_SECONDS = 5
"""How long requests may still take after the server was told to stop. Event streams end at once."""
MAX_MESSAGE = 1_000_000
"""Largest message on a websocket, in bytes."""


def serve(host: str, port: int, data: Path, open_browser: bool) -> None:
    """Serve a data folder until SIGINT or SIGTERM. Port 0 takes a free one.

    Raises Conflict when another process has the folder, Unavailable when the port or the database cannot be
    had, BadInput for a setting that does not fit.
    """
    with asyncio.Runner(loop_factory=_event_loop()) as runner:
        runner.run(_serve(host, port, data, open_browser))


def _event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker event loop where there is one (it does not exist for Windows), else Python's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class Server(uvicorn.Server):
    """A server that says when it is ready, and ends event streams first when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.streams.stop()
        await super().shutdown(sockets)


async def _serve(host: str, port: int, data: Path, open_browser: bool) -> None:
    data = make_folder(data)
    log_to(data)
    runtime = await open_runtime(data, worker=True)
    try:
        listener = listen(host, port)
        port = int(listener.getsockname()[1])
        key = new_key()
        conceal(key)
        url = address(host, port)
        code = await prepare_first(runtime)
        app = create_app(runtime, Serving(host=host, port=port, key=key))

        def ready() -> None:
            announce(data, this_process(runtime.boot, url, key))
            print(greeting(host, url, code, data), flush=True)
            if open_browser:
                asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)

        with _signals_kept():
            await Server(server_config(app), app, ready).serve([listener])
    finally:
        withdraw(data, runtime.boot)
        await close_runtime(runtime)


def server_config(app: FastAPI) -> uvicorn.Config:
    """How uvicorn runs the app."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # An address that a proxy tells is believed only when the administrator names the proxy.
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws_max_size=MAX_MESSAGE,
        lifespan="on",
    )


@contextlib.contextmanager
def _signals_kept() -> Generator[None]:
    """Keep uvicorn from ending the process with the signal that stopped it: the data folder is still open."""
    names = [signal.SIGINT, signal.SIGTERM]
    before = {name: signal.signal(name, _ignore) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _ignore(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing; unlike SIG_IGN it is not handed down to child processes."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Unavailable when the port is taken or the address is not ours."""
    if not 0 <= port <= 65535:  # the system would quietly take the rest of a division
        raise Unavailable(f"There is no port {port}.", "Choose one from 1 to 65535.", code="address-unusable")
    name = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    try:
        family, _, _, _, where = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError) as error:
        raise Unavailable(f"There is no address {host}.", "Check --host.", code="address-unusable") from error
    if sys.platform != "win32":  # there it would let two servers share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
    except (OSError, OverflowError) as error:
        listener.close()
        raise Unavailable(
            f"Port {port} on {host} cannot be used: {getattr(error, 'strerror', None) or error}.",
            "Stop the program that uses it, or choose another one with --port.",
            code="port-in-use",
        ) from error
    listener.setblocking(False)
    return listener


def address(host: str, port: int) -> str:
    """The address to reach the server at from this machine."""
    plain = host.strip("[]")
    if is_loopback(plain) and ":" not in plain and plain in ("localhost", "127.0.0.1"):
        return f"http://localhost:{port}"
    if plain in ("0.0.0.0", ""):
        return f"http://127.0.0.1:{port}"
    if plain == "::":
        return f"http://[::1]:{port}"
    return f"http://[{plain}]:{port}" if ":" in plain else f"http://{plain}:{port}"


def greeting(host: str, url: str, code: str | None, data: Path) -> str:
    """What is printed when the server is ready. The code goes to the terminal only, never into the log."""
    lines = [f"LUNA-Narrates is ready at {url} (API: {url}/docs). Stop it with Ctrl+C."]
    if code and is_loopback(host):
        lines.append(f"There are no accounts, so nobody needs to sign in. Code for a first account: {code}")
    elif code:
        lines.append("Other machines can reach this server, so everybody has to sign in.")
        lines.append(f"Code for the first account, which becomes the administrator: {code}")
        lines.append(f"(It is also in {data / CODE_FILE}.)")
    return "\n".join(lines)
