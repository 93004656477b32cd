"""A worker process for tests: python jobs_worker.py DATABASE_URL DIARY [BEAT TTL]

It writes "<pid> <step>" into the diary when a step has been done, and runs until it is told to stop.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from luna.app.worker import run_worker
from luna.kernel.database import Database
from luna.kernel.jobs import JobContext, Jobs, job
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id

DIARY = Path(sys.argv[2])


def write(what: object) -> None:
    with DIARY.open("a") as file:
        file.write(f"{os.getpid()} {what}\n")


@job("walk")
async def walk(context: JobContext, steps: int, seconds: float) -> int:
    async def go(n: int) -> int:
        await asyncio.sleep(seconds)
        write(n)
        return n

    done = 0
    for n in range(steps):
        done += await context.step(f"step {n}", go, n)
        await context.progress(n + 1, steps)
    return done


@job("poison")
async def poison(context: JobContext) -> None:
    async def die() -> None:
        write("died")
        os.kill(os.getpid(), signal.SIGKILL)

    await context.step("fine", asyncio.sleep, 0)
    await context.step("die", die)


async def main() -> None:
    beat, ttl = (float(arg) for arg in sys.argv[3:5] or ("0.5", "2"))
    jobs = Jobs(Database(sys.argv[1]), new_id(), queues={"work": 4}, beat=beat, ttl=ttl)
    await run_worker(cast("Runtime", SimpleNamespace(jobs=jobs)), drain=10)


if __name__ == "__main__":
    asyncio.run(main())
