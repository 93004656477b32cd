"""The rows of jobs. The durable engine keeps its own tables beside these; ours say what people see.

The engine's tables are made and migrated by itself: on PostgreSQL in the schema `dbos`, on SQLite in the
same file under the names of `ENGINE_TABLES`. Migrations must leave them alone.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, JsonColumn, UtcTime
from luna.kernel.values import now

ENGINE_SCHEMA = "dbos"
ENGINE_TABLES = frozenset(
    {
        "application_versions",
        "dbos_migrations",
        "notifications",
        "operation_outputs",
        "queues",
        "streams",
        "workflow_events",
        "workflow_events_history",
        "workflow_input",
        "workflow_output",
        "workflow_schedules",
        "workflow_status",
    }
)
"""The engine's tables in a SQLite file."""


class JobRow(Base):
    """One job. Its id is also the id of the engine's workflow, for all its life.

    `run` names the execution that may write here now; a process that was taken for dead holds another
    token, so what it still writes goes nowhere. `dedup` is set only until the job has finished.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.UniqueConstraint("owner", "dedup"),
        sa.Index(None, "owner", "created_at"),
        sa.Index(None, "status", "finished_at"),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str] = mapped_column(sa.String(200))
    queue: Mapped[str] = mapped_column(sa.String(80))
    status: Mapped[str] = mapped_column(sa.String(20), default="queued")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    args: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    result: Mapped[Any] = mapped_column(JsonColumn, nullable=True, default=None)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    takeovers: Mapped[int] = mapped_column(default=0)
    dedup: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    run: Mapped[str | None] = mapped_column(sa.String(36), default=None)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime, default=None)


class JobLogRow(Base):
    """A line a job said on its way."""

    __tablename__ = "job_log"
    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    text: Mapped[str] = mapped_column(sa.Text)


class JobExecutorRow(Base):
    """A process that runs jobs, and when its heart last beat: seconds since 1970 by the database's clock."""

    __tablename__ = "job_executor"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(200))
    pid: Mapped[int]
    beat_at: Mapped[float] = mapped_column(sa.Float)
