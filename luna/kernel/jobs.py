"""Durable jobs: work that survives a crash, with progress, cancel, retry and a log.

A job is enqueued inside the caller's transaction, so it commits or vanishes with the caller's rows. Any
worker on the same database may run it; when that one dies another takes over at the first step that had
not finished. On SQLite one process owns the data folder and runs its own jobs.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from luna.kernel import jobs_rows as rows
from luna.kernel.database import Database, Transaction
from luna.kernel.errors import Conflict
from luna.kernel.jobs_context import KINDS, JobContext, job
from luna.kernel.jobs_duties import Duties
from luna.kernel.jobs_engine import Doorbell, Engine
from luna.kernel.jobs_faults import jsonable
from luna.kernel.jobs_runner import Runner
from luna.kernel.jobs_types import ACTIVE, JobLine, JobPage, JobStatus, JobView
from luna.kernel.values import new_id

if TYPE_CHECKING:
    from luna.kernel.runtime import Runtime

__all__ = ["QUEUES", "JobContext", "JobLine", "JobPage", "JobStatus", "JobView", "Jobs", "job"]

QUEUES: Mapping[str, int] = {"pictures": 1, "background": 4}
"""The queues of the product, and how many of each one process runs at once. Few: each is polled."""
GATHER = 0.05
"""Seconds in which changes gather before those who watch look again."""


class _Parts(NamedTuple):
    """What there is between launch and close."""

    engine: Engine
    duties: Duties
    runner: Runner


class Jobs:
    """`boot` is fresh at every start of the process and names it among the executors.

    `worker=False` enqueues, lists and cancels, but runs nothing. Times are seconds: `beat` between two
    signs of life, `ttl` after which a silent process is taken for dead (its work goes on elsewhere within
    `ttl + beat` and a poll), `poll` between two looks into a queue.
    """

    def __init__(
        self,
        db: Database,
        boot: str,
        *,
        queues: Mapping[str, int] = QUEUES,
        worker: bool = True,
        beat: float = 5.0,
        ttl: float = 15.0,
        poll: float = 1.0,
    ) -> None:
        self.db = db
        self.boot = boot
        self.queues = dict(queues)
        self.worker = worker
        self.beat, self.ttl, self.poll = beat, ttl, poll
        self._runtime: Runtime | None = None
        self._parts: _Parts | None = None
        self._changed = asyncio.Event()

    def bind(self, runtime: "Runtime") -> None:
        """Give the jobs the runtime they work with. Call it before `launch`."""
        self._runtime = runtime

    @property
    def runtime(self) -> "Runtime":
        """The runtime that was bound."""
        if self._runtime is None:
            raise RuntimeError("jobs have no runtime: Jobs.bind was not called")
        return self._runtime

    async def launch(self) -> None:
        """Start, if it has not been. The tables of `jobs_tables` must be there; the engine makes its own."""
        if self._parts is not None:
            return
        runner = Runner(self.db, lambda: self.runtime, self._ring)
        engine = Engine(
            self.db.url, self.boot, self.queues, worker=self.worker, poll=self.poll, run=runner.run
        )
        duties = Duties(
            engine,
            worker=self.worker,
            beat=self.beat,
            ttl=self.ttl,
            running=lambda: runner.running,
            on_lost=runner.lost,
        )
        self._parts = _Parts(engine, duties, runner)
        try:
            await asyncio.to_thread(duties.beat)  # be alive before owning anything
            engine.launch()
            await asyncio.to_thread(engine.open_queues)
            duties.start()
        except BaseException:
            await self.close()
            raise

    async def close(self, drain: float = 0.0) -> None:
        """Take no more jobs, give those that run up to `drain` seconds, interrupt the rest.

        What is interrupted goes on after the next start, or at once in another worker.
        """
        if self._parts is None:
            return
        engine, duties, runner = self._parts
        if not runner.running:
            drain = 0
        if not drain:
            await runner.interrupt()
        closing = asyncio.create_task(asyncio.to_thread(engine.close, drain))
        await runner.quiet(drain)
        await runner.interrupt()
        await closing
        await runner.close()
        # The engine had put its own pool of threads, which is closed now, behind asyncio.to_thread.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await asyncio.to_thread(duties.stop)
        with contextlib.suppress(DBAPIError):
            await asyncio.to_thread(duties.sign_off)
        engine.sql.dispose()
        self._parts = None

    async def interrupt(self) -> None:
        """Stop what runs here, without an outcome: it goes on after the next start, or in another worker."""
        if self._parts is not None:
            await self._parts.runner.interrupt()

    @property
    def running(self) -> set[str]:
        """The ids of the jobs that run in this process right now."""
        return set() if self._parts is None else self._parts.runner.running

    async def collect(self) -> None:
        """Delete what finished more than a week ago. Done every hour anyway."""
        await asyncio.to_thread(self._ready().duties.collect)

    # -- asking for work and looking at it

    async def enqueue(
        self,
        tx: Transaction,
        owner: str,
        queue: str,
        kind: str,
        *,
        dedup: str | None = None,
        delay: float | None = None,
        **args: Any,
    ) -> str:
        """Ask for work inside the caller's transaction: it commits or vanishes with it. Gives the job's id.

        `args` are JSON values. `dedup`: while a job of this owner with the same key is queued or running,
        its id is given and no second one is made. `delay`: seconds to wait before it may start.
        """
        engine = self._ready().engine
        if queue not in self.queues:
            raise ValueError(f"there is no queue {queue!r}")
        title = KINDS[kind].title if kind in KINDS else kind.replace("-", " ").capitalize()
        job_id = new_id()
        made = await rows.insert(
            tx,
            id=job_id,
            owner=owner,
            kind=kind,
            title=title,
            queue=queue,
            dedup=dedup,
            args=jsonable(args),
        )
        if made != job_id:
            return made
        await tx.run_sync(lambda session: engine.enqueue(session, job_id, queue, delay))
        event.listen(tx.sync_session, "after_commit", self._on_commit, once=True)
        return job_id

    async def page(
        self,
        owner: str,
        *,
        status: JobStatus | None = None,
        kind: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> JobPage:
        """The owner's jobs, newest first."""
        async with self.db.read() as tx:
            return await rows.page(tx, owner, status=status, kind=kind, limit=limit, offset=offset)

    async def get(self, owner: str, job_id: str) -> JobView:
        """One job. Raises NotFound, for another owner's job too."""
        async with self.db.read() as tx:
            return await rows.get(tx, owner, job_id)

    async def log(self, owner: str, job_id: str) -> list[JobLine]:
        """What a job said, oldest first (the last thousand lines). Raises NotFound."""
        async with self.db.read() as tx:
            await rows.get(tx, owner, job_id)
            return await rows.lines(tx, job_id)

    async def cancel(self, owner: str, job_id: str) -> JobView:
        """Stop a job, or do not start it. Raises NotFound, and Conflict when it has already finished."""
        engine = self._ready().engine
        async with self.db.begin() as tx:
            before = await rows.get(tx, owner, job_id)
            if before.status not in (*ACTIVE, JobStatus.cancelled):
                raise Conflict("This job has already finished.", "There is nothing to cancel.")
            view = await rows.cancel(tx, owner, job_id)
        # Our row first: a crash between the two leaves a job that finds itself cancelled when it starts.
        self._ready().runner.stop(job_id)
        await asyncio.to_thread(engine.cancel, job_id)
        self._ring()
        return view

    async def retry(self, owner: str, job_id: str) -> JobView:
        """Run a failed or cancelled job again; steps that had finished do not run again.

        Raises NotFound, and Conflict when the job is under way or done.
        """
        engine = self._ready().engine
        async with self.db.begin() as tx:
            before = await rows.get(tx, owner, job_id)
            view = await rows.requeue(tx, job_id)
            if view is None:
                raise Conflict(
                    f"This job is {before.status}.", "Only failed or cancelled jobs can be retried."
                )
        await asyncio.to_thread(engine.rewind, job_id, view.queue)
        self._ring()
        Doorbell.ring()
        return view

    async def changes(self, owner: str, *, every: float = 1.0) -> AsyncGenerator[list[JobView]]:
        """The owner's latest jobs, then again and again those that have changed. Ends when closed.

        Changes of this process show at once, those of others within `every` seconds.
        """
        known: dict[str, JobView] = {}
        first = True
        while True:
            changed = self._changed
            page = await self.page(owner, limit=100)
            fresh = [view for view in page.jobs if known.get(view.id) != view]
            known = {view.id: view for view in page.jobs}
            if fresh or first:
                yield fresh
            first = False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), every)
            await asyncio.sleep(GATHER)

    def _on_commit(self, _session: Session) -> None:
        Doorbell.ring()
        self._ring()

    def _ring(self) -> None:
        """Tell those who watch in this process that something has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _ready(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("jobs are not launched")
        return self._parts
