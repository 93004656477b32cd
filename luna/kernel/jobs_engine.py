"""The durable engine underneath jobs (DBOS), behind the few calls we need of it.

There is one engine a process. Everything here is synchronous and may wait for the database: from the event
loop call it in a thread, except `launch` (it adopts the running loop for the jobs) and `enqueue`.
The engine is imported late, it takes a second.
"""

import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from luna.kernel.database import POSTGRES_ARGS

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "luna"
WORKFLOW = "luna-job"
VERSION = "1"
"""Constant on purpose: the engine lets jobs of another version wait for ever."""

_current: Callable[[str], Awaitable[None]] | None = None
_registered = False


@dataclass(frozen=True)
class Owned:
    """A job the engine holds to be running, and the process it gave it to."""

    id: str
    executor: str
    queue: str | None


class Doorbell(threading.Event):
    """A stop event whose waiters can be woken early without being stopped.

    The engine's queue threads sleep on a plain event between two polls. Turning it into a doorbell lets a
    job start at once after it was enqueued here, with slow polling otherwise. Without it they still poll.
    """

    bell = threading.Condition()
    rung = 0
    heard = threading.local()

    def set(self) -> None:
        super().set()
        self.ring()

    def wait(self, timeout: float | None = None) -> bool:
        with self.bell:
            # A ring that came while this thread was busy counts: it may have looked too early.
            if not self.is_set() and getattr(self.heard, "rung", 0) == self.rung:
                self.bell.wait(timeout)
            self.heard.rung = self.rung
        return self.is_set()

    @classmethod
    def ring(cls) -> None:
        """Wake every waiter."""
        with cls.bell:
            cls.rung += 1
            cls.bell.notify_all()


class _Doorbells(list[threading.Event]):
    """The engine's list of stop events; it adds each one before the thread that waits on it starts."""

    def append(self, stop: threading.Event) -> None:
        if type(stop) is threading.Event:
            stop.__class__ = Doorbell
        super().append(stop)


class Engine:
    """`url` is the asynchronous database URL; `run` is called with a job id on the event loop."""

    def __init__(
        self,
        url: str,
        executor: str,
        queues: Mapping[str, int],
        *,
        worker: bool,
        poll: float,
        run: Callable[[str], Awaitable[None]],
    ) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.executor = executor
        self._queues, self._worker, self._poll, self._run = queues, worker, poll, run
        self._url = url.replace("+aiosqlite", "")
        self.sql = _sync_engine(self._url, self.is_sqlite)
        self._client: DBOSClient | None = None

    def launch(self) -> None:
        """Make the engine's own tables where they are missing, and start taking jobs."""
        global _current
        from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer

        log = logging.getLogger("dbos")
        if not log.handlers:  # else it would write to the console by itself
            log.addHandler(logging.NullHandler())
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self.sql,
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": self.executor,
            "log_level": "WARNING",
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": min(self._poll, 1.0),
            "max_executor_threads": 32,
        }
        _register()
        _current = self._run
        instance = DBOS(config=config)
        if not self._worker:
            DBOS.listen_queues([])
        instance.background_thread_stop_events = _Doorbells(instance.background_thread_stop_events)
        DBOS.launch()
        self._client = DBOSClient(
            system_database_engine=self.sql,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
        )

    def open_queues(self) -> None:
        """Make the queues, or give them the limits of this process's version."""
        for name, at_once in self._queues.items() if self._worker else ():
            self.client.register_queue(
                name,
                worker_concurrency=at_once,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
                application_name=APPLICATION,
            )
        Doorbell.ring()

    @property
    def client(self) -> "DBOSClient":
        if self._client is None:
            raise RuntimeError("jobs are not launched")
        return self._client

    def close(self, drain: float) -> None:
        """Take no more jobs, wait up to `drain` seconds for those that run, and let go."""
        global _current
        from dbos import DBOS

        if self._client is not None:
            self._client.destroy()
        DBOS.destroy(workflow_completion_timeout_sec=round(drain))
        self._client = None
        _current = None

    def enqueue(self, session: Session, job_id: str, queue: str, delay: float | None) -> None:
        """Put a job into a queue inside the caller's transaction."""
        from dbos import EnqueueOptions, WorkflowSerializationFormat

        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": queue,
            "workflow_id": job_id,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        if delay:
            options["delay_seconds"] = delay
        self.client.enqueue_in_transaction(session, options, job_id)

    def cancel(self, job_id: str) -> None:
        """Let nobody start it any more. What runs is stopped by the one who runs it."""
        self.client.cancel_workflow(job_id)

    def resume(self, job_id: str, queue: str) -> None:
        """Put a job back into its queue; whoever ran it so far may no longer record anything.

        Also revives a cancelled job: the caller has to look again afterwards.
        """
        self.client.resume_workflow(job_id, queue_name=queue)
        Doorbell.ring()

    def rewind(self, job_id: str, queue: str) -> None:
        """Run a finished job again, keeping its finished steps: all but a failed last one."""
        self.client.cancel_workflow(job_id)  # for the engine it may not be finished yet
        steps = self.client.list_workflow_steps(job_id)
        last = max(steps, key=lambda step: step["function_id"], default=None)
        begin = 1
        if last is not None:
            begin = last["function_id"] + (1 if last["error"] is None else 0)
        self.client.rewind_workflow(job_id, start_step=begin, queue_name=queue)

    def running(self, executor: str | None = None) -> list[Owned]:
        """The jobs that the engine holds to be running, of one process or of all."""
        rows = self.client.list_workflows(
            status="PENDING", executor_id=executor, name=WORKFLOW, load_input=False, load_output=False
        )
        return [Owned(row.workflow_id, row.executor_id or "", row.queue_name) for row in rows]

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """Which of these jobs the engine will still run."""
        rows = self.client.list_workflows(workflow_ids=job_ids, load_input=False, load_output=False)
        return {row.workflow_id for row in rows if row.status in ("PENDING", "ENQUEUED", "DELAYED")}

    def forget(self, job_ids: list[str]) -> None:
        """Delete finished jobs with all their recorded steps."""
        self.client.delete_workflows(job_ids)


async def step(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
    """Run one step of the job that runs here, or give what it gave when it ran before."""
    from dbos import DBOS

    async def body() -> Any:
        return await call()

    return await DBOS.run_step_async({"name": name}, body)


def _register() -> None:
    """Tell the engine, once a process, that there is one kind of workflow: a job by its id."""
    global _registered
    if _registered:
        return
    from dbos import DBOS

    async def run_job(job_id: str) -> None:
        if _current is not None:
            await _current(job_id)

    DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(run_job)
    _registered = True


def _sync_engine(url: str, is_sqlite: bool) -> sa.Engine:
    if not is_sqlite:
        return sa.create_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=10, connect_args=POSTGRES_ARGS
        )
    engine = sa.create_engine(url, connect_args={"timeout": 30}, pool_size=5, max_overflow=10)

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", on_connect)
    return engine
