"""The table of the characters slice: the library of cards."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, UtcTime
from luna.kernel.values import new_id, now

Id = sa.String(36)


class CharacterCardRow(Base):
    """A card. `data` is the whole card as JSON text, word for word as it came (a JSON column of PostgreSQL
    would reorder it); the other columns are for lists. `portrait` is the asset that holds its PNG."""

    __tablename__ = "character_card"
    __table_args__ = (sa.Index("ix_character_card_owner_created_at", "owner", "created_at"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(200))
    data: Mapped[str] = mapped_column(sa.Text)
    spec: Mapped[str] = mapped_column(sa.String(4))
    favourite: Mapped[bool] = mapped_column(default=False)
    lore_entries: Mapped[int] = mapped_column(default=0)
    portrait: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
