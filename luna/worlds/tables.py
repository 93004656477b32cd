"""Tables of the worlds slice: lorebooks, their entries, and saved worlds.

What came from a file is kept as text, not as a JSON column: PostgreSQL's JSONB would reorder its fields.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, JsonColumn, UtcTime
from luna.kernel.values import new_id, now

Id = sa.String(36)


class LorebookRow(Base):
    """A lorebook. `meta` is the file without its entries, as JSON text."""

    __tablename__ = "lorebook"
    __table_args__ = (sa.Index("ix_lorebook_owner_created_at", "owner", "created_at"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    tier: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str] = mapped_column(sa.String(20))
    listed: Mapped[bool]
    meta: Mapped[str] = mapped_column(sa.Text)
    entry_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class LoreEntryRow(Base):
    """One entry: `data` is the entry as it came in, as JSON text; `position` its place in the file."""

    __tablename__ = "lore_entry"
    __table_args__ = (sa.UniqueConstraint("lorebook_id", "position"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lorebook_id: Mapped[str] = mapped_column(sa.ForeignKey("lorebook.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(Id)
    position: Mapped[int]
    uid: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.String(300))
    keys: Mapped[list[str]] = mapped_column(JsonColumn)
    enabled: Mapped[bool]
    weight: Mapped[int]
    data: Mapped[str] = mapped_column(sa.Text)


class WorldRow(Base):
    """A saved world; `data` is a `World` as JSON text, `source` where it came from."""

    __tablename__ = "world"
    __table_args__ = (sa.Index("ix_world_owner_created_at", "owner", "created_at"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(sa.String(200))
    blurb: Mapped[str] = mapped_column(sa.Text, default="")
    source: Mapped[str] = mapped_column(sa.String(20))
    data: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
