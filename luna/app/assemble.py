"""Puts a runtime together for a data folder, and takes it apart again."""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from luna.costs import service as costs
from luna.kernel.database import Database, sqlite_url
from luna.kernel.errors import Unavailable
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.lock import DataLock, write_private
from luna.kernel.logs import conceal_environment, set_level
from luna.kernel.migrate import migrate
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore, outside
from luna.kernel.values import new_id
from luna.kernel.vault import Vault
from luna.llm.clients import close_clients

JOB_MODULES = ("luna.narration.dreams",)
"""The modules that mark jobs: a process that runs jobs has to know them all."""

DATABASE_FILE = "luna.db"
INSTANCE_FILE = "instance-id"


@dataclass(frozen=True)
class OpenRuntime(Runtime):
    """A runtime together with the right to its data folder (SQLite only)."""

    lock: DataLock | None = None


async def open_runtime(data: Path, *, worker: bool) -> Runtime:
    """Open a data folder: take it, bring its tables up to date, start the jobs.

    `worker` says whether this process also does the jobs. Raises Conflict when another process has the
    folder (SQLite), Unavailable when the database is away, BadInput when a setting does not fit.
    """
    data = make_folder(data)
    for module in JOB_MODULES:
        import_module(module)
    conceal_environment(os.environ)
    boot = new_id()
    db = Database(database_url(data))
    lock = DataLock(data).acquire(boot) if db.is_sqlite else None
    runtime = None
    try:
        await migrate(db)
        settings = SettingsStore(db, data)
        set_level((await settings.current()).log_level)
        jobs = Jobs(db, boot, worker=worker)
        opened = OpenRuntime(
            data=data,
            db=db,
            settings=settings,
            vault=Vault(data),
            live=LiveEvents(db),
            jobs=jobs,
            boot=boot,
            instance=_instance(data),
            lock=lock,
        )
        jobs.bind(opened)
        await jobs.launch()
        opened.live.start()
        await costs.recover(opened)
        runtime = opened
        return runtime
    finally:
        if runtime is None:
            await db.close()
            if lock:
                lock.release(boot)


async def close_runtime(runtime: Runtime, *, drain: float = 0.0) -> None:
    """Let go of everything a runtime holds. Jobs that run get `drain` seconds to end."""
    await runtime.jobs.close(drain)
    await runtime.live.close()
    await close_clients()
    await runtime.db.close()
    if isinstance(runtime, OpenRuntime) and runtime.lock:
        runtime.lock.release(runtime.boot)


def make_folder(data: Path) -> Path:
    """Make the data folder, readable by its owner only, and give its full path."""
    data = data.expanduser().resolve()
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(
            f"The data folder {data} cannot be made: {error.strerror}.",
            "Choose another folder with --data.",
            code="data-folder-unusable",
        ) from error
    return data


def database_url(data: Path) -> str:
    """Where the database is: DATABASE_URL (environment, then a `.env`), or a file in the data folder."""
    return outside(data, "DATABASE_URL") or sqlite_url(data / DATABASE_FILE)


def _instance(data: Path) -> str:
    path = data / INSTANCE_FILE
    if not path.exists():
        write_private(path, new_id())
    return path.read_text("utf-8").strip()
