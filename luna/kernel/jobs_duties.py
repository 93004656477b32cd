"""The duties of a process that runs jobs: to show that it lives, and to take over from those that do not.

They run in threads of their own, so that a busy event loop is not taken for a dead process. Nobody else
takes over a dead machine's work; the engine alone would leave it running on paper for ever.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa

from luna.kernel.jobs_engine import Engine, Owned
from luna.kernel.jobs_tables import JobExecutorRow, JobLogRow, JobRow
from luna.kernel.jobs_types import ACTIVE, FINISHED, JobStatus
from luna.kernel.values import now

logger = logging.getLogger(__name__)

MOST_TAKEOVERS = 3
"""A job that was taken over more often without finishing a step brings its processes down: it is stopped."""
KEEP = timedelta(days=7)
"""How long a finished job can be looked at."""
REAPER_LOCK = 7420003
"""The number of PostgreSQL's advisory lock; the migrations have another one."""
POISON = f"Stopped: the program ended unexpectedly {MOST_TAKEOVERS + 1} times while this job was running."
LOST = "Stopped: the job was lost in an interruption. Retry it."

executors = cast("sa.Table", JobExecutorRow.__table__)
jobs = cast("sa.Table", JobRow.__table__)


class Duties:
    """`beat` and `ttl` are seconds: how often this process shows that it lives, and after how long a
    silent one is taken for dead. `running` gives the jobs that really run here; `on_lost` is called when
    this process finds that it was taken for dead itself."""

    def __init__(
        self,
        engine: Engine,
        *,
        worker: bool,
        beat: float,
        ttl: float,
        running: Callable[[], set[str]],
        on_lost: Callable[[], None],
    ) -> None:
        self._engine, self._worker, self._beat_every, self._ttl = engine, worker, beat, ttl
        self._running, self._on_lost = running, on_lost
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._last_beat = self._steady = 0.0
        self._idle: set[str] = set()
        self._strays: set[str] = set()
        clock = "(julianday('now') - 2440587.5) * 86400.0"
        if not engine.is_sqlite:
            clock = "extract(epoch from clock_timestamp())"
        self._clock: sa.TextClause = sa.text(clock)  # the database's: machines disagree

    def start(self) -> None:
        """Go on in the background. `beat` once before owning anything."""
        duties: list[tuple[Callable[[], None], float, bool]] = [(self.beat, self._beat_every, False)]
        if self._worker:
            duties += [
                (self.reap, self._beat_every, self._engine.is_sqlite),
                (self.unstick, self._ttl / 2, False),
                (self.collect, 3600.0, True),
            ]
        for duty, every, at_once in duties:
            thread = threading.Thread(target=self._repeat, args=(duty, every, at_once), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the duties; the heart stops too."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def sign_off(self) -> None:
        """Whatever this process still holds may be taken over at once."""
        with self._engine.sql.begin() as sql:
            sql.execute(sa.delete(executors).where(executors.c.id == self._engine.executor))

    def _repeat(self, duty: Callable[[], None], every: float, at_once: bool) -> None:
        while at_once or not self._stop.wait(every):
            at_once = False
            try:
                duty()
            except Exception as error:  # the database is away: keep trying
                if not self._stop.is_set():
                    logger.warning("jobs, %s: %s", duty.__name__, _first_line(error))

    def beat(self) -> None:
        """Write that this process lives."""
        mine = {"host": socket.gethostname()[:200], "pid": os.getpid(), "beat_at": self._clock}
        with self._engine.sql.begin() as sql:
            known = sql.execute(
                sa.update(executors).where(executors.c.id == self._engine.executor).values(mine)
            ).rowcount
            if not known:
                sql.execute(sa.insert(executors).values(id=self._engine.executor, **mine))
        if not known and self._last_beat:
            logger.warning("this process was taken for dead: its jobs run elsewhere now")
            self._on_lost()
        at = time.monotonic()
        if at - self._last_beat > self._ttl / 2:
            self._steady = at  # since when the beats come without a gap
        self._last_beat = at

    def reap(self) -> None:
        """Take over the work of processes that are silent for too long.

        After a pause of our own, or of the database, every other process looks dead: wait until the hearts
        had time to beat again. On SQLite one process owns the data folder, so all others are dead.
        """
        begun = time.monotonic()
        if self._engine.is_sqlite:
            orphans = [o for o in self._engine.running() if o.executor != self._engine.executor]
            if orphans:
                with self._engine.sql.begin() as sql:
                    sql.execute(sa.delete(executors).where(executors.c.id != self._engine.executor))
            for orphan in orphans:
                self._take_over(orphan)
            return
        if begun - self._last_beat > self._ttl / 2 or begun - self._steady < self._ttl:
            return
        with self._engine.sql.begin() as sql:
            if not sql.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(REAPER_LOCK))):
                return  # one reaper at a time
            fresh = executors.c.beat_at > sa.text(f"{self._clock.text} - {self._ttl:f}")
            live = set(sql.scalars(sa.select(executors.c.id).where(fresh)))
            orphans = [o for o in self._engine.running() if o.executor not in live]
            sql.execute(sa.delete(executors).where(executors.c.id.not_in(live)))
            for orphan in orphans:
                if time.monotonic() - begun > self._ttl / 2:
                    return  # were we paused? the next round looks again
                self._take_over(orphan)

    def unstick(self) -> None:
        """Find the jobs that are running on paper only.

        A database that goes away can end an execution here and leave it recorded as running on a live
        process; what is idle in two rounds is put back into its queue. And a crash between our row and the
        engine's can leave one of ours that the engine will never run.
        """
        mine = {o.id: o for o in self._engine.running(self._engine.executor)}
        idle = mine.keys() - self._running()
        for job_id in idle & self._idle:
            self._take_over(mine[job_id])
        self._idle = idle
        with self._engine.sql.begin() as sql:
            oldest = sa.select(jobs.c.id).where(jobs.c.status.in_(ACTIVE)).order_by(jobs.c.created_at)
            active = set(sql.scalars(oldest.limit(500)))
        strays = active - self._engine.unfinished(list(active)) if active else set[str]()
        for job_id in strays & self._strays:
            self._fail(job_id, LOST)
        self._strays = strays

    def collect(self) -> None:
        """Delete what finished long ago."""
        old = sa.and_(jobs.c.status.in_(FINISHED), jobs.c.finished_at < datetime.now(UTC) - KEEP)
        while True:
            with self._engine.sql.begin() as sql:
                ids = list(sql.scalars(sa.select(jobs.c.id).where(old).limit(200)))
            if not ids:
                return
            self._engine.forget(ids)
            with self._engine.sql.begin() as sql:
                sql.execute(sa.delete(jobs).where(jobs.c.id.in_(ids)))

    def _take_over(self, orphan: Owned) -> None:
        """Put a job back into its queue; stop it when that was too often.

        One that is not recorded as running had not begun, or was released with care: that does not count.
        """
        counted = sa.case((jobs.c.status == JobStatus.running, 1), else_=0)
        bump: dict[str, Any] = {
            "takeovers": jobs.c.takeovers + counted,
            "status": JobStatus.queued,
            "run": None,
        }
        active = sa.and_(jobs.c.id == orphan.id, jobs.c.status.in_(ACTIVE))
        with self._engine.sql.begin() as sql:
            row = sql.execute(
                sa.update(jobs).where(active).values(bump).returning(jobs.c.takeovers, jobs.c.queue)
            ).first()
            if row is not None:
                sql.execute(
                    sa.insert(JobLogRow).values(
                        job_id=orphan.id, at=now(), text="Taken over from a process that is gone."
                    )
                )
        if row is None:  # finished, cancelled or deleted meanwhile: nobody waits for it
            self._engine.cancel(orphan.id)
            return
        if row.takeovers > MOST_TAKEOVERS:
            self._fail(orphan.id, POISON)
            self._engine.cancel(orphan.id)
            return
        self._engine.resume(orphan.id, row.queue)
        with self._engine.sql.begin() as sql:  # resuming revives a cancelled one: undo it
            cancelled = not sql.scalar(sa.select(sa.func.count()).select_from(jobs).where(active))
        if cancelled:
            self._engine.cancel(orphan.id)

    def _fail(self, job_id: str, why: str) -> None:
        values = {"status": JobStatus.failed, "error": why, "dedup": None, "run": None, "finished_at": now()}
        with self._engine.sql.begin() as sql:
            sql.execute(sa.update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(ACTIVE)).values(values))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
