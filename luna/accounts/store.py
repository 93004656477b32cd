"""Queries over users, sessions and attempts."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from luna.accounts.tables import AttemptRow, SessionRow, UserRow
from luna.kernel.database import Transaction


async def any_user(tx: Transaction) -> bool:
    """Whether there is any account."""
    return (await tx.execute(sa.select(UserRow.id).limit(1))).first() is not None


async def user_by_name(tx: Transaction, username_key: str) -> UserRow | None:
    """The user of that name."""
    return await tx.scalar(sa.select(UserRow).where(UserRow.username_key == username_key))


async def user_by_id(tx: Transaction, id: str) -> UserRow | None:
    """The user with that id."""
    return await tx.get(UserRow, id)


async def users(tx: Transaction) -> Sequence[UserRow]:
    """All users, the oldest first."""
    return (await tx.scalars(sa.select(UserRow).order_by(UserRow.created_at, UserRow.id))).all()


async def add_user(tx: Transaction, user: UserRow) -> bool:
    """Keep a new user. False when the name or the id is taken."""
    try:
        async with tx.begin_nested():
            tx.add(user)
    except IntegrityError:
        return False
    return True


async def session_and_user(tx: Transaction, id: str) -> tuple[SessionRow, UserRow] | None:
    """A session and whose it is."""
    rows = await tx.execute(
        sa.select(SessionRow, UserRow)
        .join(UserRow, UserRow.id == SessionRow.user_id)
        .where(SessionRow.id == id)
    )
    row = rows.first()
    return (row[0], row[1]) if row else None


async def add_session(tx: Transaction, session: SessionRow) -> None:
    """Keep a new session."""
    tx.add(session)


async def touch_session(tx: Transaction, id: str, at: datetime) -> None:
    """Note that a session was used."""
    await tx.execute(sa.update(SessionRow).where(SessionRow.id == id).values(seen_at=at))


async def revoke_session(tx: Transaction, id: str, at: datetime) -> None:
    """End one session."""
    await tx.execute(
        sa.update(SessionRow)
        .where(SessionRow.id == id, SessionRow.revoked_at.is_(None))
        .values(revoked_at=at)
    )


async def revoke_others(tx: Transaction, user: str, keep: str | None, at: datetime) -> None:
    """End all sessions of a user but one."""
    await tx.execute(
        sa.update(SessionRow)
        .where(SessionRow.user_id == user, SessionRow.revoked_at.is_(None), SessionRow.id != (keep or ""))
        .values(revoked_at=at)
    )


async def count_attempt(tx: Transaction, key: str, at: datetime, since: datetime) -> tuple[int, datetime]:
    """Count one attempt, and give how many there were and since when; those before `since` are forgotten.

    One statement, so that attempts made at the same moment are counted one by one.
    """
    is_sqlite = tx.get_bind().dialect.name == "sqlite"
    insert = (sqlite.insert if is_sqlite else postgresql.insert)(AttemptRow)
    old = AttemptRow.since < since
    statement = insert.values(key=key, count=1, since=at).on_conflict_do_update(
        index_elements=[AttemptRow.key],
        set_={
            "count": sa.case((old, 1), else_=AttemptRow.count + 1),
            "since": sa.case((old, insert.excluded.since), else_=AttemptRow.since),
        },
    )
    row = (await tx.execute(statement.returning(AttemptRow.count, AttemptRow.since))).one()
    return row[0], row[1]


async def forget_attempts(tx: Transaction, key: str) -> None:
    """Count from zero again."""
    await tx.execute(sa.delete(AttemptRow).where(AttemptRow.key == key))


async def take_back_attempt(tx: Transaction, key: str) -> None:
    """One attempt does not count."""
    await tx.execute(
        sa.update(AttemptRow)
        .where(AttemptRow.key == key, AttemptRow.count > 0)
        .values(count=AttemptRow.count - 1)
    )


async def sweep(tx: Transaction, at: datetime, attempts_before: datetime) -> None:
    """Throw away sessions that have run out and attempts that no longer count."""
    await tx.execute(sa.delete(SessionRow).where(SessionRow.expires_at < at))
    await tx.execute(sa.delete(AttemptRow).where(AttemptRow.since < attempts_before))
