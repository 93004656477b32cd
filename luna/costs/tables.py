"""The ledger of model calls, and the prices with their history."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, JsonColumn, UtcTime
from luna.kernel.values import new_id, now


class LedgerEntryRow(Base):
    """One call of a model. `cost_nanos` (billionths of a US dollar) is the reservation until it is settled,
    so that the sum over all rows is what is or may be spent. `month` is "2026-11", in UTC."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.Index("ix_ledger_entry_owner_month", "owner", "month"),
        sa.Index("ix_ledger_entry_owner_story_id", "owner", "story_id"),
        sa.Index("ix_ledger_entry_owner_turn_id", "owner", "turn_id"),
        sa.Index("ix_ledger_entry_month", "month"),
        sa.Index("ix_ledger_entry_status", "status"),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(sa.String(64))
    story_id: Mapped[str | None] = mapped_column(sa.String(64))
    turn_id: Mapped[str | None] = mapped_column(sa.String(64))
    agent: Mapped[str] = mapped_column(sa.String(40))
    purpose: Mapped[str] = mapped_column(sa.String(40))
    provider: Mapped[str] = mapped_column(sa.String(60))
    model: Mapped[str] = mapped_column(sa.String(200))
    month: Mapped[str] = mapped_column(sa.String(7))
    fresh: Mapped[int] = mapped_column(sa.Integer, default=0)
    cached: Mapped[int] = mapped_column(sa.Integer, default=0)
    written: Mapped[int] = mapped_column(sa.Integer, default=0)
    output: Mapped[int] = mapped_column(sa.Integer, default=0)
    price: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    cost_nanos: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(sa.String(10))
    estimated: Mapped[bool] = mapped_column(sa.Boolean, default=True)
    fault: Mapped[str | None] = mapped_column(sa.String(40))
    boot: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ModelPriceRow(Base):
    """A price that somebody entered, in nano-dollars per million tokens, and from when it holds. Rows are only
    added: an old call keeps its price, and a new one takes the newest that has begun."""

    __tablename__ = "model_price"
    __table_args__ = (sa.Index("ix_model_price_provider_model", "provider", "model", "valid_from"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(sa.String(60))
    model: Mapped[str] = mapped_column(sa.String(200))
    fresh: Mapped[int] = mapped_column(sa.BigInteger)
    cached: Mapped[int] = mapped_column(sa.BigInteger)
    written: Mapped[int] = mapped_column(sa.BigInteger)
    output: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[datetime] = mapped_column(UtcTime)
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
