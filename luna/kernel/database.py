"""The database: one schema and one code path on SQLite (a file) and PostgreSQL (a URL).

`read()` gives a session for looking, `begin()` one that commits at its end or leaves nothing behind. On
SQLite a writing session takes the write lock at its start (BEGIN IMMEDIATE): a session that reads first and
writes later would otherwise fail half-way when another one wrote in between.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, OperationalError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from luna.kernel.errors import BadInput, Unavailable
from luna.kernel.sqlite_driver import ONE_HOP

Transaction = AsyncSession
"""What the services hand to the stores. Services never look inside it."""

JsonColumn = sa.JSON().with_variant(JSONB(), "postgresql")
"""A JSON value in a column; None is stored as JSON null unless the column says otherwise."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The mother of every table. Constraint names are fixed, so that migrations can name them."""

    metadata = sa.MetaData(naming_convention=NAMING)


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite forgets time zones, this puts them back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def normalise_url(url: str) -> str:
    """Accept the usual spellings of a database URL and name our drivers (aiosqlite, psycopg 3)."""
    for short, full in (
        ("postgres://", "postgresql+psycopg://"),
        ("postgresql://", "postgresql+psycopg://"),
        ("postgresql+asyncpg://", "postgresql+psycopg://"),
        ("sqlite:///", "sqlite+aiosqlite:///"),
    ):
        if url.startswith(short):
            return full + url[len(short) :]
    return url


def _checked(url: str) -> str:
    """The URL, when it is one of a database we know. Never says what it is: it may hold a password."""
    try:
        known = sa.make_url(url).get_backend_name() in ("sqlite", "postgresql")
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise BadInput(
            "DATABASE_URL is not the address of a database this program knows.",
            "Write it as postgresql://user:password@host:5432/name, or leave it out for SQLite.",
            code="bad-database-url",
        )
    return url


BUSY_SECONDS = 30
"""How long SQLite waits for somebody else's write."""
POSTGRES_ARGS = {"options": "-c idle_in_transaction_session_timeout=10s"}
"""A process that is frozen inside a transaction must not hold its locks for ever: others take its work over."""


class Database:
    """One database and its sessions. Cheap to make: it connects on first use."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = _checked(normalise_url(url))
        self.is_sqlite = self.url.startswith("sqlite")
        options: dict[str, Any] = {
            "connect_args": {"timeout": BUSY_SECONDS},
            "pool_size": 8,
            "max_overflow": 24,
        }
        if not self.is_sqlite:
            options = {"connect_args": POSTGRES_ARGS, "pool_size": pool_size, "max_overflow": 20}
        url = self.url.replace("sqlite+aiosqlite:", f"{ONE_HOP}:", 1)
        self.engine: AsyncEngine = create_async_engine(url, pool_pre_ping=not self.is_sqlite, **options)
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        self._reads = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writes = async_sessionmaker(
            self.engine.execution_options(luna_write=True), expire_on_commit=False
        )

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Transaction]:
        """A session for reading. Whatever is changed in it is rolled back."""
        with _said_plainly():
            async with self._reads() as session:
                yield session

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[Transaction]:
        """A session that commits when the block ends, and leaves nothing when it raises."""
        with _said_plainly():
            async with self._writes() as session, session.begin():
                yield session

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """A bare connection, for the few who need one: migrations and checks of the database itself."""
        with _said_plainly():
            async with self.engine.connect() as connection:
                yield connection

    async def version(self) -> str:
        """The version of the database, which also tells that it answers."""
        async with self.connect() as connection:
            query = (
                "select sqlite_version()" if self.is_sqlite else "select current_setting('server_version')"
            )
            return str(await connection.scalar(sa.text(query)))

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


class _said_plainly:
    """Turns the database failures that a person can mend into refusals that say how."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DataError) or "too large to convert to SQLite INTEGER" in str(error):
            raise BadInput(
                "A value in the request cannot be stored: it is too large or holds a character no text has.",
                "Leave out NUL characters, and keep numbers within 64 bits.",
                code="cannot-be-stored",
            ) from error
        if isinstance(error, DatabaseError) and "not a database" in str(error.orig):
            raise Unavailable(
                "The database's file is damaged, or no database at all.",
                "Put a backup of luna.db back, or choose another folder with --data.",
                code="database-damaged",
            ) from error
        if not isinstance(error, OperationalError):
            return
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise Unavailable(
                "The database is locked by another program.",
                "Close the other program that has the data folder open, then try again.",
                code="database-locked",
            ) from error
        if "disk is full" in text or "No space left" in text or "disk I/O error" in text:
            raise Unavailable(
                "The disk is full, so nothing was written.",
                "Free some space on the disk that holds the data folder, then try again.",
                code="disk-full",
            ) from error
        if "readonly" in text or "read-only" in text or "unable to open" in text:
            raise Unavailable(
                "The database cannot be written.",
                "Check the rights of the data folder, then try again.",
                code="database-read-only",
            ) from error
        if "connect" in text or "terminating" in text or "closed" in text:
            raise Unavailable(
                "The database does not answer.",
                "Check that PostgreSQL runs and DATABASE_URL is right; `luna doctor` tells more.",
                code="database-unreachable",
            ) from error


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """WAL, foreign keys, and explicit BEGINs (the driver's own ones come too late)."""

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("luna_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
