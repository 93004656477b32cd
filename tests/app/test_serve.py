"""The server as a process: a real port, signals, the note it leaves, a second one on the same folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import luna
from luna.app.serve import address, greeting, listen
from luna.kernel.errors import LunaError
from luna.kernel.lock import find_owner, find_server

ROOT = Path(luna.__file__).parent.parent
SERVE = """
import sys
from pathlib import Path
from luna.app.serve import serve
from luna.kernel.errors import LunaError
try:
    serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[1]), False)
except LunaError as error:
    sys.exit(f"{error.code}: {error.message} {error.hint}")
"""


class Served:
    """A server process and what it printed first."""

    def __init__(self, data: Path, host: str = "127.0.0.1", port: int = 0, **environment: str) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(data), host, str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            cwd=data.parent,
        )

    def ready(self) -> str:
        """Wait until it is ready; gives its address."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert "is ready at" in line, line + self.process.stderr.read() if self.process.stderr else ""
        return line.split("ready at ")[1].split()[0]

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; gives the exit code and what it wrote besides."""
        self.process.send_signal(how)
        assert self.process.stdout
        assert self.process.stderr
        # Not communicate(): it would miss what readline() has taken in already.
        out, err = self.process.stdout.read(), self.process.stderr.read()
        return self.process.wait(30), out + err


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running server on a fresh folder."""
    server = Served(tmp_path / "data")
    yield server
    if server.process.poll() is None:
        server.process.kill()
    server.process.wait()


def test_a_server_from_start_to_end(served: Served) -> None:
    url = served.ready()
    owner = find_server(served.data)
    assert owner
    assert owner.url == url
    local = url.replace("localhost", "127.0.0.1")
    with httpx.Client(base_url=local, trust_env=False) as client:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/api/status").status_code == 200
        assert client.get("/health", headers={"Host": "evil.example"}).status_code == 421
        assert client.post("/auth/login", content=b"x" * 40_000_000).status_code == 413
        # The local key acts as the administrator, also when there are accounts.
        code = (served.data / "registration-code").read_text()
        wish = {"username": "ada", "password": "correct horse battery", "code": code}
        assert client.post("/auth/register", json=wish).status_code == 201
        assert client.get("/settings").status_code == 401
        key = {"Authorization": f"Bearer {owner.key}"}
        assert client.get("/settings", headers=key).status_code == 200

    second = Served(served.data)
    _, err = second.process.communicate(timeout=30)
    assert second.process.returncode == 1
    assert "data-folder-in-use" in err
    assert url in err
    assert str(served.process.pid) in err

    status, out = served.end()
    assert status == 0, out
    assert "Traceback" not in out
    assert find_owner(served.data) is None
    log = (served.data / "logs" / "luna.log").read_text()
    for secret in (owner.key, code, "correct horse"):
        assert secret not in log
    assert '"GET /health 200' in log


def test_sigint_ends_it_cleanly(served: Served) -> None:
    served.ready()
    status, out = served.end(signal.SIGINT)
    assert status == 0, out
    assert "Traceback" not in out


def test_after_kill_9_it_starts_again(served: Served) -> None:
    served.ready()
    served.end(signal.SIGKILL)
    again = Served(served.data)
    start = time.monotonic()
    again.ready()
    assert time.monotonic() - start < 60
    assert again.end()[0] == 0


def test_listening_elsewhere_prints_the_code(tmp_path: Path) -> None:
    server = Served(tmp_path / "data", "0.0.0.0")
    url = server.ready()
    assert url.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/auth/me").status_code == 401
        owner = find_server(server.data)
        assert owner
        assert client.get("/auth/me", headers={"Authorization": f"Bearer {owner.key}"}).status_code == 200
    status, out = server.end()
    assert status == 0
    code = (server.data / "registration-code").read_text()
    assert code in out
    assert code not in (server.data / "logs" / "luna.log").read_text()


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"DATABASE_URL": "mysql://root:sesame@host/x"}, "bad-database-url"),
        ({"DATABASE_URL": "postgresql://u:sesame@127.0.0.1:1/x"}, "database-unreachable"),
        ({"PROSE_TOKENS": "many"}, "bad-setting"),
    ],
)
def test_a_start_that_fails_says_why(tmp_path: Path, environment: dict[str, str], code: str) -> None:
    server = Served(tmp_path / "data", **environment)
    _, err = server.process.communicate(timeout=30)
    assert server.process.returncode == 1
    assert code in err
    assert "Traceback" not in err
    assert "sesame" not in err
    assert find_owner(server.data) is None


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LunaError) as refused:
            listen("127.0.0.1", port)
        assert refused.value.code == "port-in-use"
        assert str(port) in refused.value.message


@pytest.mark.parametrize(
    ("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 99999), ("203.0.113.1", 0), ("", 99999)]
)
def test_addresses_that_cannot_be(host: str, port: int) -> None:
    with pytest.raises(LunaError):
        listen(host, port)


def test_addresses_and_greetings(tmp_path: Path) -> None:
    assert address("127.0.0.1", 1) == "http://localhost:1"
    assert address("localhost", 1) == "http://localhost:1"
    assert address("0.0.0.0", 1) == "http://127.0.0.1:1"
    assert address("::", 1) == "http://[::1]:1"
    assert address("::1", 1) == "http://[::1]:1"
    assert address("192.168.1.2", 1) == "http://192.168.1.2:1"
    assert "CODE" in greeting("127.0.0.1", "u", "CODE", tmp_path)
    assert "sign in" in greeting("0.0.0.0", "u", "CODE", tmp_path)
    assert len(greeting("0.0.0.0", "u", None, tmp_path).splitlines()) == 1
