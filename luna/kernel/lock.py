"""Who owns a data folder, and how to reach them.

With SQLite one process owns a data folder: `DataLock` holds `luna.lock`, which the operating system lets go
of when the process ends, however it ends. Beside it `server.json` (mode 0600) says who the owner is; a
running server also leaves its address and a local key there, so that `luna play` on the same machine can
talk to it as the administrator.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Self

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from luna.kernel.errors import Conflict
from luna.kernel.values import Frozen

LOCK_FILE = "luna.lock"
OWNER_FILE = "server.json"


class Owner(Frozen):
    """A process that has a data folder open. `url` and `key` are empty when it is not a server.

    `started` is the process's start in seconds since 1970: a process id alone may be somebody else's by now.
    """

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    boot: str
    started: float
    url: str = ""
    key: str = ""


def new_key() -> str:
    """A fresh local key: 256 random bits as text."""
    return secrets.token_urlsafe(32)


def this_process(boot: str, url: str = "", key: str = "") -> Owner:
    """This process as an owner."""
    import psutil

    return Owner(
        pid=os.getpid(), boot=boot, started=psutil.Process().create_time(), url=url.rstrip("/"), key=key
    )


def announce(data: Path, owner: Owner) -> None:
    """Write down who has the data folder open, readable by the same user only."""
    write_private(data / OWNER_FILE, owner.model_dump_json())


def withdraw(data: Path, boot: str) -> None:
    """Take the announcement back, when it is still that process's."""
    owner = _read(data)
    if owner and owner.boot == boot:
        (data / OWNER_FILE).unlink(missing_ok=True)


def find_owner(data: Path) -> Owner | None:
    """Who has the data folder open now, or None. A note left by a process that is gone does not count."""
    import psutil

    owner = _read(data)
    if owner is None:
        return None
    try:
        alive = abs(psutil.Process(owner.pid).create_time() - owner.started) < 2
    except psutil.Error:
        return None
    return owner if alive else None


def find_server(data: Path) -> Owner | None:
    """The server that runs on this data folder, with its address and local key, or None."""
    owner = find_owner(data)
    return owner if owner and owner.url else None


class DataLock:
    """The right to a data folder, for one process at a time."""

    def __init__(self, data: Path) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(data / LOCK_FILE, timeout=0)

    def acquire(self, boot: str) -> Self:
        """Take the folder, and announce it. Raises Conflict naming the owner when somebody else has it."""
        try:
            self._lock.acquire()
        except Timeout:
            raise Conflict(*_whose(find_owner(self.data)), code="data-folder-in-use") from None
        announce(self.data, this_process(boot))
        return self

    def release(self, boot: str) -> None:
        """Let the folder go."""
        withdraw(self.data, boot)
        self._lock.release()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (mode 0600), in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _read(data: Path) -> Owner | None:
    try:
        return Owner.model_validate(json.loads((data / OWNER_FILE).read_text("utf-8")))
    except (OSError, ValueError, ValidationError):
        return None


def _whose(owner: Owner | None) -> tuple[str, str]:
    """What to say, and what to do about it."""
    if owner is None:
        return "The data folder is open in another process.", "Close the other process, or use --data."
    if owner.url:
        return (
            f"The data folder is open in a server at {owner.url} (process {owner.pid}).",
            f"Use that server, stop process {owner.pid}, or choose another folder with --data.",
        )
    return (
        f"The data folder is open in process {owner.pid}.",
        f"Wait until process {owner.pid} ends, or choose another folder with --data.",
    )
