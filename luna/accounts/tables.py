"""Users, their sessions, and how often somebody tried to sign in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, UtcTime
from luna.kernel.values import now


class UserRow(Base):
    """Somebody with an account. `username_key` is the name as it is compared: no case, no look-alike forms."""

    __tablename__ = "user_account"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(200))
    username_key: Mapped[str] = mapped_column(sa.String(400), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class SessionRow(Base):
    """A token that was given out; its id is in the token. A revoked one is good for nothing."""

    __tablename__ = "user_session"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AttemptRow(Base):
    """How many attempts were made under one key since `since`. The key is a digest of name and address."""

    __tablename__ = "sign_in_attempt"
    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcTime, index=True)
