"""Tables of the story slice: stories, the turn tree, and what a turn leaves behind.

A turn belongs to a *segment*: a run of turns without a fork in it. A segment knows the segment and depth it
parts from, so the past of any turn is a short list of (segment, up to depth) and forking copies nothing.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, JsonColumn, UtcTime
from luna.kernel.values import new_id, now

Id = sa.String(36)


class StoryRow(Base):
    """A story: the world it started from, its style and seed, and which branch is active."""

    __tablename__ = "story"
    __table_args__ = (sa.Index("ix_story_owner_updated_at", "owner", "updated_at"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(sa.String(200))
    premise: Mapped[str] = mapped_column(sa.Text, default="")
    seed: Mapped[str] = mapped_column(sa.String(100))
    world: Mapped[dict[str, Any]] = mapped_column(JsonColumn, deferred=True)
    style: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    active_branch: Mapped[str | None] = mapped_column(Id)
    corrections: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SegmentRow(Base):
    """A run of turns; it parts from `parent` after the turn at `parent_depth`."""

    __tablename__ = "segment"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"), index=True)
    parent: Mapped[str | None] = mapped_column(sa.ForeignKey("segment.id", ondelete="CASCADE"))
    parent_depth: Mapped[int] = mapped_column(default=-1)


class TurnRow(Base):
    """One turn. It is never changed but for its revision pointer and its picture."""

    __tablename__ = "turn"
    __table_args__ = (
        sa.UniqueConstraint("segment", "depth"),
        sa.Index("ix_turn_parent_id", "parent_id"),
        sa.Index("ix_turn_story_id_created_at", "story_id", "created_at"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"))
    segment: Mapped[str] = mapped_column(sa.ForeignKey("segment.id", ondelete="CASCADE"))
    depth: Mapped[int]
    action: Mapped[str] = mapped_column(sa.Text, default="")
    mode: Mapped[str] = mapped_column(sa.String(16), default="do")
    retakes: Mapped[int] = mapped_column(default=0)
    path: Mapped[str] = mapped_column(sa.String(64))
    prose: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.String(16), default="done")
    events: Mapped[list[Any]] = mapped_column(JsonColumn, default=list)
    notes: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    picture: Mapped[str | None] = mapped_column(Id)
    cost_nanos: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    seconds: Mapped[float] = mapped_column(sa.Float, default=0.0)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class RevisionRow(Base):
    """One wording of a turn that was edited; number 0 is the first one."""

    __tablename__ = "turn_revision"
    turn_id: Mapped[str] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    prose: Mapped[str] = mapped_column(sa.Text)
    events: Mapped[list[Any]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class SnapshotRow(Base):
    """The world state after a turn, kept every few turns so that rebuilding costs the same everywhere."""

    __tablename__ = "snapshot"
    turn_id: Mapped[str] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JsonColumn)


class BranchRow(Base):
    """A name for a turn, with the lease of whoever is telling on it and a place in its journal of moves."""

    __tablename__ = "branch"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"), index=True)
    parent_branch: Mapped[str | None] = mapped_column(sa.ForeignKey("branch.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(sa.String(120))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    is_main: Mapped[bool] = mapped_column(default=False)
    head: Mapped[str | None] = mapped_column(sa.ForeignKey("turn.id", ondelete="SET NULL"))
    forked_at: Mapped[str | None] = mapped_column(sa.ForeignKey("turn.id", ondelete="SET NULL"))
    journal: Mapped[int] = mapped_column(default=0)
    lease_turn: Mapped[str | None] = mapped_column(Id)
    lease_holder: Mapped[str | None] = mapped_column(sa.String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class MoveRow(Base):
    """One step of a branch that can be undone: its head moved, or a turn got another wording."""

    __tablename__ = "branch_move"
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    from_turn: Mapped[str | None] = mapped_column(Id)
    to_turn: Mapped[str | None] = mapped_column(Id)
    from_revision: Mapped[int | None]
    to_revision: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class CheckpointRow(Base):
    """A name the player gave to a turn."""

    __tablename__ = "checkpoint"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"), index=True)
    turn_id: Mapped[str] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TellingRow(Base):
    """A turn while it is being told, and afterwards how that went. Its id is the id of the turn."""

    __tablename__ = "telling"
    __table_args__ = (
        sa.UniqueConstraint("story_id", "idempotency_key"),
        sa.Index("ix_telling_status", "status"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"))
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(Id)
    parent_id: Mapped[str | None] = mapped_column(Id)
    request: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    idempotency_key: Mapped[str | None] = mapped_column(sa.String(200))
    status: Mapped[str] = mapped_column(sa.String(16), default="running")
    stop_asked: Mapped[bool] = mapped_column(default=False)
    holder: Mapped[str] = mapped_column(sa.String(120))
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TraceRow(Base):
    """What one agent was given for a turn, what it answered, and how it came about."""

    __tablename__ = "agent_trace"
    turn_id: Mapped[str] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(sa.String(40))
    engine: Mapped[str] = mapped_column(sa.String(300))
    seconds: Mapped[float] = mapped_column(sa.Float, default=0.0)
    report: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
