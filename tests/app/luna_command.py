"""Running the command `luna` as people do: a process of its own, lines on its input, a data folder."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 120


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """An environment without settings or keys of whoever runs the tests, in which words appear at once."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LUNA_") and not k.endswith("_API_KEY")}
    plain = {"PYTHONPATH": str(ROOT), "BUILTIN_WORDS_PER_SECOND": "0", "TERM": "xterm", "DATABASE_URL": ""}
    return {**kept, **plain, **more}


def luna(*args: str, data: Path, lines: str = "", **env: str) -> Ran:
    """Run one command to its end. It must not show a traceback, nor colours on a pipe."""
    done = subprocess.run(
        (sys.executable, "-m", "luna.app.cli", *args),
        input=lines.encode(),
        capture_output=True,
        cwd=data.parent,
        env=environment(LUNA_NARRATES_DATA=str(data), **env),
        timeout=PATIENCE,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err + ran.out, ran.err
    assert "\x1b" not in ran.out, ran.out
    return ran


@dataclass
class Served:
    """A server that runs on a data folder."""

    data: Path
    url: str
    key: str
    process: subprocess.Popen[bytes]

    def http(self) -> httpx.Client:
        """A client that may do everything there."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def serving(data: Path, **env: str) -> Iterator[Served]:
    """`luna serve` on a free port, stopped at the end as Ctrl+C does."""
    process = subprocess.Popen(
        (sys.executable, "-m", "luna.app.cli", "serve", "--port", "0", "--no-browser", "--data", str(data)),
        env=environment(**env),
        cwd=data.parent,
        stdout=subprocess.DEVNULL,
    )
    try:
        note = data / "server.json"
        until = time.monotonic() + PATIENCE
        owner: dict[str, str] = {}
        while not owner.get("url"):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.1)
            owner = json.loads(note.read_text()) if note.exists() else {}
        yield Served(data, owner["url"], owner["key"], process)
    finally:
        process.terminate()
        assert process.wait(30) == 0
