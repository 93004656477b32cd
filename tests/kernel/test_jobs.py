"""Jobs in one process, on both databases."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from luna.kernel.database import Database
from luna.kernel.errors import Conflict, NotFound, ProviderError, ProviderFault, Unavailable
from luna.kernel.jobs import JobContext, Jobs, JobStatus, JobView, job
from luna.kernel.jobs_tables import ENGINE_SCHEMA, ENGINE_TABLES
from luna.kernel.values import new_id

OWNER = "ada"
seen: list[str] = []
broken = {"second": True}


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()
    broken["second"] = True


@job("test-count", title="Count")
async def count(context: JobContext, to: int) -> dict[str, int]:
    total = 0
    for n in range(to):
        total += await context.step(f"add {n}", lambda n=n: n)
        await context.progress(n + 1, to, f"{n + 1} of {to}")
        context.log(f"added {n}")
    return {"total": total}


@job("test-sleep")
async def sleep_long(context: JobContext, seconds: float = 30.0) -> None:
    seen.append("begin")
    try:
        await context.step("sleep", asyncio.sleep, seconds)
    except asyncio.CancelledError:
        seen.append("stopped")
        raise
    seen.append("end")


@job("test-stubborn")
async def stubborn(context: JobContext) -> str:
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        seen.append("ignored")
    await asyncio.sleep(0.3)
    await context.progress(1, 1, "still here")
    return "too late"


@job("test-three")
async def three(context: JobContext) -> str:
    await context.step("first", seen.append, "first")
    await context.step("second", second)
    await context.step("third", seen.append, "third")
    return "well"


def second() -> None:
    seen.append("second")
    if broken["second"]:
        raise Unavailable("The second thing is away.", "Mend it.", code="second-away")


@job("test-bug")
async def bug(context: JobContext) -> None:
    raise KeyError("secret-detail")


@job("test-odd")
async def odd(context: JobContext) -> str:
    context.log("a\udcffb")
    context.log("c\0")
    await context.progress(1, 2, "\0")
    raise Unavailable("The text\0 is odd \udcff.")


@job("test-odd-result")
async def odd_result(context: JobContext, said: str) -> tuple[Any, str]:
    def make() -> dict[str, Any]:
        return {"text": "half \udcff\0", "number": float("nan")}

    return await context.step("make", make), said


@job("test-provider")
async def provider(context: JobContext) -> str:
    try:
        await context.step("call", vendor)
    except ProviderError as error:
        return f"{error.kind} {error.provider} {error.status}"
    return "?"


async def vendor() -> None:
    raise ProviderError(ProviderFault.rate_limited, "Slow down.", provider="acme", status=429)


@pytest_asyncio.fixture
async def jobs(database: Database) -> AsyncIterator[Jobs]:
    made = Jobs(database, new_id(), queues={"work": 2}, beat=0.5, ttl=2, poll=0.25)
    await made.launch()
    yield made
    await made.close()


async def ask(jobs: Jobs, kind: str, owner: str = OWNER, **args: Any) -> str:
    async with jobs.db.begin() as tx:
        return await jobs.enqueue(tx, owner, "work", kind, **args)


async def until(jobs: Jobs, job_id: str, fits: Callable[[JobView], bool], seconds: float = 10) -> JobView:
    end = time.monotonic() + seconds
    while not fits(view := await jobs.get(OWNER, job_id)):
        assert time.monotonic() < end, view
        await asyncio.sleep(0.03)
    return view


def finished(view: JobView) -> bool:
    return view.finished_at is not None


async def test_a_job_runs_to_its_result(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-count", to=5)
    view = await until(jobs, job_id, finished)
    assert (view.status, view.result, view.attempts) == (JobStatus.done, {"total": 10}, 1)
    assert (view.done, view.total, view.message, view.title) == (5, 5, "5 of 5", "Count")
    assert [line.text for line in await jobs.log(OWNER, job_id)] == [f"added {n}" for n in range(5)]


async def test_a_job_starts_at_once(database: Database) -> None:
    """Queues are polled rarely, but an enqueue in the same process rings."""
    jobs = Jobs(database, new_id(), queues={"work": 2}, poll=30)
    await jobs.launch()
    await asyncio.sleep(1.5)  # all pollers are asleep now
    begun = time.monotonic()
    for _ in range(4):
        await until(jobs, await ask(jobs, "test-count", to=1), finished)
    assert time.monotonic() - begun < 3
    await jobs.close()


async def test_a_job_commits_or_vanishes_with_its_transaction(jobs: Jobs) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with jobs.db.begin() as tx:
            lost = await jobs.enqueue(tx, OWNER, "work", "test-count", to=1)
            raise ZeroDivisionError
    with pytest.raises(NotFound):
        await jobs.get(OWNER, lost)
    async with jobs.db.begin() as tx:
        late = await jobs.enqueue(tx, OWNER, "work", "test-count", to=1)
        await asyncio.sleep(0.6)  # longer than a poll: it must not start before the commit
        assert not jobs.running
    assert (await until(jobs, late, finished)).status == JobStatus.done
    table = "workflow_status" if jobs.db.is_sqlite else "dbos.workflow_status"
    async with jobs.db.read() as tx:
        assert await tx.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 1


async def test_cancel_stops_within_a_second(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-sleep")
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    begun = time.monotonic()
    assert (await jobs.cancel(OWNER, job_id)).status == JobStatus.cancelled
    while jobs.running:
        assert time.monotonic() - begun < 1
        await asyncio.sleep(0.01)
    assert seen == ["begin", "stopped"]
    assert (await jobs.cancel(OWNER, job_id)).status == JobStatus.cancelled  # twice is no error


async def test_cancel_from_another_process_stops_within_a_second(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-sleep")
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    begun = time.monotonic()
    async with jobs.db.begin() as tx:  # what another process does is seen in the row only
        await tx.execute(sa.text("UPDATE job SET status = 'cancelled', run = NULL"))
    while jobs.running:
        assert time.monotonic() - begun < 1
        await asyncio.sleep(0.01)
    assert seen == ["begin", "stopped"]


async def test_a_cancelled_job_in_the_queue_never_starts(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-sleep", delay=1.0)
    await jobs.cancel(OWNER, job_id)
    await asyncio.sleep(2.5)
    assert seen == []


async def test_retry_keeps_finished_steps(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-three")
    view = await until(jobs, job_id, finished)
    assert (view.status, view.error) == (JobStatus.failed, "The second thing is away. Mend it.")
    broken["second"] = False
    assert (await jobs.retry(OWNER, job_id)).status == JobStatus.queued
    view = await until(jobs, job_id, finished)
    assert (view.status, view.result, view.error, view.attempts) == (JobStatus.done, "well", "", 2)
    assert seen == ["first", "second", "second", "third"]
    with pytest.raises(Conflict):
        await jobs.retry(OWNER, job_id)
    with pytest.raises(Conflict):
        await jobs.cancel(OWNER, job_id)


async def test_a_cancelled_job_can_be_retried(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-sleep", seconds=1.0)
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    await jobs.cancel(OWNER, job_id)
    await jobs.retry(OWNER, job_id)
    assert (await until(jobs, job_id, finished)).status == JobStatus.done
    assert seen == ["begin", "stopped", "begin", "end"]


async def test_a_job_that_does_not_listen_is_left_behind(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-stubborn")
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    await jobs.cancel(OWNER, job_id)
    await asyncio.sleep(0.6)
    view = await until(jobs, job_id, finished)
    assert (view.status, view.result, view.done) == (JobStatus.cancelled, None, 0)
    assert seen == ["ignored"]


async def tables(db: Database) -> set[str]:
    async with db.read() as tx:
        connection = await tx.connection()
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


async def test_the_engines_tables_are_known(database: Database) -> None:
    """Migrations have to leave them alone."""
    before = await tables(database)
    jobs = Jobs(database, new_id(), poll=0.25)
    await jobs.launch()
    await jobs.close()
    assert await tables(database) - before == (ENGINE_TABLES if database.is_sqlite else set())
    if not database.is_sqlite:
        async with database.read() as tx:
            query = sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
            assert await tx.scalar(query, {"name": ENGINE_SCHEMA}) == 1


async def test_writers_and_steps_do_not_lock_each_other_out(jobs: Jobs) -> None:
    """On SQLite there is one writer at a time: steps wait for transactions and the other way round."""
    ids: list[str] = []
    for n in range(10):
        async with jobs.db.begin() as tx:
            ids.append(await jobs.enqueue(tx, OWNER, "work", "test-count", to=8))
            await tx.execute(
                sa.text("INSERT INTO setting (name, value, changed_at) VALUES (:n, '1', '2026-01-01')"),
                {"n": str(n)},
            )
            await asyncio.sleep(0.05)
    for job_id in ids:
        assert (await until(jobs, job_id, finished, 20)).status == JobStatus.done


async def test_a_bug_is_told_by_its_trace_only(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    view = await until(jobs, await ask(jobs, "test-bug"), finished)
    assert view.error.startswith("internal error, trace ")
    assert "secret-detail" not in view.model_dump_json()
    assert view.error.split()[-1] in caplog.text
    assert "KeyError" in caplog.text


async def test_an_unknown_kind_fails(jobs: Jobs) -> None:
    view = await until(jobs, await ask(jobs, "no-such-kind"), finished)
    assert view.status == JobStatus.failed


async def test_a_failed_step_is_an_ordinary_error_in_the_job(jobs: Jobs) -> None:
    view = await until(jobs, await ask(jobs, "test-provider"), finished)
    assert view.result == "rate_limited acme 429"


async def test_dedup_gives_the_job_under_way(jobs: Jobs) -> None:
    first = await ask(jobs, "test-sleep", dedup="one", seconds=0.5)
    assert await ask(jobs, "test-sleep", dedup="one") == first
    assert await ask(jobs, "test-sleep", owner="bob", dedup="one", seconds=0.1) != first
    await until(jobs, first, finished)
    assert await ask(jobs, "test-sleep", dedup="one", seconds=0.1) != first


async def test_dedup_holds_when_two_ask_at_the_same_time(jobs: Jobs) -> None:
    ids = await asyncio.gather(*(ask(jobs, "test-sleep", dedup="same", seconds=0.5) for _ in range(6)))
    assert len(set(ids)) == 1


async def test_odd_text_does_no_harm(jobs: Jobs) -> None:
    view = await until(jobs, await ask(jobs, "test-odd"), finished)
    assert (view.status, view.error) == (JobStatus.failed, "The text is odd ?.")
    assert [line.text for line in await jobs.log(OWNER, view.id)] == ["a?b", "c"]


async def test_odd_values_are_made_storable(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-odd-result", said="x\0\udcff")
    view = await until(jobs, job_id, finished)
    assert view.args == {"said": "x?"}
    assert view.result == [{"text": "half ?", "number": None}, "x?"]
    assert json.loads(view.model_dump_json())["result"] == view.result


async def test_retry_is_given_to_one_alone(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-sleep", seconds=1.0)
    await jobs.cancel(OWNER, job_id)
    answers = await asyncio.gather(*(jobs.retry(OWNER, job_id) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, JobView) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert (await until(jobs, job_id, finished)).status == JobStatus.done


async def test_a_delayed_job_waits(jobs: Jobs) -> None:
    begun = time.monotonic()
    job_id = await ask(jobs, "test-count", delay=1.0, to=1)
    await until(jobs, job_id, finished)
    assert time.monotonic() - begun >= 0.9


async def test_a_queue_runs_no_more_at_once_than_it_says(jobs: Jobs) -> None:
    ids = [await ask(jobs, "test-sleep", seconds=0.3) for _ in range(4)]
    most = 0
    while not all([finished(await jobs.get(OWNER, job_id)) for job_id in ids]):
        most = max(most, len(jobs.running))
        await asyncio.sleep(0.02)
    assert most == 2


async def test_jobs_are_their_owners_alone(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-count", to=1)
    await until(jobs, job_id, finished)
    for verb in (jobs.get, jobs.log, jobs.cancel, jobs.retry):
        with pytest.raises(NotFound):
            await verb("bob", job_id)
    assert (await jobs.page("bob")).total == 0
    assert (await jobs.page(OWNER)).jobs[0].id == job_id


async def test_pages_filter_and_count(jobs: Jobs) -> None:
    ids = [await ask(jobs, "test-count", to=n) for n in range(3)]
    for job_id in ids:
        await until(jobs, job_id, finished)
    await until(jobs, await ask(jobs, "test-bug"), finished)
    assert (await jobs.page(OWNER, kind="test-count")).total == 3
    assert (await jobs.page(OWNER, status=JobStatus.failed)).total == 1
    page = await jobs.page(OWNER, limit=2, offset=1)
    assert [view.id for view in page.jobs] == [ids[2], ids[1]]
    assert page.total == 4


async def test_changes_begin_with_what_there_is(jobs: Jobs) -> None:
    changes = jobs.changes(OWNER)
    assert await anext(changes) == []
    job_id = await ask(jobs, "test-count", to=3)
    states: list[tuple[str, int]] = []
    async for views in changes:
        states += [(view.status, view.done) for view in views if view.id == job_id]
        if states[-1][0] == "done":
            break
    assert states[-1] == ("done", 3)
    await changes.aclose()
    changes = jobs.changes(OWNER)
    assert [view.id for view in await anext(changes)] == [job_id]
    await changes.aclose()


async def test_what_is_interrupted_goes_on_after_the_next_start(database: Database) -> None:
    jobs = Jobs(database, new_id(), queues={"work": 2}, beat=0.5, ttl=2)
    await jobs.launch()
    job_id = await ask(jobs, "test-sleep", seconds=1.0)
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    await jobs.close()
    assert seen == ["begin", "stopped"]
    assert (await jobs.get(OWNER, job_id)).status == JobStatus.queued
    jobs = Jobs(database, new_id(), queues={"work": 2}, beat=0.5, ttl=2)
    await jobs.launch()
    view = await until(jobs, job_id, finished)
    assert (view.status, view.attempts, view.takeovers) == (JobStatus.done, 2, 0)
    await jobs.close()


async def test_closing_can_wait_for_what_runs(database: Database) -> None:
    jobs = Jobs(database, new_id(), queues={"work": 2}, beat=0.5, ttl=2)
    await jobs.launch()
    job_id = await ask(jobs, "test-sleep", seconds=1.0)
    await until(jobs, job_id, lambda view: view.status == JobStatus.running)
    await jobs.close(drain=5)
    assert (await jobs.get(OWNER, job_id)).status == JobStatus.done


async def test_old_jobs_are_collected(jobs: Jobs) -> None:
    job_id = await ask(jobs, "test-count", to=1)
    await until(jobs, job_id, finished)
    async with jobs.db.begin() as tx:
        await tx.execute(sa.text("UPDATE job SET finished_at = '2020-01-01'"))
    await jobs.collect()
    with pytest.raises(NotFound):
        await jobs.get(OWNER, job_id)
    table = "workflow_status" if jobs.db.is_sqlite else "dbos.workflow_status"
    async with jobs.db.read() as tx:
        assert await tx.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0
        assert await tx.scalar(sa.text("SELECT count(*) FROM job_log")) == 0
