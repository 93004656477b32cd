"""The rows of assets. The files lie beside the database, named by their content."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, JsonColumn, UtcTime
from luna.kernel.values import now


class AssetRow(Base):
    """One picture of one owner. The same content of the same kind is one row."""

    __tablename__ = "asset"
    __table_args__ = (sa.UniqueConstraint("owner", "sha256", "kind"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(36))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    media_type: Mapped[str] = mapped_column(sa.String(40))
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(20))
    origin: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
