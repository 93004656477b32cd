"""A full disk and a locked database: a plain answer, nothing half-written, and it goes on afterwards."""

import asyncio
import sqlite3
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from playing import act, begin, ok, texts
from served import problem
from sqlalchemy import event

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def with_pragma(app: FastAPI, pragma: str) -> Any:
    """Give every new connection a pragma, and forget the old ones."""
    engine = app.state.runtime.db.engine

    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", on_connect)
    await engine.dispose()
    return lambda: event.remove(engine.sync_engine, "connect", on_connect)


async def test_a_full_disk(client: httpx.AsyncClient, app: FastAPI) -> None:
    story = await begin(client)
    before = await texts(client, story)
    async with app.state.runtime.db.read() as tx:
        import sqlalchemy as sa

        pages = await tx.scalar(sa.text("PRAGMA page_count"))
    undo = await with_pragma(app, f"max_page_count={pages}")
    long = "x" * 4000
    answers = [
        await client.post("/narrate/turn", json={"story_id": story, "user_action": long}) for _ in range(8)
    ]
    failed = [a for a in answers if a.status_code != 200]
    assert failed
    problem(failed[0], 503, "disk-full")
    assert {a.json()["code"] for a in failed} <= {"disk-full", "turn-in-progress"}
    undo()
    await app.state.runtime.db.engine.dispose()
    told = await texts(client, story)
    assert told[: len(before)] == before
    assert len(told) == len(before) + sum(a.status_code == 200 for a in answers)
    deadline = time.monotonic() + 20
    while (
        again := await client.post("/narrate/turn", json={"story_id": story, "user_action": "wait"})
    ).is_error:
        assert time.monotonic() < deadline, again.text
        await asyncio.sleep(0.1)
    assert again.json()["turn_number"] == len(told)


async def test_a_locked_database(client: httpx.AsyncClient, app: FastAPI, database_url: str) -> None:
    story = await begin(client)
    await with_pragma(app, "busy_timeout=100")
    other = sqlite3.connect(database_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await client.post("/narrate/turn", json={"story_id": story, "user_action": "wait"})
    problem(refused, 503, "database-locked")
    assert len(await texts(client, story)) == 1, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    assert (await act(client, story, "wait"))["turn_number"] == 1
    assert (await ok(await client.get("/health")))["status"] == "ok"
