"""Live events: what happens in something under way, in order, for any number of readers, kept as it goes.

Each telling has a channel. Whoever works publishes into it; readers follow it from any number on, in this
process from memory, elsewhere (another server, or after a restart) from the database. All channels are
written together a few times a second, so a crash loses at most the fraction of a second in between.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, Database, JsonColumn, UtcTime
from luna.kernel.errors import Unavailable
from luna.kernel.values import now

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
POLL_SECONDS = 0.25
LINGER_SECONDS = 30.0
BREATH_SECONDS = 15.0
GATHER, GATHER_LEAST, GATHER_MOST = 0.0003, 0.01, 0.25
"""With many readers events gather for a moment, this many seconds for each reader of the process, before they are
sent: every sending costs the same, however much is in it. With some thirty readers or fewer they go out at once."""
KEPT = timedelta(days=1)
RESTART_GAP = 10_000
"""Numbers skipped after a crash: readers may have seen some that were never written."""


class LiveChunkRow(Base):
    """A few events of a channel, written together."""

    __tablename__ = "live_chunk"
    channel: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
    events: Mapped[list[Any]] = mapped_column(JsonColumn)
    final: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event. `number` counts from 1 within the channel; `wire` is its server-sent form, made once."""

    number: int
    type: str
    data: dict[str, Any]
    wire: bytes


@dataclass(slots=True)
class _Channel:
    name: str
    events: list[LiveEvent] = field(default_factory=list[LiveEvent])
    written: int = 0
    number: int = 0
    closed: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    waking: asyncio.TimerHandle | None = None
    woken: float = field(default_factory=time.monotonic)

    def wake(self) -> None:
        """Let every reader look again, now."""
        if self.waking is not None:
            self.waking.cancel()
            self.waking = None
        self.woken = time.monotonic()
        self.changed.set()
        self.changed = asyncio.Event()

    def wake_in(self, seconds: float) -> None:
        """Let every reader look again soon; what comes until then reaches them together."""
        if self.waking is None:
            self.waking = asyncio.get_running_loop().call_later(seconds, self.wake)


