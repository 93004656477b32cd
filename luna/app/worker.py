"""A process that only runs jobs: several of them share one PostgreSQL."""

import asyncio
import logging
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from luna.kernel.runtime import Runtime

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 20.0
"""How long running jobs may go on after the process was told to stop. The rest goes on elsewhere."""


async def run_worker(runtime: Runtime, *, drain: float = DRAIN_SECONDS) -> None:
    """Run jobs until SIGTERM or SIGINT, then take no more and let those that run end; a second signal cuts
    that short. The jobs are closed at the end, the rest of the runtime is for the caller to close."""
    jobs = runtime.jobs
    stop, hurry = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    with _signals_calling(told):
        await jobs.launch()
        logger.info("worker: ready for the queues %s", ", ".join(sorted(jobs.queues)))
        await stop.wait()
        logger.info("worker: stopping, %d jobs still run", len(jobs.running))
        closing = asyncio.create_task(jobs.close(drain))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({closing, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not closing.done():
            await jobs.interrupt()
        await closing
    logger.info("worker: stopped")


@contextmanager
def _signals_calling(told: Callable[[], None]) -> Generator[None]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        try:
            loop.add_signal_handler(number, told)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(told))
    try:
        yield
    finally:
        for number in numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])
