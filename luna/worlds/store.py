"""Queries of the worlds slice. Every one names the owner: another's row is as good as none."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CursorResult

from luna.kernel.database import Transaction
from luna.kernel.values import new_id
from luna.worlds.incoming import dump_json
from luna.worlds.tables import LorebookRow, LoreEntryRow, WorldRow
from luna.worlds.types import Book, BookEntry, LorebookSort, Tier
from luna.worlds.world_info import entry_of

ROWS_AT_ONCE = 2000


async def add_book(tx: Transaction, owner: str, book: Book, tier: Tier) -> LorebookRow:
    """Keep a book with all its entries."""
    row = LorebookRow(
        id=new_id(),
        owner=owner,
        name=book.name[:200],
        name_key=book.name.casefold()[:200],
        description=book.description,
        tier=tier,
        kind=book.kind,
        listed=book.listed,
        meta=dump_json(book.meta),
        entry_count=len(book.entries),
    )
    tx.add(row)
    await tx.flush()
    for start in range(0, len(book.entries), ROWS_AT_ONCE):
        part = book.entries[start : start + ROWS_AT_ONCE]
        rows = [_entry_row(owner, row.id, start + i, entry) for i, entry in enumerate(part)]
        await tx.execute(sa.insert(LoreEntryRow), rows)
    return row


async def find_book(tx: Transaction, owner: str, book_id: str) -> LorebookRow | None:
    """The owner's book with this id."""
    query = sa.select(LorebookRow).where(LorebookRow.id == book_id, LorebookRow.owner == owner)
    return (await tx.execute(query)).scalar_one_or_none()


async def list_books(
    tx: Transaction, owner: str, tier: Tier | None, sort: LorebookSort, limit: int, offset: int
) -> tuple[list[LorebookRow], int]:
    """A page of the owner's books, and how many there are in all."""
    wanted = [LorebookRow.owner == owner]
    if tier:
        wanted.append(LorebookRow.tier == tier)
    orders: dict[str, sa.ColumnElement[Any]] = {
        "entry_count": LorebookRow.entry_count.desc(),
        "created_at": LorebookRow.created_at.desc(),
        "updated_at": LorebookRow.updated_at.desc(),
        "name": LorebookRow.name_key.asc(),
    }
    total = await tx.scalar(sa.select(sa.func.count()).select_from(LorebookRow).where(*wanted))
    query = sa.select(LorebookRow).where(*wanted).order_by(orders[sort], LorebookRow.id)
    rows = await tx.scalars(query.limit(limit).offset(offset))
    return list(rows), total or 0


async def list_entries(
    tx: Transaction, owner: str, book_id: str, limit: int | None = None, offset: int = 0
) -> list[tuple[str, BookEntry]]:
    """Entries with their row ids, in the order of the file."""
    columns = (LoreEntryRow.id, LoreEntryRow.uid, LoreEntryRow.data)
    query = sa.select(*columns).where(LoreEntryRow.lorebook_id == book_id, LoreEntryRow.owner == owner)
    rows = await tx.execute(query.order_by(LoreEntryRow.position).limit(limit).offset(offset))
    return [(row_id, entry_of(uid, json.loads(data))) for row_id, uid, data in rows]


async def delete_book(tx: Transaction, owner: str, book_id: str) -> bool:
    """Delete a book with its entries; False when there was none."""
    await tx.execute(
        sa.delete(LoreEntryRow).where(LoreEntryRow.lorebook_id == book_id, LoreEntryRow.owner == owner)
    )
    query = sa.delete(LorebookRow).where(LorebookRow.id == book_id, LorebookRow.owner == owner)
    return _count(await tx.execute(query)) > 0


async def add_world(tx: Transaction, row: WorldRow) -> None:
    """Keep a world."""
    tx.add(row)
    await tx.flush()


async def list_worlds(tx: Transaction, owner: str) -> list[WorldRow]:
    """The owner's worlds, newest first."""
    query = sa.select(WorldRow).where(WorldRow.owner == owner)
    return list(await tx.scalars(query.order_by(WorldRow.created_at.desc(), WorldRow.id)))


async def find_world(tx: Transaction, owner: str, world_id: str) -> WorldRow | None:
    """The owner's world with this id."""
    query = sa.select(WorldRow).where(WorldRow.id == world_id, WorldRow.owner == owner)
    return (await tx.execute(query)).scalar_one_or_none()


async def delete_world(tx: Transaction, owner: str, world_id: str) -> bool:
    """Delete a world; False when there was none."""
    query = sa.delete(WorldRow).where(WorldRow.id == world_id, WorldRow.owner == owner)
    return _count(await tx.execute(query)) > 0


def _count(result: sa.Result[Any]) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0


def _entry_row(owner: str, book_id: str, position: int, entry: BookEntry) -> dict[str, Any]:
    return {
        "id": new_id(),
        "lorebook_id": book_id,
        "owner": owner,
        "position": position,
        "uid": entry.uid,
        "title": entry.title[:300],
        "keys": list(entry.keys),
        "enabled": entry.enabled,
        "weight": entry.order,
        "data": dump_json(entry.raw),
    }
