"""Queries of the characters slice. Every one names the owner: another's card is as good as none."""

from typing import Any

import sqlalchemy as sa

from luna.characters.tables import CharacterCardRow
from luna.characters.types import Card, CardFilter, CardSort
from luna.kernel.database import Transaction
from luna.kernel.values import new_id, now


async def add_card(tx: Transaction, owner: str, card: Card, portrait: str | None) -> CharacterCardRow:
    """Keep a card."""
    row = CharacterCardRow(id=new_id(), owner=owner, portrait=portrait)
    _fill(row, card)
    tx.add(row)
    await tx.flush()
    return row


async def find_card(
    tx: Transaction, owner: str, card_id: str, *, deleted: bool = False, lock: bool = False
) -> CharacterCardRow | None:
    """The owner's card with this id; a deleted one only when asked for. `lock` holds it until the end."""
    query = sa.select(CharacterCardRow).where(CharacterCardRow.id == card_id, CharacterCardRow.owner == owner)
    if not deleted:
        query = query.where(CharacterCardRow.deleted_at.is_(None))
    if lock:
        query = query.with_for_update()
    return (await tx.execute(query)).scalar_one_or_none()


async def list_cards(
    tx: Transaction, owner: str, wanted: CardFilter, sort: CardSort, name: str, limit: int, offset: int
) -> tuple[list[CharacterCardRow], int]:
    """A page of the owner's cards, and how many fit in all."""
    row = CharacterCardRow
    conditions = [row.owner == owner]
    conditions.append(row.deleted_at.is_not(None) if wanted == "deleted" else row.deleted_at.is_(None))
    if wanted == "favourite":
        conditions.append(row.favourite.is_(True))
    elif wanted == "with_book":
        conditions.append(row.lore_entries > 0)
    elif wanted == "with_portrait":
        conditions.append(row.portrait.is_not(None))
    if name:
        conditions.append(row.name_key.contains(name.casefold(), autoescape=True))
    orders: dict[str, sa.ColumnElement[Any]] = {
        "created_at": row.created_at.desc(),
        "updated_at": row.updated_at.desc(),
        "name": row.name_key.asc(),
    }
    total = await tx.scalar(sa.select(sa.func.count()).select_from(row).where(*conditions))
    query = sa.select(row).where(*conditions).order_by(orders[sort], row.id).limit(limit).offset(offset)
    return list(await tx.scalars(query)), total or 0


def change_card(row: CharacterCardRow, card: Card) -> None:
    """Put an edited card in the place of the old one."""
    _fill(row, card)
    row.updated_at = now()


def _fill(row: CharacterCardRow, card: Card) -> None:
    row.name = card.name[:200]
    row.name_key = card.name.casefold()[:200]
    row.data = card.text
    row.spec = card.spec
    row.favourite = card.favourite
    row.lore_entries = len(card.book.entries) if card.book else 0
