"""Queries of the ledger and the prices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from luna.costs.prices import Price
from luna.costs.tables import LedgerEntryRow, ModelPriceRow
from luna.kernel.database import Transaction
from luna.kernel.values import now

Entry = LedgerEntryRow
PriceRow = ModelPriceRow
CAP_LOCK = 0x4C554E41_0C057
"""The name of PostgreSQL's advisory lock under which caps are checked."""


@dataclass(frozen=True)
class Sums:
    """Sums over some ledger rows."""

    calls: int = 0
    failed: int = 0
    fresh: int = 0
    cached: int = 0
    output: int = 0
    nanos: int = 0
    estimated_nanos: int = 0


SUMS: tuple[ColumnElement[int], ...] = (
    sa.func.count(),
    sa.func.coalesce(sa.func.sum(sa.case((Entry.status.in_(("failed", "lost")), 1), else_=0)), 0),
    sa.func.coalesce(sa.func.sum(Entry.fresh), 0),
    sa.func.coalesce(sa.func.sum(Entry.cached), 0),
    sa.func.coalesce(sa.func.sum(Entry.output), 0),
    sa.func.coalesce(sa.func.sum(Entry.cost_nanos), 0),
    sa.func.coalesce(sa.func.sum(sa.case((Entry.estimated, Entry.cost_nanos), else_=0)), 0),
)


def _where(**values: str) -> list[ColumnElement[bool]]:
    """Column equals value, for each. Named columns, because `filter_by` cannot tell a row's table from its class."""
    return [getattr(Entry, name) == value for name, value in values.items()]


def _sums(values: Sequence[Any]) -> Sums:
    return Sums(*(int(v) for v in values))


def month_of(when: datetime) -> str:
    """The calendar month that a call counts to: "2026-11"."""
    return when.strftime("%Y-%m")


async def lock_caps(tx: Transaction) -> None:
    """One reservation at a time. SQLite's writing sessions are so already."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(CAP_LOCK)))


async def nanos_spent(tx: Transaction, **where: str) -> int:
    """Nano-dollars spent or reserved, by month, story_id, turn_id or owner."""
    query = sa.select(sa.func.coalesce(sa.func.sum(Entry.cost_nanos), 0)).where(*_where(**where))
    return int(await tx.scalar(query) or 0)


def add_entry(tx: Transaction, entry: LedgerEntryRow) -> None:
    """Put a reservation into the ledger."""
    tx.add(entry)


async def settle(tx: Transaction, entry_id: str, **values: Any) -> None:
    """Fill in what a call really used. Settled rows stay as they are."""
    await tx.execute(
        sa.update(Entry)
        .where(Entry.id == entry_id, Entry.status == "reserved")
        .values(settled_at=now(), **values)
    )


async def lose(tx: Transaction, *, not_boots: Collection[str], before: datetime | None) -> int:
    """Mark the reservations of dead processes as lost; their estimate stays as their cost. How many."""
    query = sa.update(Entry).where(Entry.status == "reserved", Entry.boot.not_in(not_boots))
    if before is not None:
        query = query.where(Entry.created_at < before)
    gone = await tx.scalars(
        query.values(status="lost", estimated=True, fault="process ended", settled_at=now()).returning(
            Entry.id
        )
    )
    return len(gone.all())


async def sums(tx: Transaction, owner: str, **where: str) -> Sums:
    """Sums over an owner's rows."""
    return _sums((await tx.execute(sa.select(*SUMS).where(*_where(owner=owner, **where)))).one())


async def count_turns(tx: Transaction, owner: str, **where: str) -> int:
    """How many turns called any model."""
    query = sa.select(sa.func.count(sa.distinct(Entry.turn_id))).where(*_where(owner=owner, **where))
    return int(await tx.scalar(query) or 0)


async def nanos_in_turns(tx: Transaction, owner: str) -> int:
    """Nano-dollars of the calls that belong to a turn."""
    query = sa.select(sa.func.coalesce(sa.func.sum(Entry.cost_nanos), 0)).where(
        Entry.owner == owner, Entry.turn_id.is_not(None)
    )
    return int(await tx.scalar(query) or 0)


