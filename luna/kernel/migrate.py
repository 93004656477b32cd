"""Brings a database's tables up to date, one process at a time.

The migrations lie in luna/migrations and run on both databases. On PostgreSQL an advisory lock keeps
several starting processes apart; on SQLite the write lock does.
"""

import asyncio
import threading
from collections.abc import Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from luna.kernel.database import Base, Database
from luna.kernel.errors import Unavailable
from luna.kernel.values import Frozen

LOCK = 7420002
"""The number of the advisory lock; the jobs' reaper has another one."""


_alone = threading.Lock()


class Schema(Frozen):
    """Where a database stands: the migrations it has had last, and the ones the program brings."""

    has: tuple[str, ...]
    wants: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to do."""
        return set(self.has) == set(self.wants)


def load_tables() -> sa.MetaData:
    """Import every module that defines tables, and give the metadata they are in."""
    import_module("luna.kernel.runtime")  # which has everything of the kernel that keeps rows
    for slice_ in sorted(resources.files("luna").iterdir(), key=lambda entry: entry.name):
        if slice_.is_dir() and slice_.joinpath("tables.py").is_file():
            import_module(f"luna.{slice_.name}.tables")
    return Base.metadata


async def migrate(db: Database) -> None:
    """Bring the tables up to date.

    Raises Unavailable when the database was made by a newer version of the program.
    """
    await asyncio.to_thread(_alone.acquire)  # Alembic keeps its context in globals: one at a time
    try:
        await _migrate(db)
    finally:
        _alone.release()


async def _migrate(db: Database) -> None:
    async with db.connect() as connection:
        if db.is_sqlite:
            # Rebuilding a table would fire its foreign keys; the switch does nothing inside a transaction.
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.execute("PRAGMA foreign_keys=OFF")
            connection = await connection.execution_options(luna_write=True)
        else:
            await connection.execute(sa.text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
            await connection.commit()
        try:
            await connection.run_sync(_upgrade)
            await connection.commit()
        finally:
            await _unlock(connection, db.is_sqlite)


async def schema(db: Database) -> Schema:
    """Where the database stands. Changes nothing."""
    async with db.connect() as connection:
        has = await connection.run_sync(_revisions)
    return Schema(has=tuple(has), wants=tuple(_script().get_heads()))


async def vectors(db: Database) -> bool:
    """Whether the database can keep vectors for itself: on PostgreSQL, whether pgvector can be had."""
    if db.is_sqlite:
        return True
    async with db.connect() as connection:
        query = "select count(*) from pg_available_extensions where name = 'vector'"
        return bool(await connection.scalar(sa.text(query)))


async def _unlock(connection: AsyncConnection, is_sqlite: bool) -> None:
    await connection.rollback()
    if is_sqlite:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute("PRAGMA foreign_keys=ON")
    else:
        await connection.execute(sa.text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
        await connection.commit()


def write_migration(message: str, scratch: Path) -> Path:
    """Write the migration that leads from the last one to the tables in the code, and give its path.

    `scratch` is where a SQLite file may be made for comparing.
    """
    from alembic import command

    engine = sa.create_engine(f"sqlite:///{scratch}")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        if _script().get_heads():
            command.upgrade(config, "head")
        written: Any = command.revision(config, message, autogenerate=True)
    engine.dispose()
    return Path(written.path)


def _script() -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("luna.migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revisions(connection: sa.Connection) -> Sequence[str]:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_heads()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Unavailable(
            "The database was made by a newer version of this program.",
            "Update the program, or open another data folder.",
            code="database-too-new",
        ) from error
