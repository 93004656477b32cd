"""Nobody sees or touches what belongs to somebody else: every route of the API, with another's ids.

The routes are read from the API's own description, so a new one fails here until it has a rule.
"""

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI
from playing import act, begin, ok
from served import PASSWORD, found, visit
from strangers import ADMIN, MARK, RULES, Rule

from luna.accounts import passwords
from luna.accounts.service import prepare_first
from luna.costs.prices import FREE
from luna.costs.tables import LedgerEntryRow
from luna.imaging import service as imaging
from luna.imaging.types import ImageRequest
from luna.kernel.database import Base
from luna.kernel.jobs_tables import JobLogRow, JobRow
from luna.kernel.runtime import Runtime

WORLD_FILE = f"""
title: The {MARK}
places:
  quay: {{name: the quay, description: Wet stone under a low sky. Gulls walk about on it.}}
"""

Things = dict[str, str]


@dataclass(frozen=True)
class People:
    """Ada owns one of everything, Bob too; Root is the administrator."""

    root: httpx.AsyncClient
    ada: httpx.AsyncClient
    bob: httpx.AsyncClient
    hers: Things
    his: Things


@pytest_asyncio.fixture
async def people(app: FastAPI, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[People]:
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    await runtime.jobs.launch()
    code = await prepare_first(runtime)
    assert code
    async with visit(app) as first:
        signed = await found(first, code, "root")
    root = visit(app, token=signed["access_token"])
    clients: list[httpx.AsyncClient] = []
    owners: list[str] = []
    for name in ("ada", "bob"):
        await ok(await root.post("/auth/register", json={"username": name, "password": PASSWORD}))
        async with visit(app) as browser:
            signed = await ok(
                await browser.post("/auth/login", json={"username": name, "password": PASSWORD})
            )
        clients.append(visit(app, token=signed["access_token"]))
        owners.append(signed["user"]["id"])
    ada, bob = clients
    hers = await one_of_everything(ada, runtime, owners[0], MARK)
    his = await one_of_everything(bob, runtime, owners[1], "Bobsthing")
    yield People(root, ada, bob, hers, his)
    for client in (root, ada, bob):
        await client.aclose()
    await runtime.jobs.close()


async def one_of_everything(client: httpx.AsyncClient, runtime: Runtime, owner: str, mark: str) -> Things:
    """Make one of everything that has an id; gives the ids by the names that the routes have for them."""
    things: Things = {"turn_number": "1", "agent": "writer", "provider": "openai"}
    things["world_id"] = (
        await ok(await client.post("/worlds", json={"text": WORLD_FILE.replace(MARK, mark)}))
    )["id"]
    card = {"character_name": f"{mark} Mara", "description": "A pilot.", "first_mes": "“You again.”"}
    things["character_id"] = (await ok(await client.post("/character-cards/manual", json=card)))["id"]
    things["deleted_card_id"] = (await ok(await client.post("/character-cards/manual", json=card)))["id"]
    await ok(await client.delete(f"/character-cards/{things['deleted_card_id']}"))
    book = {"universe_name": f"{mark} book"}
    things["lorebook_id"] = (await ok(await client.post("/lorebooks", json=book)))["id"]
    await a_story(client, things, mark)
    other = await begin(client, title=f"{mark} gone")
    await ok(await client.delete(f"/stories/{other}"))
    things["deleted_story_id"] = other
    asset = await imaging.picture(runtime, owner, ImageRequest(place=mark, width=64, height=64))
    things["asset_id"] = asset
    things["asset_hash"] = (await ok(await client.get(f"/assets/{asset}")))["sha256"]
    things["job_id"] = await a_job_and_a_call(runtime, owner, things, mark)
    return things


async def a_story(client: httpx.AsyncClient, things: Things, mark: str) -> None:
    """A story with turns, takes, an edit, an undone step, branches and a checkpoint."""
    made = {"title": f"{mark} story", "world_id": "low_hythe", "seed": "7"}
    begun = await ok(await client.post("/stories", json=made))
    story = things["story_id"] = begun["story_id"]
    things["main_id"] = begun["branch_id"]
    first = await act(client, story, f"shout {mark}")
    things["turn_id"] = first["turn_id"]
    edit = {"narrative_text": f"{mark}, said the wall."}
    await ok(await client.patch(f"/stories/{story}/turns/{first['turn_id']}", json=edit))
    await act(client, story, "look around")
    things["take_id"] = (await ok(await client.post(f"/narrates/stories/{story}/retake")))["turn_id"]
    for name, key in (("side", "branch_id"), ("put away", "deleted_branch_id")):
        branch = {"branch_name": f"{mark} {name}", "from_turn_number": 1}
        things[key] = (await ok(await client.post(f"/stories/{story}/branches", json=branch)))["branch_id"]
    await act(client, story, "wait", branch_id=things["branch_id"])
    await ok(await client.delete(f"/stories/{story}/branches/{things['deleted_branch_id']}"))
    point = await ok(await client.post(f"/stories/{story}/checkpoints", json={"name": f"{mark} point"}))
    things["checkpoint_id"] = point["checkpoint_id"]
    await ok(await client.post(f"/narrates/stories/{story}/undo"))


async def a_job_and_a_call(runtime: Runtime, owner: str, things: Things, mark: str) -> str:
    """A failed job with a line of log, and a call of a model that cost something; gives the job's id."""
    job_id = str(uuid.uuid4())
    async with runtime.db.begin() as tx:
        job = {"kind": "dream", "title": mark, "queue": "pictures", "status": "failed", "args": {}}
        tx.add(JobRow(id=job_id, owner=owner, **job))
        await tx.flush()
        tx.add(JobLogRow(job_id=job_id, text=mark))
        tx.add(
            LedgerEntryRow(
                owner=owner, story_id=things["story_id"], turn_id=things["turn_id"], agent="writer",
                purpose="turn", provider="openai", model=f"{mark}-model", month="2026-11", price=FREE.model_dump(),
                cost_nanos=123_456_789, status="settled", boot="x",
            )
        )  # fmt: skip
    return job_id


def routes(app: FastAPI) -> Iterator[str]:
    """Every route of the API, as "VERB /path"."""
    for path, verbs in app.openapi()["paths"].items():
        yield from (f"{verb.upper()} {path}" for verb in verbs)


def filled(value: Any, things: Things) -> Any:
    """A value with every {name} replaced."""
    if isinstance(value, str):
        return value.format_map(things) if "{" in value else value
    if isinstance(value, Mapping):
        return {name: filled(part, things) for name, part in value.items()}
    return [filled(part, things) for part in value] if isinstance(value, list) else value


async def send(client: httpx.AsyncClient, route: str, rule: Rule, things: Things) -> httpx.Response:
    """Ask a route, the names in its path, query, body and headers replaced by these ids."""
    verb, _, path = route.partition(" ")
    named = {**things, **{name: things[other] for name, other in rule.ids.items()}}
    return await client.request(
        verb,
        filled(path, named),
        params=filled(rule.query, named),
        json=filled(rule.body, named),
        headers=filled(rule.headers, named),
    )


async def everything(runtime: Runtime) -> dict[str, list[Any]]:
    """Every row of every table but those of signing in, of streams, and of signs of life."""
    passing = ("live_chunk", "user_session", "sign_in_attempt", "job_executor")
    rows: dict[str, list[Any]] = {}
    async with runtime.db.read() as tx:
        for table in Base.metadata.sorted_tables:
            if table.name not in passing:
                found_ = await tx.execute(sa.select(table).order_by(*table.primary_key.columns))
                rows[table.name] = [tuple(row) for row in found_]
    return rows


def betrays(text: str, things: Things) -> list[str]:
    """What of these things a text shows."""
    secret = {name: value for name, value in things.items() if len(value) > 12}
    return [name for name, value in secret.items() if value in text] + [MARK for _ in [0] if MARK in text]


async def test_every_route_has_a_rule(app: FastAPI) -> None:
    known = set(routes(app))
    assert sorted(known - set(RULES)) == [], "say in RULES what a stranger gets from these"
    assert sorted(set(RULES) - known) == [], "these are no routes any more"


async def test_a_stranger_gets_404_and_changes_nothing(people: People, runtime: Runtime) -> None:
    """Bob and the administrator use each of Ada's ids wherever an id goes."""
    before = await everything(runtime)
    wrong: list[str] = []
    for route, rules in RULES.items():
        for rule in rules:
            if rule.kind != "another's":
                continue
            for name, client in (("bob", people.bob), ("root", people.root)):
                answer = await send(client, route, rule, people.hers)
                code = answer.status_code
                kind = answer.headers.get("content-type", "")
                if code != 404 or kind != "application/problem+json" or MARK in answer.text:
                    wrong.append(
                        f"{name}: {route} {rule.query or rule.body or ''}: {code} {answer.text[:200]}"
                    )
    assert wrong == []
    assert await everything(runtime) == before


async def test_ones_own_story_does_not_open_anothers_parts(people: People, runtime: Runtime) -> None:
    """Bob names his own story, and Ada's branches, turns, checkpoints, worlds and cards within it."""
    before = await everything(runtime)
    wrong: list[str] = []
    mixed = {**people.hers, "story_id": people.his["story_id"]}
    tried = 0
    for route, rules in RULES.items():
        for rule in rules:
            named = f"{route} {rule.query} {rule.body} {rule.headers}"
            inner = [name for name in people.hers if f"{{{name}}}" in named and name != "story_id"]
            inner = [name for name in inner if name not in ("turn_number", "agent")]
            if rule.kind != "another's" or "{story_id}" not in named or not inner:
                continue
            tried += 1
            answer = await send(people.bob, route, rule, mixed)
            if answer.status_code != 404 or MARK in answer.text:
                wrong.append(
                    f"{route} {rule.query or rule.body or ''}: {answer.status_code} {answer.text[:200]}"
                )
    assert tried > 25
    assert wrong == []
    assert await everything(runtime) == before


async def test_lists_show_ones_own_alone(people: People) -> None:
    for route, rules in RULES.items():
        for rule in rules:
            if rule.kind != "lists":
                continue
            for client in (people.bob, people.root):
                answer = await send(client, route, rule, people.his)
                assert answer.status_code == 200, f"{route}: {answer.text}"
                shown = answer.text + str(answer.headers)
                assert betrays(shown, people.hers) == [], f"{route}: {answer.text}"
    spent = await ok(await people.root.get("/cost-analytics/summary"))
    assert spent["total"]["calls"] == 0
    mine = await ok(await people.ada.get("/cost-analytics/summary"))
    assert mine["total"]["calls"] == 1


async def test_what_is_the_administrators_is_refused_to_others(people: People, runtime: Runtime) -> None:
    before = await everything(runtime)
    for route, rules in RULES.items():
        if rules == [ADMIN]:
            answer = await send(people.bob, route, Rule("administrator", body={}), people.his)
            assert answer.status_code == 403, f"{route}: {answer.status_code} {answer.text}"
    assert await everything(runtime) == before


async def test_without_a_login_nothing_but_the_open_routes_answers(
    app: FastAPI, people: People, runtime: Runtime
) -> None:
    before = await everything(runtime)
    async with visit(app) as nobody:
        for route, rules in RULES.items():
            for rule in rules:
                answer = await send(nobody, route, rule, people.hers)
                if rule.kind == "open":
                    assert answer.status_code in (200, 422), f"{route}: {answer.status_code}"
                else:
                    assert answer.status_code == 401, f"{route}: {answer.status_code} {answer.text}"
                assert MARK not in answer.text
    assert await everything(runtime) == before


async def test_the_owner_gets_in_with_the_same_ids(people: People) -> None:
    """The refusals above are about who asks: with these ids every reading route answers its owner."""
    for route, rules in RULES.items():
        for rule in rules:
            if rule.kind == "another's" and route.startswith("GET ") and "If-None-Match" not in rule.headers:
                answer = await send(people.ada, route, rule, people.hers)
                assert answer.status_code == 200, f"{route} {rule.query}: {answer.text[:300]}"
