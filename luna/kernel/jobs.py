"""Durable jobs: work that survives a crash, with progress, cancel, retry and a log.

A job is enqueued inside the caller's transaction, so it commits or vanishes with the caller's rows. Any
worker on the same database may run it; when that one dies another takes over at the first step that had
not finished. On SQLite one process owns the data folder and runs its own jobs.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from luna.kernel import jobs_rows as rows
from luna.kernel.database import Database, Transaction
from luna.kernel.errors import Conflict, LunaError
from luna.kernel.jobs_context import KINDS, JobContext, Run, job
from luna.kernel.jobs_duties import Duties
from luna.kernel.jobs_engine import Doorbell, Engine
from luna.kernel.jobs_faults import is_outage, plain
from luna.kernel.jobs_types import (
    ACTIVE,
    JobInterrupted,
    JobLine,
    JobPage,
    JobStatus,
    JobView,
)
from luna.kernel.values import new_id

if TYPE_CHECKING:
    from luna.kernel.runtime import Runtime

__all__ = ["QUEUES", "JobContext", "JobLine", "JobPage", "JobStatus", "JobView", "Jobs", "job"]

logger = logging.getLogger(__name__)

QUEUES: Mapping[str, int] = {"pictures": 1, "background": 4}
"""The queues of the product, and how many of each one process runs at once. Few: each is polled."""
WATCH_EVERY = 0.5
"""Seconds between two looks at whether a running job was cancelled from elsewhere."""
STUBBORN = 5.0
"""Seconds that a stopped job may still take to clean up."""


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
        ttl: float = 20.0,
        poll: float = 1.0,
    ) -> None:
        self.db = db
        self.boot = boot
        self.queues = dict(queues)
        self.worker = worker
        self._beat, self._ttl, self._poll = beat, ttl, poll
        self._runtime: Runtime | None = None
        self._runs: dict[str, Run] = {}
        self._closing = False
        self._engine: Engine | None = None
        self._duties: Duties | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.Task[None] | None = None
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
        """Start. The tables of `jobs_tables` must be there; the engine makes its own."""
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._engine = Engine(
            self.db.url, self.boot, self.queues, worker=self.worker, poll=self._poll, run=self._run
        )
        self._duties = Duties(
            self._engine,
            worker=self.worker,
            beat=self._beat,
            ttl=self._ttl,
            running=lambda: self.running,
            on_lost=self._lost,
        )
        self._engine.launch()
        await asyncio.to_thread(self._duties.start)  # be alive before owning anything
        await asyncio.to_thread(self._engine.open_queues)
        self._watch = asyncio.create_task(self._watch_runs())

    async def close(self, drain: float = 0.0) -> None:
        """Take no more jobs, give those that run up to `drain` seconds, interrupt the rest.

        What is interrupted goes on after the next start, or at once in another worker.
        """
        if self._engine is None or self._duties is None:
            return
        if not drain or not self._runs:
            self._closing = True
            await self._interrupt()
        closing = asyncio.create_task(asyncio.to_thread(self._engine.close, drain if self._runs else 0))
        await self._quiet(drain)
        self._closing = True
        await self._interrupt()
        await closing
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        # The engine had put its own pool of threads, which is closed now, behind asyncio.to_thread.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await asyncio.to_thread(self._duties.stop)
        with contextlib.suppress(DBAPIError):
            await asyncio.to_thread(self._duties.sign_off)
        self._engine.sql.dispose()
        self._engine = self._duties = None

    @property
    def running(self) -> set[str]:
        """The ids of the jobs that run in this process right now."""
        return {run.job_id for run in list(self._runs.values())}

    async def collect(self) -> None:
        """Delete what finished long ago. Done every hour anyway."""
        if self._duties is not None:
            await asyncio.to_thread(self._duties.collect)

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
        engine = self._ready()
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
            args=to_jsonable_python(args),
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
        engine = self._ready()
        async with self.db.begin() as tx:
            before = await rows.get(tx, owner, job_id)
            if before.status not in (*ACTIVE, JobStatus.cancelled):
                raise Conflict("This job has already finished.", "There is nothing to cancel.")
            view = await rows.cancel(tx, owner, job_id)
        # Our row first: a crash between the two leaves a job that finds itself cancelled when it starts.
        for run in list(self._runs.values()):
            if run.job_id == job_id:
                run.stop()
        await asyncio.to_thread(engine.cancel, job_id)
        self._ring()
        return view

    async def retry(self, owner: str, job_id: str) -> JobView:
        """Run a failed or cancelled job again; steps that had finished do not run again.

        Raises NotFound, and Conflict when the job is under way or done.
        """
        engine = self._ready()
        async with self.db.begin() as tx:
            before = await rows.get(tx, owner, job_id)
            if before.status not in (JobStatus.failed, JobStatus.cancelled):
                raise Conflict(
                    f"This job is {before.status}.", "Only a failed or cancelled job can be retried."
                )
            view = await rows.requeue(tx, job_id)
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

    # -- running it

    async def _run(self, job_id: str) -> None:
        """Run a job that the engine gave to this process. Never raises an Exception."""
        run = Run(job_id, new_id())
        self._runs[run.token] = run
        try:
            if self._closing:
                raise JobInterrupted
            async with self.db.begin() as tx:
                start = await rows.start(tx, job_id, run.token)
            if start is None:
                return  # cancelled, finished or deleted meanwhile
            run.takeovers = start.takeovers
            self._ring()
            run.task = asyncio.create_task(self._work(run, start))
            await self._finish(run, await self._outcome(run))
        except (LunaError, DBAPIError) as error:
            # The database did not take it. The job stays recorded as running and `unstick` will find it.
            logger.warning("job %s was interrupted: %s", job_id, type(error).__name__)
            raise JobInterrupted from error
        finally:
            if run.task is not None and not run.task.done():
                run.task.cancel()
            del self._runs[run.token]
            self._ring()
            if self._loop is not None:  # a place in the queue is free as soon as the engine has noted it
                self._loop.call_later(0.05, Doorbell.ring)

    async def _work(self, run: Run, start: rows.Start) -> Any:
        kind = KINDS.get(start.kind)
        if kind is None:
            raise LunaError(f"This version does not know jobs of the kind {start.kind!r}.")
        return to_jsonable_python(
            await kind.work(JobContext(self, run, start.owner, start.kind), **start.args)
        )

    async def _outcome(self, run: Run) -> "dict[str, Any]":
        """Wait for the work. Raises JobInterrupted when there is no outcome to record."""
        task = run.task
        assert task is not None
        if run.stopped:
            task.cancel()
        while not task.done():
            await asyncio.wait({task}, timeout=STUBBORN)
            if run.stopped and not task.done():
                break  # it does not listen; what it still does is recorded nowhere
        if run.stopped:
            raise JobInterrupted
        try:
            return {"status": JobStatus.done, "result": task.result()}
        except asyncio.CancelledError:
            return {"status": JobStatus.failed, "error": "The job stopped itself."}
        except Exception as error:  # the job runner is one of two places that may catch everything
            if is_outage(error):
                raise JobInterrupted from error
            return {"status": JobStatus.failed, "error": plain(error)}

    async def _finish(self, run: Run, outcome: "dict[str, Any]") -> None:
        await self.write_progress(run)
        async with self.db.begin() as tx:
            await rows.finish(tx, run.job_id, run.token, **outcome)

    async def write_progress(self, run: Run) -> None:
        """Write the progress and log lines that a run has gathered."""
        progress, lines = run.progress, run.lines
        if progress is None and not lines:
            return
        run.progress, run.lines, run.written_at = None, [], time.monotonic()
        async with self.db.begin() as tx:
            await rows.write(tx, run.job_id, run.token, progress, lines)
        self._ring()

    async def forgive_takeovers(self, run: Run) -> None:
        """A step has finished since the last takeover: the job is not what kills its processes."""
        run.takeovers = 0
        async with self.db.begin() as tx:
            await rows.forgive(tx, run.job_id, run.token)

    async def _watch_runs(self) -> None:
        """Stop what was cancelled from elsewhere or taken over, and write what jobs have said."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            runs = [run for run in self._runs.values() if run.task is not None and not run.stopped]
            if not runs:
                continue
            try:
                async with self.db.read() as tx:
                    valid = await rows.valid_tokens(tx, [run.token for run in runs])
                for run in runs:
                    if run.token in valid:
                        await self.write_progress(run)
                    elif run.token in self._runs:
                        run.stop()
            except (LunaError, DBAPIError) as error:
                logger.warning("jobs, watch: %s", type(error).__name__)

    async def _interrupt(self) -> None:
        for run in list(self._runs.values()):
            run.stop()
        await self._quiet(STUBBORN)

    async def _quiet(self, seconds: float) -> None:
        """Wait until nothing runs here, at most so long."""
        end = time.monotonic() + seconds
        while self._runs and (left := end - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.5))

    def _lost(self) -> None:
        """Called in a duty's thread: all that runs here runs elsewhere now."""
        for run in list(self._runs.values()):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(run.stop)

    def _on_commit(self, _session: Session) -> None:
        Doorbell.ring()
        self._ring()

    def _ring(self) -> None:
        """Tell those who watch in this process that something has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _ready(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("jobs are not launched")
        return self._engine
