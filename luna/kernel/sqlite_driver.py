"""SQLite for asyncio in one hop a statement.

The driver runs SQLite in a thread. As SQLAlchemy adapts it, a statement makes four trips there: open a
cursor, execute, fetch, close. A turn has some fifty statements, and on a busy machine a trip costs more than
the statement. Here they are done in one trip. Use it as `sqlite+luna:///file`.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)

ONE_HOP = "sqlite+luna"
"""The scheme of URLs that use this."""


class _Done(NamedTuple):
    """What a statement left behind."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


class _NoCursor:
    """In the place of the driver's cursor, which lives only while its statement runs."""

    arraysize = 1

    async def close(self) -> None:
        """There is nothing to close."""


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor whose statement is executed, fetched and closed in one trip to the driver's thread."""

    __slots__ = ("_done",)

    _done: _Done

    def _make_new_cursor(self, connection: Any) -> Any:
        del connection
        self._done = _Done()
        return _NoCursor()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    @property
    def description(self) -> Any:
        return self._done.description

    @property
    def rowcount(self) -> int:
        return self._done.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._done.lastrowid

    async def _async_soft_close(self) -> None:
        """The rows are here and the driver's cursor is closed already."""

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._hop(lambda cursor: cursor.execute(operation, parameters or ()))
        return self

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._hop(lambda cursor: cursor.executemany(operation, seq_of_parameters))
        return self

    async def _hop(self, work: Callable[[sqlite3.Cursor], object]) -> None:
        adapted: Any = self._adapt_connection
        driver: Any = self._connection
        async with adapted._execute_mutex:
            self._done = await driver._execute(_done_in_thread, driver._conn, work)
            self._rows = deque(self._done.rows)


def _done_in_thread(connection: sqlite3.Connection, work: Callable[[sqlite3.Cursor], object]) -> _Done:
    cursor = connection.cursor()
    try:
        work(cursor)
        rows = cursor.fetchall() if cursor.description else ()
        return _Done(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """A connection with such cursors."""

    __slots__ = ()

    _cursor_cls = OneHopCursor


class _Module(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        plain: Any = super().connect(*arg, **kw)
        return OneHopConnection(self, plain._connection)


class OneHopDialect(SQLiteDialect_aiosqlite):
    """SQLAlchemy's dialect over such connections."""

    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        import aiosqlite

        return _Module(aiosqlite, sqlite3)


registry.register("sqlite.luna", __name__, OneHopDialect.__name__)
