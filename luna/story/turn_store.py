"""Queries on the turn tree: appending, walking back, takes, revisions, snapshots, traces."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from luna.kernel.database import Transaction
from luna.kernel.errors import NotFound
from luna.kernel.values import new_id
from luna.story.tables import RevisionRow, SegmentRow, SnapshotRow, StoryRow, TraceRow, TurnRow
from luna.story.types import SNAPSHOT_EVERY, AgentTrace, Lineage, NewTurn, Part
from luna.turns.events import EVENTS, WorldState, rebuild


async def append(tx: Transaction, story_id: str, new: NewTurn, state: WorldState) -> TurnRow:
    """Add a turn below its parent. `state` is the world after it; it is kept at every 20th turn.

    The turn continues its parent's segment when it is the first child there; a further child opens a new
    segment. The story row must be locked by the caller, or two first children could meet.
    """
    parent = await tx.get(TurnRow, new.parent_id) if new.parent_id else None
    depth = parent.depth + 1 if parent else 0
    turn = TurnRow(
        id=new.turn_id,
        story_id=story_id,
        parent_id=new.parent_id,
        segment=await _segment_for(tx, story_id, parent, depth),
        depth=depth,
        action=new.action.text,
        mode=new.action.mode,
        retakes=new.retakes,
        path=new.path,
        prose=new.prose,
        status=new.status,
        events=EVENTS.dump_python(new.events, mode="json"),
        notes=new.notes.model_dump(mode="json"),
        cost_nanos=new.cost_nanos,
        seconds=new.seconds,
    )
    tx.add(turn)
    await tx.flush()
    if depth % SNAPSHOT_EVERY == 0:
        await keep_snapshot(tx, turn.id, state)
    return turn


async def _segment_for(tx: Transaction, story_id: str, parent: TurnRow | None, depth: int) -> str:
    if parent is not None:
        taken = await tx.scalar(
            sa.select(TurnRow.id).where(TurnRow.segment == parent.segment, TurnRow.depth == depth)
        )
        if taken is None:
            return parent.segment
    segment = SegmentRow(
        id=new_id(),
        story_id=story_id,
        parent=parent.segment if parent else None,
        parent_depth=parent.depth if parent else -1,
    )
    tx.add(segment)
    await tx.flush()
    return segment.id


async def get_turn(tx: Transaction, story_id: str, turn_id: str) -> TurnRow:
    """One turn of a story. Raises NotFound."""
    turn = await tx.get(TurnRow, turn_id)
    if turn is None or turn.story_id != story_id:
        raise NotFound("turn")
    return turn


async def is_kept(tx: Transaction, turn_id: str) -> bool:
    """Whether there is a turn with this id."""
    return await tx.scalar(sa.select(TurnRow.id).where(TurnRow.id == turn_id)) is not None


async def lineage(tx: Transaction, turn: TurnRow | None) -> Lineage:
    """The past of a turn, itself included: one query, as long as there are forks on the way."""
    if turn is None:
        return Lineage()
    way = (
        sa.select(SegmentRow.id.label("id"), sa.literal(turn.depth, sa.Integer).label("upto"))
        .where(SegmentRow.id == turn.segment)
        .cte("way", recursive=True)
    )
    segment = aliased(SegmentRow)
    way = way.union_all(
        sa.select(segment.parent, segment.parent_depth)
        .join(way, segment.id == way.c.id)
        .where(segment.parent.is_not(None))
    )
    rows = await tx.execute(
        sa.select(way.c.id, way.c.upto, SegmentRow.parent_depth)
        .join(SegmentRow, SegmentRow.id == way.c.id)
        .order_by(way.c.upto.desc())
    )
    return Lineage(parts=tuple(Part(segment=s, after=after, upto=upto) for s, upto, after in rows))


async def turns_between(tx: Transaction, past: Lineage, first: int, last: int) -> Sequence[TurnRow]:
    """The turns of a past numbered `first` to `last`, in order."""
    parts = past.within(first, last)
    if not parts:
        return []
    rows = await tx.scalars(sa.select(TurnRow).where(_in_parts(parts)).order_by(TurnRow.depth))
    return rows.all()


def _in_parts(parts: Sequence[Part]) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            sa.and_(TurnRow.segment == p.segment, TurnRow.depth > p.after, TurnRow.depth <= p.upto)
            for p in parts
        )
    )


async def state_after(tx: Transaction, turn: TurnRow | None, past: Lineage) -> WorldState:
    """The world after a turn: the nearest snapshot in its past and the events since.

    Where an edit corrected events, the snapshots after it were dropped: then the walk goes further back,
    until the story has passed its next 20th turn.
    """
    if turn is None:
        return WorldState()
    base, last = turn.depth - turn.depth % SNAPSHOT_EVERY, turn.depth
    late: list[list[Any]] = []
    while True:
        rows = await tx.execute(
            sa.select(SnapshotRow.state, TurnRow.events)
            .outerjoin(SnapshotRow, SnapshotRow.turn_id == TurnRow.id)
            .where(_in_parts(past.within(base, last)))
            .order_by(TurnRow.depth)
        )
        states, events = zip(*rows, strict=True)
        late[:0] = events
        if states[0] is not None:
            return _replayed(WorldState.model_validate(states[0]), late[1:])
        if base == 0:
            return _replayed(WorldState(), late)
        base, last = base - SNAPSHOT_EVERY, base - 1


def replay(state: WorldState, turns: Sequence[TurnRow]) -> WorldState:
    """Apply the events of some turns, in order."""
    return _replayed(state, [turn.events for turn in turns])


def _replayed(state: WorldState, events: Sequence[list[Any]]) -> WorldState:
    for some in events:
        state = rebuild(state, EVENTS.validate_python(some))
    return state


async def keep_snapshot(tx: Transaction, turn_id: str, state: WorldState) -> None:
    """Keep the state after a turn, in place of what was kept."""
    await tx.execute(sa.delete(SnapshotRow).where(SnapshotRow.turn_id == turn_id))
    tx.add(SnapshotRow(turn_id=turn_id, state=state.model_dump(mode="json", exclude_defaults=True)))
    await tx.flush()


async def forget_snapshots(tx: Transaction, story_id: str, from_depth: int) -> None:
    """Drop the snapshots of a story from a depth on: the events they rest on were corrected."""
    late = sa.select(TurnRow.id).where(TurnRow.story_id == story_id, TurnRow.depth >= from_depth)
    await tx.execute(
        sa.delete(SnapshotRow)
        .where(SnapshotRow.turn_id.in_(late))
        .execution_options(synchronize_session=False)
    )


def _children(story_id: str, parent_id: str | None) -> sa.ColumnElement[bool]:
    """The turns below a turn, or the openings. A parent is of one story only: with the story named as well,
    SQLite would walk through all its turns in the order that is asked for."""
    if parent_id is not None:
        return TurnRow.parent_id == parent_id
    return sa.and_(TurnRow.story_id == story_id, TurnRow.parent_id.is_(None))


async def siblings(tx: Transaction, turn: TurnRow) -> Sequence[TurnRow]:
    """The takes of a turn, itself included, in the order they were told."""
    rows = await tx.scalars(
        sa.select(TurnRow)
        .where(_children(turn.story_id, turn.parent_id))
        .order_by(TurnRow.created_at, TurnRow.id)
    )
    return rows.all()


async def take_ids(
    tx: Transaction, story_id: str, parents: Sequence[str | None]
) -> dict[str | None, list[str]]:
    """The ids of the children of several turns, in the order they were told."""
    known = [p for p in parents if p is not None]
    where = TurnRow.parent_id.in_(known)
    if len(known) < len(parents):
        where = sa.or_(where, _children(story_id, None))
    rows = await tx.execute(
        sa.select(TurnRow.parent_id, TurnRow.id).where(where).order_by(TurnRow.created_at, TurnRow.id)
    )
    found: dict[str | None, list[str]] = {}
    for parent, turn_id in rows:
        found.setdefault(parent, []).append(turn_id)
    return found


async def next_retake(tx: Transaction, story_id: str, parent_id: str | None, action: str, mode: str) -> int:
    """The number of the next retake of an action at a place: one more than the highest so far, from 1."""
    highest = await tx.scalar(
        sa.select(sa.func.max(TurnRow.retakes)).where(
            _children(story_id, parent_id), TurnRow.action == action, TurnRow.mode == mode
        )
    )
    return (highest or 0) + 1


async def revise(tx: Transaction, turn: TurnRow, prose: str, events: list[object] | None) -> tuple[int, int]:
    """Give a turn another wording; the first one is kept as revision 0. Returns the old and new numbers."""
    if await tx.get(RevisionRow, (turn.id, 0)) is None:
        tx.add(RevisionRow(turn_id=turn.id, number=0, prose=turn.prose, events=turn.events))
        await tx.flush()
    highest = await tx.scalar(
        sa.select(sa.func.max(RevisionRow.number)).where(RevisionRow.turn_id == turn.id)
    )
    number = (highest or 0) + 1
    tx.add(
        RevisionRow(
            turn_id=turn.id, number=number, prose=prose, events=turn.events if events is None else events
        )
    )
    await tx.flush()
    old = turn.revision
    await show_revision(tx, turn, number)
    return old, number


async def show_revision(tx: Transaction, turn: TurnRow, number: int) -> bool:
    """Make a wording the current one. True when it changes what happened in the world."""
    revision = await tx.get(RevisionRow, (turn.id, number))
    if revision is None:
        raise NotFound("revision")
    changed = revision.events != turn.events
    turn.prose, turn.events, turn.revision = revision.prose, revision.events, number
    await tx.flush()
    if changed:
        await forget_snapshots(tx, turn.story_id, turn.depth)
        await tx.execute(
            sa.update(StoryRow)
            .where(StoryRow.id == turn.story_id)
            .values(corrections=StoryRow.corrections + 1)
            .execution_options(synchronize_session=False)
        )
    return changed


async def revisions(tx: Transaction, turn_id: str) -> Sequence[RevisionRow]:
    """All wordings of a turn, the first one first; empty when it was never edited."""
    rows = await tx.scalars(
        sa.select(RevisionRow).where(RevisionRow.turn_id == turn_id).order_by(RevisionRow.number)
    )
    return rows.all()


async def add_traces(tx: Transaction, turn_id: str, traces: Sequence[AgentTrace]) -> None:
    """Keep what the agents of a new turn were given and answered."""
    for ordinal, trace in enumerate(traces):
        tx.add(
            TraceRow(
                turn_id=turn_id,
                ordinal=ordinal,
                agent=trace.agent,
                engine=trace.engine,
                seconds=trace.seconds,
                report=trace.model_dump(mode="json"),
            )
        )
    await tx.flush()


async def replace_traces(tx: Transaction, turn_id: str, traces: Sequence[AgentTrace]) -> None:
    """The same for a turn that has some, which go."""
    await tx.execute(sa.delete(TraceRow).where(TraceRow.turn_id == turn_id))
    await add_traces(tx, turn_id, traces)


async def list_traces(tx: Transaction, turn_id: str) -> list[AgentTrace]:
    """What the agents of a turn were given and answered, in order."""
    rows = await tx.scalars(sa.select(TraceRow).where(TraceRow.turn_id == turn_id).order_by(TraceRow.ordinal))
    return [AgentTrace.model_validate(row.report) for row in rows]


async def turns_towards(tx: Transaction, story_id: str, heads: Sequence[str]) -> Sequence[TurnRow]:
    """Every turn on the way from the opening to any of these heads, by depth."""
    way = sa.select(TurnRow.id, TurnRow.parent_id).where(TurnRow.id.in_(heads)).cte("way", recursive=True)
    up = aliased(TurnRow)
    way = way.union(sa.select(up.id, up.parent_id).join(way, up.id == way.c.parent_id))
    rows = await tx.scalars(
        sa.select(TurnRow)
        .where(TurnRow.story_id == story_id, TurnRow.id.in_(sa.select(way.c.id)))
        .order_by(TurnRow.depth, TurnRow.created_at, TurnRow.id)
    )
    return rows.all()


async def totals(tx: Transaction) -> tuple[int, float, float, dict[str, float]]:
    """Over all owners: turns told, seconds and dollars per turn, and seconds per agent, on average."""
    count, seconds, nanos = (
        await tx.execute(
            sa.select(sa.func.count(), sa.func.avg(TurnRow.seconds), sa.func.avg(TurnRow.cost_nanos)).where(
                TurnRow.status == "done"
            )
        )
    ).one()
    agents = await tx.execute(
        sa.select(TraceRow.agent, sa.func.avg(TraceRow.seconds)).group_by(TraceRow.agent)
    )
    average = {agent: float(spent or 0) for agent, spent in agents}
    return int(count), float(seconds or 0), float(nanos or 0) / 1e9, average
