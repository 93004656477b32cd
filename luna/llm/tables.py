"""Saved keys of providers (encrypted), and how each tokenizer differs from the offline counter."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, UtcTime
from luna.kernel.values import now


class ProviderKeyRow(Base):
    """The key of a provider, encrypted with the data folder's secret. It is never given out again."""

    __tablename__ = "provider_key"
    provider: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    encrypted: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TokenCalibrationRow(Base):
    """What a model's own token counts are, as a factor of the offline ones."""

    __tablename__ = "token_calibration"
    provider: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    model: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    factor: Mapped[float] = mapped_column(sa.Float)
    samples: Mapped[int] = mapped_column(sa.Integer, default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
