"""The doctor finds what is there, what is missing and what is broken, and changes nothing."""

import asyncio
from pathlib import Path

import pytest

from luna.app import doctor
from luna.app.doctor import Check, examine
from luna.kernel.database import Database
from luna.kernel.lock import announce, this_process
from luna.kernel.migrate import migrate


def by_name(checks: list[Check]) -> dict[str, Check]:
    names = [check.name for check in checks]
    assert len(names) == len(set(names))
    for check in checks:
        assert check.detail
        assert check.fix or check.state == "ok" or check.name in ("Data folder", "Database", "Server")
    return {check.name: check for check in checks}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("LMSTUDIO_HOST", "not an address")


async def test_before_the_first_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "GAMES", str(tmp_path))
    data = tmp_path / "deep" / "data"
    seen = by_name(await examine(data))
    assert seen["Python"].state == "ok"
    assert seen["LM Studio"].state == "broken"
    for name in (
        "Node",
        "Data folder",
        "Database",
        "Ollama",
        "Chromium",
        "Ren'Py",
        "ffmpeg",
        "Server",
    ):
        assert seen[name].state == "missing", seen[name]
    assert not data.parent.exists()


async def test_a_good_database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    db = Database(database_url)
    await migrate(db)
    await db.close()
    seen = by_name(await examine(tmp_path))
    assert seen["Database"].state == "ok"
    assert ("pgvector" in seen) == database_url.startswith("postgresql")
    assert seen["Data folder"].state == "ok"
    assert seen["Tables"].state == "ok"


@pytest.mark.parametrize(
    ("url", "secret"), [("postgresql://u:sesame@127.0.0.1:1/x", "sesame"), ("nonsense:sesame", "sesame")]
)
async def test_a_bad_database(url: str, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    checks = await examine(tmp_path)
    assert by_name(checks)["Database"].state == "broken"
    assert secret not in str(checks)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "luna.db").write_bytes(b"this is not a database" * 100)
    assert by_name(await examine(tmp_path))["Database"].state == "broken"


async def test_an_old_node_and_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.19.0\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("OPENAI_API_KEY", "hush-hush")
    monkeypatch.setenv("PROSE_TOKENS", "many")
    checks = await examine(tmp_path)
    seen = by_name(checks)
    assert seen["Node"].state == "broken"
    assert "18.19" in seen["Node"].detail
    assert "OPENAI_API_KEY" in seen["Keys"].detail
    assert seen["Settings"].state == "broken"
    assert "PROSE_TOKENS" in seen["Settings"].detail
    assert "hush" not in str(checks)


async def test_model_servers_and_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        status = b"200 OK" if b"/api/tags" in line or b"/health" in line else b"500 Oh"
        writer.write(
            b"HTTP/1.1 " + status + b'\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{"models":[]}'
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("OLLAMA_HOST", url)
    monkeypatch.setenv("LMSTUDIO_HOST", url + "/")
    monkeypatch.setattr(doctor, "PORT", port)
    async with server:
        seen = by_name(await examine(tmp_path))
        assert (seen["Ollama"].state, seen["LM Studio"].state) == ("ok", "missing")
        assert seen["Port"].state == "broken"
        announce(tmp_path, this_process("boot", url))
        seen = by_name(await examine(tmp_path))
        assert seen["Server"].state == "ok"
        assert "Port" not in seen
