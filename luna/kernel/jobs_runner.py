"""Runs the jobs that the engine gives to this process, and writes down how they go."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from luna.kernel import jobs_rows as rows
from luna.kernel.database import Database
from luna.kernel.errors import LunaError
from luna.kernel.jobs_context import KINDS, JobContext, Run
from luna.kernel.jobs_engine import Doorbell
from luna.kernel.jobs_faults import is_outage, jsonable, plain
from luna.kernel.jobs_types import JobInterrupted, JobStatus
from luna.kernel.logs import trace
from luna.kernel.values import new_id

if TYPE_CHECKING:
    from luna.kernel.runtime import Runtime

logger = logging.getLogger(__name__)

WATCH_EVERY = 0.5
"""Seconds between two looks at whether a running job was cancelled from elsewhere."""
STUBBORN = 5.0
"""Seconds that a stopped job may still take to clean up."""


class Runner:
    """`runtime` gives what jobs work with; `ring` tells those who watch that something has changed."""

    def __init__(self, db: Database, runtime: "Callable[[], Runtime]", ring: Callable[[], None]) -> None:
        self.runtime = runtime
        self.closing = False
        self._db = db
        self._ring = ring
        self._runs: dict[str, Run] = {}
        self._gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._watch = asyncio.create_task(self._watch_runs())

    @property
    def running(self) -> set[str]:
        """The ids of the jobs that run here. May be asked from any thread."""
        return {run.job_id for run in list(self._runs.values())}

    async def run(self, job_id: str) -> None:
        """Run one job to its end, or until it is interrupted. The engine calls it; it never raises an Exception."""
        run = Run(job_id, new_id())
        self._runs[run.token] = run
        trace.set(secrets.token_hex(8))  # stands in what is logged, and in what the owner is told of a bug
        try:
            await self._run(run)
        except (LunaError, DBAPIError) as error:
            # The database did not take it. The job stays recorded as running, and `unstick` will find it.
            logger.warning("job %s was interrupted: %s", job_id, type(error).__name__)
            raise JobInterrupted from error
        except JobInterrupted:
            if self.closing:
                await self._release(run)
            raise
        finally:
            if run.task is not None and not run.task.done():
                run.task.cancel()
            del self._runs[run.token]
            self._gone.set()
            self._ring()
            # Its place in the queue is free as soon as the engine has noted the end.
            self._loop.call_later(0.05, Doorbell.ring)

    def stop(self, job_id: str) -> None:
        """Stop a job if it runs here; it was cancelled."""
        for run in self._runs.values():
            if run.job_id == job_id:
                run.stop()

    async def interrupt(self) -> None:
        """Stop everything without an outcome: it goes on after the next start, or in another worker."""
        self.closing = True
        for run in self._runs.values():
            run.stop()
        await self.quiet(STUBBORN)

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing runs here, at most so long."""
        end = time.monotonic() + seconds
        while self._runs and (left := end - time.monotonic()) > 0:
            self._gone.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), left)

    async def close(self) -> None:
        """End the watch."""
        self._watch.cancel()
        await asyncio.wait({self._watch})

    def lost(self) -> None:
        """This process was taken for dead, so all that runs here runs elsewhere now. Called in a thread."""
        for run in list(self._runs.values()):
            self._loop.call_soon_threadsafe(run.stop)

    async def write_progress(self, run: Run) -> None:
        """Write the progress and the log lines that a run has gathered."""
        progress, lines = run.progress, run.lines
        if progress is None and not lines:
            return
        run.progress, run.lines, run.written_at = None, [], time.monotonic()
        async with self._db.begin() as tx:
            await rows.write(tx, run.job_id, run.token, progress, lines)
        self._ring()

    async def forgive_takeovers(self, run: Run) -> None:
        """A step has finished since the last takeover: the job is not what kills its processes."""
        run.takeovers = 0
        async with self._db.begin() as tx:
            await rows.forgive(tx, run.job_id, run.token)

    async def _run(self, run: Run) -> None:
        if self.closing:
            raise JobInterrupted
        async with self._db.begin() as tx:
            start = await rows.start(tx, run.job_id, run.token)
        if start is None:
            return  # cancelled, finished or deleted meanwhile
        run.takeovers = start.takeovers
        self._ring()
        run.task = asyncio.create_task(self._work(run, start))
        outcome = await self._outcome(run, run.task)
        try:
            await self._finish(run, outcome)
        except Exception as error:  # for example a result that the database does not take
            if is_outage(error):
                raise
            bug = RuntimeError("the outcome of the job cannot be stored")
            bug.__cause__ = error
            await self._finish(run, {"status": JobStatus.failed, "error": plain(bug)})

    async def _work(self, run: Run, start: rows.Start) -> Any:
        kind = KINDS.get(start.kind)
        if kind is None:
            raise LunaError(
                f"This version does not know jobs of the kind {start.kind!r}.",
                "Update the program, then try the job again.",
            )
        context = JobContext(self, run, start.owner, start.kind)
        return jsonable(await kind.work(context, **start.args))

    async def _outcome(self, run: Run, task: "asyncio.Task[Any]") -> "dict[str, Any]":
        """Wait for the work. Raises JobInterrupted when there is no outcome to record."""
        if run.stopped:
            task.cancel()
        while not task.done():
            stubborn = run.stopped
            await asyncio.wait({task}, timeout=STUBBORN)
            if stubborn:
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
        async with self._db.begin() as tx:
            await rows.finish(tx, run.job_id, run.token, **outcome)

    async def _release(self, run: Run) -> None:
        with contextlib.suppress(LunaError, DBAPIError):
            async with self._db.begin() as tx:
                await rows.release(tx, run.job_id, run.token)

    async def _watch_runs(self) -> None:
        """Stop what was cancelled from elsewhere or taken over, and write what jobs have said."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            runs = [run for run in self._runs.values() if run.task is not None and not run.stopped]
            if not runs:
                continue
            try:
                async with self._db.read() as tx:
                    valid = await rows.valid_tokens(tx, [run.token for run in runs])
                for run in runs:
                    if run.token in valid:
                        await self.write_progress(run)
                    elif run.token in self._runs:
                        run.stop()
            except Exception as error:  # whatever it is, the watch has to go on
                logger.warning("jobs, watch: %s", type(error).__name__)
