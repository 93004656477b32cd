"""Migrations run on both databases, once, however many processes start together."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from luna.kernel.database import Base, Database
from luna.kernel.errors import LunaError
from luna.kernel.migrate import load_tables, migrate, schema


async def tables_of(db: Database) -> set[str]:
    async with db.connect() as connection:
        return set(await connection.run_sync(lambda c: sa.inspect(c).get_table_names()))


async def test_all_tables_are_there_and_again_changes_nothing(database_url: str) -> None:
    db = Database(database_url)
    await migrate(db)
    assert set(load_tables().tables) <= await tables_of(db)
    before = await tables_of(db)
    await migrate(db)
    assert await tables_of(db) == before
    assert (await schema(db)).is_current
    await db.close()


async def test_the_migrations_make_the_tables_the_code_has(database_url: str) -> None:
    """Whoever changes a table also writes a migration: `python -m luna.migrations "what changes"`."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    db = Database(database_url)
    await migrate(db)
    async with db.connect() as connection:
        different = await connection.run_sync(
            lambda c: compare_metadata(
                MigrationContext.configure(c, opts={"compare_type": True}), load_tables()
            )
        )
    await db.close()
    # What only one engine has (full-text columns and tables) is beyond the common metadata.
    extra = ("remove_table",) if db.is_sqlite else ("remove_table", "remove_index", "remove_column")
    assert [d for d in different if d[0] not in extra] == []


async def test_four_starting_together(database_url: str) -> None:
    several = [Database(database_url) for _ in range(4)]
    await asyncio.gather(*(migrate(db) for db in several))
    assert set(Base.metadata.tables) <= await tables_of(several[0])
    for db in several:
        await db.close()


async def test_afterwards_foreign_keys_hold_again(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await migrate(db)
    async with db.connect() as connection:
        assert await connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
    await db.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://a:sesame@b/c", "postgresql://a:sesame@b:port/c", "sqlite"]
)
def test_addresses_that_are_no_database(url: str) -> None:
    with pytest.raises(LunaError) as refused:
        Database(url)
    assert refused.value.code == "bad-database-url"
    assert "sesame" not in refused.value.message


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "luna.db"
    path.write_bytes(b"this is not a database" * 100)
    db = Database(f"sqlite:///{path}")
    with pytest.raises(LunaError) as refused:
        await migrate(db)
    assert refused.value.hint
    assert path.read_bytes().startswith(b"this is not")
    await db.close()
