"""What a job sees while it runs, and the list of everything that can be asked for as a job."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from luna.kernel import jobs_engine
from luna.kernel.jobs_faults import decode, encode, is_outage, jsonable, storable
from luna.kernel.jobs_types import JobInterrupted

if TYPE_CHECKING:
    from luna.kernel.jobs_runner import Runner
    from luna.kernel.runtime import Runtime

Work = Callable[..., Awaitable[Any]]
W = TypeVar("W", bound=Work)

PROGRESS_EVERY = 0.2
"""Seconds between two writes of progress: a job may report as often as it likes."""


@dataclass(frozen=True)
class Kind:
    """One kind of job: its name, how it is called in lists, and what it does."""

    name: str
    title: str
    work: Work


KINDS: dict[str, Kind] = {}


def job(kind: str, *, title: str = "") -> Callable[[W], W]:
    """Mark `async def f(context: JobContext, **args)` as what a job of this kind does.

    The function may run several times over (a crash, a takeover, a retry), so everything it does to the
    world belongs into steps: `await context.step(...)`. Between steps it only decides, and it must decide
    alike every time. What it returns is kept as JSON.
    """

    def mark(work: W) -> W:
        known = KINDS.get(kind)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"two jobs are called {kind!r}")
        KINDS[kind] = Kind(kind, title or kind.replace("-", " ").capitalize(), work)
        return work

    return mark


@dataclass
class Run:
    """One execution of a job in this process. `stopped` says that it has to end without an outcome."""

    job_id: str
    token: str
    takeovers: int = 0
    task: "asyncio.Task[Any] | None" = None
    stopped: bool = False
    lines: list[str] = field(default_factory=list[str])
    progress: "tuple[int, int | None, str] | None" = None
    written_at: float = 0.0

    def stop(self) -> None:
        """End this execution at its next await."""
        self.stopped = True
        if self.task is not None:
            self.task.cancel()


class JobContext:
    """What a running job has in hand. `owner` owns the job, and whatever it makes."""

    def __init__(self, runner: "Runner", run: Run, owner: str, kind: str) -> None:
        self.job_id = run.job_id
        self.owner = owner
        self.kind = kind
        self._runner = runner
        self._run = run

    @property
    def runtime(self) -> "Runtime":
        """The runtime of the process that runs the job."""
        return self._runner.runtime()

    async def step(self, name: str, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Do something once: a step that has finished never runs again, its result is given instead.

        `work` may be a coroutine function or a plain one (which runs in a thread, and which a cancellation
        cannot stop). The result comes back as JSON values: models as dicts, tuples as lists. A crash in
        the middle of a step runs that step again, so it must bear being done twice. Errors are kept too.
        Never call it inside a transaction: on SQLite the step could not be written down.
        """
        from dbos import PortableWorkflowError

        fresh: list[Exception | None] = []

        async def once() -> Any:
            try:
                result = jsonable(await _call(work, *args, **named))
            except Exception as error:
                if is_outage(error):
                    raise JobInterrupted from error
                fresh.append(error)
                raise PortableWorkflowError(str(error), type(error).__name__, data=encode(error)) from error
            fresh.append(None)
            return result

        try:
            result = await jobs_engine.step(name, once)
        except PortableWorkflowError as kept:
            if fresh and fresh[0] is not None:
                raise fresh[0] from None
            data = cast(
                "dict[str, Any]", kept.data if isinstance(kept.data, dict) else {"message": str(kept)}
            )
            raise decode(data) from None
        if fresh and self._run.takeovers:
            await self._runner.forgive_takeovers(self._run)
        return result

    async def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far the job is. Cheap to call often: only some calls are written, the last one always."""
        self._run.progress = (done, total, storable(message))
        if done == total or time.monotonic() - self._run.written_at >= PROGRESS_EVERY:
            await self._runner.write_progress(self._run)

    def log(self, text: str) -> None:
        """Add a line to the job's log. It is written within half a second."""
        self._run.lines.append(storable(text))


async def _call(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    if inspect.iscoroutinefunction(work):
        return await work(*args, **named)
    result = await asyncio.to_thread(work, *args, **named)
    return await result if inspect.isawaitable(result) else result
