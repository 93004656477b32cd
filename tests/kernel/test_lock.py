"""One process owns a data folder; the note it leaves is private, and worth nothing when it is gone."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import luna
from luna.kernel.errors import Conflict
from luna.kernel.lock import (
    OWNER_FILE,
    DataLock,
    announce,
    find_owner,
    find_server,
    new_key,
    this_process,
    withdraw,
    write_private,
)

ROOT = Path(luna.__file__).parent.parent
HOLD = """
import sys, time
from pathlib import Path
from luna.kernel.lock import DataLock, announce, this_process
data = Path(sys.argv[1])
lock = DataLock(data).acquire("other")
if len(sys.argv) > 2:
    announce(data, this_process("other", sys.argv[2], "k"))
print("held", flush=True)
time.sleep(60)
"""


def hold(data: Path, *url: str) -> subprocess.Popen[str]:
    """Another process that has the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data), *url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    process = hold(tmp_path, "http://localhost:8001/")
    try:
        with pytest.raises(Conflict) as refused:
            DataLock(tmp_path).acquire("mine")
        assert refused.value.code == "data-folder-in-use"
        assert "http://localhost:8001" in refused.value.message
        assert str(process.pid) in refused.value.message
        assert refused.value.hint
        server = find_server(tmp_path)
        assert server
        assert (server.pid, server.url, server.key) == (process.pid, "http://localhost:8001", "k")
    finally:
        process.kill()
        process.wait()


def test_kill_9_lets_go(tmp_path: Path) -> None:
    process = hold(tmp_path, "http://localhost:8001")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / OWNER_FILE).exists()  # nobody could take it away …
    assert find_owner(tmp_path) is None  # … but it counts for nothing
    start = time.monotonic()
    lock = DataLock(tmp_path).acquire("mine")
    assert time.monotonic() - start < 1
    owner = find_owner(tmp_path)
    assert owner
    assert (owner.pid, owner.boot) == (os.getpid(), "mine")
    lock.release("mine")
    assert find_owner(tmp_path) is None


def test_without_a_server_the_process_is_named(tmp_path: Path) -> None:
    process = hold(tmp_path)
    try:
        assert find_server(tmp_path) is None
        with pytest.raises(Conflict, match=str(process.pid)):
            DataLock(tmp_path).acquire("mine")
        (tmp_path / OWNER_FILE).unlink()
        with pytest.raises(Conflict, match="another process"):
            DataLock(tmp_path).acquire("mine")
    finally:
        process.kill()
        process.wait()


def test_released_it_can_be_taken_again(tmp_path: Path) -> None:
    for boot in ("one", "two"):
        DataLock(tmp_path).acquire(boot).release(boot)
    assert not (tmp_path / OWNER_FILE).exists()


def test_the_note_is_private(tmp_path: Path) -> None:
    key = new_key()
    assert len(key) >= 43
    announce(tmp_path, this_process("one", "http://localhost:1/", key))
    assert stat.S_IMODE((tmp_path / OWNER_FILE).stat().st_mode) == 0o600
    owner = find_server(tmp_path)
    assert owner
    assert (owner.url, owner.key) == ("http://localhost:1", key)
    withdraw(tmp_path, "another")
    assert find_server(tmp_path)
    withdraw(tmp_path, "one")
    assert find_server(tmp_path) is None
    assert [p.name for p in tmp_path.iterdir()] == []


def test_the_same_number_later_is_not_the_same_process(tmp_path: Path) -> None:
    mine = this_process("old", "http://localhost:1")
    announce(tmp_path, mine.model_copy(update={"started": mine.started - 1000}))
    assert find_owner(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": "x"}', "\xff", '{"pid": -5, "boot": "b", "started": 1}']
)
def test_a_broken_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / OWNER_FILE).write_bytes(text.encode("latin-1"))
    assert find_owner(tmp_path) is None


def test_a_private_file_replaces_a_public_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
