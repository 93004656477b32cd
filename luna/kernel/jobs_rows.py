"""The queries of jobs. Everything an execution writes names its run, so that a stale one writes nothing."""

from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from luna.kernel.database import Transaction
from luna.kernel.errors import NotFound
from luna.kernel.jobs_tables import JobLogRow, JobRow
from luna.kernel.jobs_types import ACTIVE, JobLine, JobPage, JobStatus, JobView
from luna.kernel.values import now

MOST_LINES = 1000


class Start(NamedTuple):
    """What an execution has to know."""

    owner: str
    kind: str
    args: dict[str, Any]
    takeovers: int


def _view(row: JobRow) -> JobView:
    return JobView.model_validate({name: getattr(row, name) for name in JobView.model_fields})


async def insert(tx: Transaction, **values: Any) -> str:
    """Make a job, or find the one that holds its dedup key; gives the id."""
    make = postgresql.insert if tx.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(JobRow).values(created_at=now(), **values).on_conflict_do_nothing()
    holder = sa.select(JobRow.id).where(JobRow.owner == values["owner"], JobRow.dedup == values["dedup"])
    while True:
        made = await tx.scalar(statement.returning(JobRow.id))
        found = made or await tx.scalar(holder)
        if found:  # else the holder finished between the two
            return found


async def page(
    tx: Transaction, owner: str, *, status: JobStatus | None, kind: str | None, limit: int, offset: int
) -> JobPage:
    fits = [JobRow.owner == owner]
    if status is not None:
        fits.append(JobRow.status == status)
    if kind is not None:
        fits.append(JobRow.kind == kind)
    total = await tx.scalar(sa.select(sa.func.count()).select_from(JobRow).where(*fits))
    query = sa.select(JobRow).where(*fits).order_by(JobRow.created_at.desc(), JobRow.id)
    found = await tx.scalars(query.limit(limit).offset(offset))
    return JobPage(jobs=tuple(_view(row) for row in found), total=total or 0)


async def get(tx: Transaction, owner: str, job_id: str) -> JobView:
    row = await tx.scalar(sa.select(JobRow).where(JobRow.id == job_id, JobRow.owner == owner))
    if row is None:
        raise NotFound("job")
    return _view(row)


async def lines(tx: Transaction, job_id: str) -> list[JobLine]:
    query = sa.select(JobLogRow).where(JobLogRow.job_id == job_id).order_by(JobLogRow.id.desc())
    found = list(await tx.scalars(query.limit(MOST_LINES)))
    return [JobLine(at=row.at, text=row.text) for row in reversed(found)]


async def cancel(tx: Transaction, owner: str, job_id: str) -> JobView:
    values = {"status": JobStatus.cancelled, "dedup": None, "run": None, "finished_at": now()}
    active = (JobRow.id == job_id, JobRow.status.in_(ACTIVE))
    await tx.execute(sa.update(JobRow).where(*active).values(values))
    tx.expire_all()
    return await get(tx, owner, job_id)


async def requeue(tx: Transaction, job_id: str) -> JobView | None:
    """Make a failed or cancelled job a queued one; None when it is something else meanwhile."""
    values = {
        "status": JobStatus.queued,
        "error": "",
        "message": "",
        "takeovers": 0,
        "run": None,
        "finished_at": None,
    }
    fits = (JobRow.id == job_id, JobRow.status.in_((JobStatus.failed, JobStatus.cancelled)))
    query = sa.update(JobRow).where(*fits).values(values).returning(JobRow)
    row = (await tx.scalars(query, execution_options={"populate_existing": True})).first()
    return None if row is None else _view(row)


async def start(tx: Transaction, job_id: str, token: str) -> Start | None:
    """Begin an execution; None when there is nothing to run."""
    values = {
        "status": JobStatus.running,
        "run": token,
        "attempts": JobRow.attempts + 1,
        "started_at": sa.func.coalesce(JobRow.started_at, sa.bindparam("at", now(), JobRow.started_at.type)),
    }
    query = sa.update(JobRow).where(JobRow.id == job_id, JobRow.status.in_(ACTIVE)).values(values)
    found = await tx.execute(query.returning(JobRow.owner, JobRow.kind, JobRow.args, JobRow.takeovers))
    row = found.first()
    return None if row is None else Start(*row)


async def write(
    tx: Transaction, job_id: str, token: str, progress: tuple[int, int | None, str] | None, said: list[str]
) -> None:
    """Write progress and log lines of an execution, if it still counts."""
    mine = (JobRow.id == job_id, JobRow.run == token)
    if progress is not None:
        done, total, message = progress
        await tx.execute(sa.update(JobRow).where(*mine).values(done=done, total=total, message=message))
    if said and await tx.scalar(sa.select(JobRow.id).where(*mine)):
        tx.add_all(JobLogRow(job_id=job_id, text=text) for text in said)


async def forgive(tx: Transaction, job_id: str, token: str) -> None:
    await tx.execute(sa.update(JobRow).where(JobRow.id == job_id, JobRow.run == token).values(takeovers=0))


async def release(tx: Transaction, job_id: str, token: str) -> None:
    """An execution was ended with care: that is not the job's fault, and does not count as a takeover."""
    mine = (JobRow.id == job_id, JobRow.run == token)
    await tx.execute(sa.update(JobRow).where(*mine).values(status=JobStatus.queued, run=None))


async def finish(tx: Transaction, job_id: str, token: str, **outcome: Any) -> None:
    """Record how an execution ended, if it still counts."""
    values = {"run": None, "dedup": None, "finished_at": now(), **outcome}
    await tx.execute(sa.update(JobRow).where(JobRow.id == job_id, JobRow.run == token).values(values))


async def valid_tokens(tx: Transaction, tokens: list[str]) -> set[str]:
    """Which of these executions still count."""
    found = await tx.scalars(sa.select(JobRow.run).where(JobRow.run.in_(tokens)))
    return cast("set[str]", set(found))