class LiveEvents:
    """The channels of one process."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._upsert = _upsert_for(db)
        self._channels: dict[str, _Channel] = {}
        self._dirty: set[str] = set()
        self._readers = 0
        self._writer: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin writing in the background."""
        self._writer = asyncio.create_task(self._write_for_ever(), name="live-writer")

    async def close(self) -> None:
        """Write what is left and stop."""
        self._stopping.set()
        if self._writer is not None:
            await self._writer
        await self.flush()

    def publish(self, channel: str, kind: str, data: dict[str, Any], *, final: bool = False) -> LiveEvent:
        """Add an event; it reaches this process's readers at once. `final` closes the channel."""
        here = self._channels.setdefault(channel, _Channel(channel))
        here.number += 1
        event = _event(channel, here.number, kind, data)
        here.events.append(event)
        here.closed = final
        self._dirty.add(channel)
        gather = min(GATHER_MOST, self._readers * GATHER)
        if final or gather < GATHER_LEAST:
            here.wake()
        else:
            here.wake_in(gather)
        if final:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._channels.pop, channel, None)
        return event

    async def follow(self, channel: str, after: int = 0) -> AsyncIterator[Sequence[LiveEvent]]:
        """The events after number `after`, as they come, in batches; ends with the channel.

        A channel that nobody knows ends at once. Empty batches are breaths: some seconds without an event.
        """
        here = self._channels.get(channel)
        self._readers += 1
        try:
            while here is not None:
                changed = here.changed
                batch = here.events[_index_after(here.events, after) :]
                if batch:
                    after = batch[-1].number
                    yield batch
                if here.closed and after >= here.number:
                    return
                if not batch:
                    await changed.wait()
                    if after >= here.number:
                        yield ()
        finally:
            self._readers -= 1
        async for batch in self._follow_written(channel, after):
            yield batch

    async def _follow_written(self, channel: str, after: int) -> AsyncIterator[Sequence[LiveEvent]]:
        idle = 0.0
        while True:
            events, final = await self.read(channel, after)
            if events:
                idle, after = 0.0, events[-1].number
                yield events
            if final or (not events and final is None):
                return
            await asyncio.sleep(POLL_SECONDS)
            idle += POLL_SECONDS
            if idle >= BREATH_SECONDS:
                idle = 0.0
                yield ()

    async def read(self, channel: str, after: int = 0) -> tuple[list[LiveEvent], bool | None]:
        """The written events after a number, and whether the channel is closed (None: there is none)."""
        async with self.db.read() as tx:
            rows = await tx.execute(
                sa.select(LiveChunkRow.first, LiveChunkRow.events, LiveChunkRow.final)
                .where(LiveChunkRow.channel == channel, LiveChunkRow.last > after)
                .order_by(LiveChunkRow.first)
            )
            found = list(rows)
            if not found:
                closed = await tx.scalar(
                    sa.select(sa.func.max(sa.cast(LiveChunkRow.final, sa.Integer))).where(
                        LiveChunkRow.channel == channel
                    )
                )
                return [], None if closed is None else bool(closed)
        events = [
            _event(channel, first + i, kind, data)
            for first, chunk, _ in found
            for i, (kind, data) in enumerate(chunk)
            if first + i > after
        ]
        return events, bool(found[-1][2])

    async def finish(self, channel: str, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Close a channel whose process died, with some last events."""
        async with self.db.begin() as tx:
            last = await tx.scalar(
                sa.select(sa.func.max(LiveChunkRow.last)).where(LiveChunkRow.channel == channel)
            )
            first = (last or 0) + RESTART_GAP
            tx.add(
                LiveChunkRow(
                    channel=channel,
                    first=first,
                    last=first + len(events) - 1,
                    events=[list(e) for e in events],
                    final=True,
                )
            )

    async def flush(self) -> None:
        """Write everything that is not written yet, in one transaction."""
        async with self._flushing:
            rows: list[dict[str, Any]] = []
            moved: list[tuple[_Channel, int]] = []
            for name in list(self._dirty):
                channel = self._channels[name]
                fresh = channel.events[channel.written :]
                if fresh:
                    upto = channel.written + len(fresh)
                    moved.append((channel, upto))
                    rows.append(
                        {
                            "channel": name,
                            "first": fresh[0].number,
                            "last": fresh[-1].number,
                            "events": [[e.type, e.data] for e in fresh],
                            "final": channel.closed,
                            "created_at": now(),
                        }
                    )
            if rows:
                async with self.db.begin() as tx:
                    await tx.execute(self._upsert, rows)
            for channel, upto in moved:
                channel.written = upto
                if upto == len(channel.events):
                    self._dirty.discard(channel.name)

    async def prune(self) -> None:
        """Forget the events of long ago; the turns themselves are kept elsewhere."""
        async with self.db.begin() as tx:
            await tx.execute(sa.delete(LiveChunkRow).where(LiveChunkRow.created_at < now() - KEPT))

    def _let_breathe(self) -> None:
        """Wake the readers of channels where nothing has come for a while: they send a sign of life."""
        late = time.monotonic() - BREATH_SECONDS
        for channel in self._channels.values():
            if channel.woken < late:
                channel.wake()

    async def _write_for_ever(self) -> None:
        pause = FLUSH_SECONDS
        while not self._stopping.is_set():
            self._let_breathe()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = FLUSH_SECONDS
            if self._dirty:
                try:
                    await self.flush()
                except (Unavailable, SQLAlchemyError) as error:
                    log.warning("live events wait for the database: %s", error)
                    pause = 1.0


def _upsert_for(db: Database) -> Any:
    """A chunk whose answer got lost on the way is written again, longer: the same first, more events."""
    insert = sqlite.insert(LiveChunkRow) if db.is_sqlite else postgresql.insert(LiveChunkRow)
    longer = {name: insert.excluded[name] for name in ("last", "events", "final")}
    return insert.on_conflict_do_update(index_elements=["channel", "first"], set_=longer)


def _event(channel: str, number: int, kind: str, data: dict[str, Any]) -> LiveEvent:
    return LiveEvent(number, kind, data, wire(channel, number, kind, data))


def wire(channel: str, number: int, kind: str, data: dict[str, Any]) -> bytes:
    """An event as a server sends it. JSON escapes line ends, so the data is always one line."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {channel}:{number}\nevent: {kind}\ndata: {body}\n\n".encode("utf-8", "replace")


def _index_after(events: list[LiveEvent], after: int) -> int:
    """Numbers in memory are consecutive from the first one."""
    return max(0, after - events[0].number + 1) if events else 0
