"""A worker process that is told to stop lets its jobs end; told twice, it leaves them to others."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from luna.kernel.database import Database
from luna.kernel.jobs import Jobs, JobStatus
from luna.kernel.values import new_id

ROOT = Path(__file__).parents[2]
WORKER = ROOT / "tests" / "kernel" / "jobs_worker.py"


@pytest.mark.parametrize("signals", [1, 2])
async def test_a_worker_that_is_told_to_stop(database: Database, tmp_path: Path, signals: int) -> None:
    asking = Jobs(database, new_id(), queues={"work": 4}, worker=False)
    await asking.launch()
    async with database.begin() as tx:
        job_id = await asking.enqueue(tx, "ada", "work", "walk", steps=8, seconds=0.25)
    command = (sys.executable, str(WORKER), database.url, str(tmp_path / "diary"))
    worker = await asyncio.create_subprocess_exec(*command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        async with asyncio.timeout(20):
            async for views in asking.changes("ada"):
                if any(view.done >= 2 for view in views):
                    break
        for _ in range(signals):
            worker.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
        assert await asyncio.wait_for(worker.wait(), 15) == 0
    finally:
        if worker.returncode is None:
            worker.kill()
    view = await asking.get("ada", job_id)
    assert (view.status == JobStatus.done) == (signals == 1), view
    await asking.close()
