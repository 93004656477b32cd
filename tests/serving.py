"""The product as processes of their own, on real ports."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx

from luna.accounts.first import CODE_FILE


class Server:
    """The product in a process of its own."""

    def __init__(self, data: Path, url: str, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "ENABLE_IMAGE_GENERATION": "false",
            "BUILTIN_WORDS_PER_SECOND": "12",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        code = (
            "from pathlib import Path; from luna.app.serve import serve;"
            f"serve('127.0.0.1', {self.port}, Path({str(self.data)!r}), False)"
        )
        self.process = subprocess.Popen([sys.executable, "-c", code], env=self.environment)
        deadline = time.monotonic() + 90  # a busy machine may need a minute to import everything
        while True:
            with contextlib.suppress(httpx.TransportError):
                if self.client.get("/health").status_code == 200:
                    return
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        """End it if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.client.close()

    def code(self) -> str:
        """The code for the first account."""
        return (self.data / CODE_FILE).read_text("utf-8").strip()


@contextlib.contextmanager
def running(*servers: Server) -> Generator[None]:
    """The servers, started one after another and ended whatever happens."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_words(client: httpx.Client, url: str, count: int) -> tuple[str, str]:
    """Watch a stream until so many words of prose came; gives them and the last event's id."""
    seen, last = "", ""
    with (
        contextlib.suppress(httpx.TransportError),  # the server may die under the stream
        client.stream("GET", url) as stream,
    ):
        for line in stream.iter_lines():
            if line.startswith("id: "):
                last = line[4:]
            if line.startswith("data: ") and '"text"' in line:
                data: dict[str, Any] = json.loads(line[6:])
                seen += str(data.get("text", ""))
            if len(seen.split()) >= count:
                break
    return seen, last
