"""The databases the tests run on are the real ones."""

import sqlalchemy as sa

from luna.kernel.database import Database


async def test_the_tables_are_there(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(
            sa.text("INSERT INTO setting (name, value, changed_at) VALUES ('a', '1', '2026-01-01')")
        )
    async with database.read() as tx:
        assert await tx.scalar(sa.text("SELECT count(*) FROM setting")) == 1
        if not database.is_sqlite:
            assert await tx.scalar(sa.text("SELECT '[1,2]'::vector <-> '[1,3]'::vector")) == 1.0


async def test_each_test_starts_empty(database: Database) -> None:
    async with database.read() as tx:
        assert await tx.scalar(sa.text("SELECT count(*) FROM setting")) == 0