async def count_by_price(tx: Transaction, owner: str) -> dict[str, int]:
    """How many calls by the source of their price."""
    source = Entry.price["source"].as_string()
    rows = await tx.execute(sa.select(source, sa.func.count()).where(Entry.owner == owner).group_by(source))
    return {str(name): int(count) for name, count in rows}


async def by_agent(tx: Transaction, owner: str, **where: str) -> list[tuple[str, str, str, str, Sums]]:
    """Sums by agent, provider, model and source of the price; the dearest first."""
    source = Entry.price["source"].as_string()
    keys = (Entry.agent, Entry.provider, Entry.model, source)
    query = (
        sa.select(*keys, *SUMS)
        .where(*_where(owner=owner, **where))
        .group_by(*keys)
        .order_by(sa.func.sum(Entry.cost_nanos).desc(), Entry.agent, Entry.provider, Entry.model)
    )
    rows = (await tx.execute(query)).all()
    return [(row[0], row[1], row[2], row[3], _sums(row[4:])) for row in rows]


async def by_month(tx: Transaction, owner: str, limit: int) -> list[tuple[str, int, Sums]]:
    """Month, turns and sums, the newest month first."""
    query = (
        sa.select(Entry.month, sa.func.count(sa.distinct(Entry.turn_id)), *SUMS)
        .where(Entry.owner == owner)
        .group_by(Entry.month)
        .order_by(Entry.month.desc())
        .limit(limit)
    )
    return [(row[0], row[1], _sums(row[2:])) for row in (await tx.execute(query)).all()]


async def by_turn(tx: Transaction, owner: str, story: str, limit: int) -> list[tuple[str, Sums]]:
    """Sums by turn of a story, the newest turn first."""
    query = (
        sa.select(Entry.turn_id, *SUMS)
        .where(Entry.owner == owner, Entry.story_id == story, Entry.turn_id.is_not(None))
        .group_by(Entry.turn_id)
        .order_by(sa.func.min(Entry.created_at).desc(), Entry.turn_id)
        .limit(limit)
    )
    return [(str(row[0]), _sums(row[1:])) for row in (await tx.execute(query)).all()]


async def entries(
    tx: Transaction, owner: str, *, limit: int, after: tuple[datetime, str] | None = None, **where: str
) -> Sequence[LedgerEntryRow]:
    """Rows of the ledger in the order of their calls; `after` is the (created_at, id) of the last one seen."""
    query = sa.select(Entry).where(*_where(owner=owner, **where))
    if after is not None:
        query = query.where(sa.tuple_(Entry.created_at, Entry.id) > after)
    return (await tx.scalars(query.order_by(Entry.created_at, Entry.id).limit(limit))).all()


async def price_at(tx: Transaction, provider: str, model: str, when: datetime) -> Price | None:
    """The newest own price that has begun by then."""
    query = (
        sa.select(PriceRow)
        .where(PriceRow.provider == provider, PriceRow.model == model, PriceRow.valid_from <= when)
        .order_by(PriceRow.valid_from.desc(), PriceRow.created_at.desc(), PriceRow.id)
        .limit(1)
    )
    row = await tx.scalar(query)
    return as_price(row) if row else None


def as_price(row: ModelPriceRow) -> Price:
    """A price row as a value."""
    return Price(
        fresh=row.fresh,
        cached=row.cached,
        written=row.written,
        output=row.output,
        source="own",
        note=row.source,
    )


async def price_history(tx: Transaction, limit: int) -> Sequence[ModelPriceRow]:
    """All own prices, by model, the newest first."""
    query = sa.select(PriceRow).order_by(
        PriceRow.provider, PriceRow.model, PriceRow.valid_from.desc(), PriceRow.created_at.desc()
    )
    return (await tx.scalars(query.limit(limit))).all()


def add_price(tx: Transaction, row: ModelPriceRow) -> None:
    """Add a price to the history."""
    tx.add(row)


async def models_used(tx: Transaction, owner: str) -> list[tuple[str, str]]:
    """The models that an owner has called."""
    rows = await tx.execute(sa.select(Entry.provider, Entry.model).where(Entry.owner == owner).distinct())
    return sorted((row[0], row[1]) for row in rows)
