"""Jobs over HTTP and over the socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from luna.app.jobs_routes import router
from luna.kernel.database import Database
from luna.kernel.errors import LunaError
from luna.kernel.http import Asker, problem
from luna.kernel.jobs import JobContext, Jobs, job
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id


@job("route-walk", title="Walk")
async def walk(context: JobContext, steps: int, fail: bool = False) -> int:
    for n in range(steps):
        await context.step(f"step {n}", asyncio.sleep, 0.1)
        await context.progress(n + 1, steps)
    context.log("arrived")
    if fail:
        raise LunaError("The way is blocked.", "Try another one.")
    return steps


class Named:
    """Stands in for signing in: the asker is the one that the query names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope.get("query_string", b"").decode().partition("as=")[2].partition("&")[0]
        if name:
            scope.setdefault("state", {})["asker"] = Asker(id=name, name=name, is_admin=False)
        await self.app(scope, receive, send)


class Server:
    """The routes on a loopback port."""

    def __init__(self, jobs: Jobs, port: int) -> None:
        self.jobs, self.port = jobs, port
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")

    async def ask(self, owner: str, **args: Any) -> str:
        async with self.jobs.db.begin() as tx:
            return await self.jobs.enqueue(tx, owner, "work", "route-walk", **args)

    async def get(self, path: str, owner: str, **query: Any) -> httpx.Response:
        return await self.client.get(path, params={"as": owner, **query})

    async def finished(self, owner: str, job_id: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            async for views in self.jobs.changes(owner):
                if any(view.id == job_id and view.finished_at for view in views):
                    break
        return (await self.get(f"/jobs/{job_id}", owner)).json()


@pytest_asyncio.fixture
async def server(database: Database) -> AsyncIterator[Server]:
    jobs = Jobs(database, new_id(), queues={"work": 2}, beat=0.5, ttl=2)
    await jobs.launch()
    app = FastAPI()
    app.include_router(router)
    app.state.runtime = cast("Runtime", type("OnlyJobs", (), {"jobs": jobs})())
    app.add_middleware(Named)

    @app.exception_handler(LunaError)
    async def refuse(_request: Request, error: LunaError) -> Response:
        return problem(error)

    listener = socket.create_server(("127.0.0.1", 0))
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(uvicorn_server.serve([listener]))
    made = Server(jobs, listener.getsockname()[1])
    yield made
    await made.client.aclose()
    uvicorn_server.should_exit = True
    await serving
    await jobs.close()


async def test_the_life_of_a_job(server: Server) -> None:
    job_id = await server.ask("ada", steps=2)
    job_ = await server.finished("ada", job_id)
    assert (job_["status"], job_["result"], job_["title"]) == ("done", 2, "Walk")
    log = (await server.get(f"/jobs/{job_id}/log", "ada")).json()
    assert [line["text"] for line in log["lines"]] == ["arrived"]
    again = await server.client.post(f"/jobs/{job_id}/retry", params={"as": "ada"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_cancel_and_retry(server: Server) -> None:
    job_id = await server.ask("ada", steps=50)
    cancelled = await server.client.post(f"/jobs/{job_id}/cancel", params={"as": "ada"})
    assert cancelled.json()["status"] == "cancelled"
    failing = await server.ask("ada", steps=0, fail=True)
    assert (await server.finished("ada", failing))["error"] == "The way is blocked. Try another one."
    again = await server.client.post(f"/jobs/{failing}/retry", params={"as": "ada"})
    assert again.json()["status"] == "queued"
    await server.finished("ada", failing)


async def test_lists_are_filtered_and_paged(server: Server) -> None:
    ids = [await server.ask("ada", steps=0) for _ in range(3)]
    for job_id in ids:
        await server.finished("ada", job_id)
    page = (await server.get("/jobs", "ada", status="done", kind="route-walk", limit=2)).json()
    assert (page["total"], [job_["id"] for job_ in page["jobs"]]) == (3, [ids[2], ids[1]])
    assert (await server.get("/jobs", "ada", status="failed")).json()["total"] == 0
    assert (await server.get("/jobs", "ada", status="odd")).status_code == 422
    assert (await server.get("/jobs", "ada", limit=0)).status_code == 422


async def test_anothers_job_is_not_there(server: Server) -> None:
    job_id = await server.ask("ada", steps=0)
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/log", "/jobs/no-such"):
        answer = await server.get(path, "bob")
        assert (answer.status_code, answer.json()["code"]) == (404, "job-not-found")
    for verb in ("cancel", "retry"):
        answer = await server.client.post(f"/jobs/{job_id}/{verb}", params={"as": "bob"})
        assert answer.status_code == 404
    assert (await server.get("/jobs", "bob")).json() == {"jobs": [], "total": 0}
    assert (await server.client.get("/jobs")).status_code == 401


async def test_the_socket_tells_the_owner_alone(server: Server) -> None:
    before = await server.ask("ada", steps=0)
    await server.finished("ada", before)
    url = f"ws://127.0.0.1:{server.port}/jobs/ws"
    async with connect(f"{url}?as=ada") as ada, connect(f"{url}?as=bob") as bob:
        news = json.loads(await ada.recv())
        assert (news["event"], [job_["id"] for job_ in news["jobs"]]) == ("snapshot", [before])
        assert json.loads(await bob.recv()) == {"event": "snapshot", "jobs": []}
        await ada.send("whatever")
        job_id = await server.ask("ada", steps=3)
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(10):
            while not told or told[-1]["status"] != "done":
                news = json.loads(await ada.recv())
                assert news["event"] == "changed"
                told += [job_ for job_ in news["jobs"] if job_["id"] == job_id]
        assert {"running", "done"} <= {job_["status"] for job_ in told}
        assert [job_["done"] for job_ in told] == sorted(job_["done"] for job_ in told)
        await server.finished("bob", await server.ask("bob", steps=0))
        bobs = json.loads(await bob.recv())["jobs"]
        assert all(job_["id"] != job_id for job_ in bobs)


async def test_the_socket_is_for_those_who_are_signed_in(server: Server) -> None:
    try:
        async with connect(f"ws://127.0.0.1:{server.port}/jobs/ws") as opened:
            await opened.recv()
    except (InvalidStatus, ConnectionClosed):
        return
    raise AssertionError("the socket was opened")
