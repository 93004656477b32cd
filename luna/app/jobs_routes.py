"""Background jobs: what runs, how far it is, and how to stop it or try it again."""

import asyncio
import contextlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, WebSocket, WebSocketException, status
from starlette.websockets import WebSocketDisconnect

from luna.app.edge import Streams
from luna.kernel.errors import LunaError
from luna.kernel.http import PROBLEMS, Asker, Asking, Running
from luna.kernel.jobs import JobLine, JobPage, Jobs, JobStatus, JobView
from luna.kernel.values import Frozen

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=PROBLEMS)

JobId = Annotated[str, Path(max_length=80, description="The id of a job.")]


class JobLog(Frozen):
    """What a job has said, oldest first; the last thousand lines."""

    lines: list[JobLine]


class JobNews(Frozen):
    """A message of /jobs/ws: first a snapshot of the latest jobs, then whatever has changed."""

    event: Literal["snapshot", "changed"]
    jobs: list[JobView]


@router.get("")
async def list_jobs(
    runtime: Running,
    asker: Asking,
    status: Annotated[JobStatus | None, Query(description="Only jobs that stand there.")] = None,
    kind: Annotated[str | None, Query(max_length=80, description="Only jobs of this kind.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JobPage:
    """Your jobs, newest first."""
    return await runtime.jobs.page(asker.id, status=status, kind=kind, limit=limit, offset=offset)


@router.get("/{job_id}")
async def get_job(runtime: Running, asker: Asking, job_id: JobId) -> JobView:
    """One job: its state, progress, result, or why it failed."""
    return await runtime.jobs.get(asker.id, job_id)


@router.post("/{job_id}/cancel")
async def cancel_job(runtime: Running, asker: Asking, job_id: JobId) -> JobView:
    """Stop a job, or do not start it. What it has finished stays."""
    return await runtime.jobs.cancel(asker.id, job_id)


@router.post("/{job_id}/retry")
async def retry_job(runtime: Running, asker: Asking, job_id: JobId) -> JobView:
    """Run a failed or cancelled job again, from the step that failed."""
    return await runtime.jobs.retry(asker.id, job_id)


@router.get("/{job_id}/log")
async def get_job_log(runtime: Running, asker: Asking, job_id: JobId) -> JobLog:
    """What a job has said on its way."""
    return JobLog(lines=await runtime.jobs.log(asker.id, job_id))


def get_ws_asker(websocket: WebSocket) -> Asker:
    """Who opened the socket. Closes it (1008) when nobody is signed in."""
    asker: Asker | None = getattr(websocket.state, "asker", None)
    if asker is None:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "not-signed-in")
    return asker


@router.websocket("/ws")
async def watch_jobs(websocket: WebSocket, asker: Annotated[Asker, Depends(get_ws_asker)]) -> None:
    """Your jobs as they change: a `JobNews` snapshot, then one for each change. What you send is ignored."""
    jobs: Jobs = websocket.app.state.runtime.jobs
    streams: Streams | None = getattr(websocket.app.state, "streams", None)
    await websocket.accept()
    sending = asyncio.create_task(_send_changes(websocket, jobs, asker.id))
    listening = asyncio.create_task(_until_closed(websocket))
    if streams is not None:
        streams.add(sending)  # a server that stops ends it
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if streams is not None:
            streams.remove(sending)
        for task in (sending, listening):
            task.cancel()
        await asyncio.wait({sending, listening})
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # closed by the other side already
            await websocket.close(status.WS_1001_GOING_AWAY)


async def _send_changes(websocket: WebSocket, jobs: Jobs, owner: str) -> None:
    event: Literal["snapshot", "changed"] = "snapshot"
    # A database that is away, or a reader that has gone, ends the socket: the reader opens another one.
    with contextlib.suppress(LunaError, WebSocketDisconnect, RuntimeError):
        async with contextlib.aclosing(jobs.changes(owner)) as changes:
            async for views in changes:
                await websocket.send_text(JobNews(event=event, jobs=views).model_dump_json())
                event = "changed"


async def _until_closed(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
