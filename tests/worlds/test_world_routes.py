"""Lorebooks and worlds over HTTP, on both databases."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from library import SAMPLES, make_runtime, serving

from luna.kernel.database import Database
from luna.kernel.errors import NotFound
from luna.kernel.runtime import Runtime
from luna.turns.world import World
from luna.worlds import service

SALTMARSH = (SAMPLES / "saltmarsh.json").read_bytes()


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return make_runtime(database, tmp_path)


@pytest_asyncio.fixture
async def clients(runtime: Runtime) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    async with serving(runtime) as both:
        yield both


async def uploaded(client: httpx.AsyncClient, raw: bytes = SALTMARSH, **fields: str) -> dict[str, object]:
    form = {"file": ("Saltmarsh.json", raw)}
    answer = await client.post("/lorebooks/upload", files=form, data=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_world_info_goes_in_and_out_equal(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    book = await uploaded(ada, storage_tier="warm", universe_name="Forgotten Coast")
    assert (book["universe_name"], book["storage_tier"]) == ("Forgotten Coast", "warm")
    assert book["entry_count"] == 7
    out = await ada.get(f"/lorebooks/{book['id']}/export")
    assert out.content == SALTMARSH, "what nobody touched goes out byte for byte"


async def test_entries_come_in_pages(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    book = await uploaded(ada)
    assert book["universe_name"] == "Saltmarsh", "named after its file"
    page = (await ada.get(f"/lorebooks/{book['id']}?limit=2&offset=1")).json()
    assert [e["title"] for e in page["entries"]] == ["The lighthouse", "Smugglers"]
    assert page["entries"][1]["data"]["sticky"] == 2
    assert (await ada.get(f"/lorebooks/{book['id']}?limit=0")).status_code == 422


async def test_list_by_tier_and_size(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    made = await ada.post(
        "/lorebooks",
        json={"universe_name": "My Fantasy World", "storage_tier": "warm", "description": "Epic"},
    )
    assert made.status_code == 201
    await uploaded(ada)
    books = (await ada.get("/lorebooks?tier=all&sort_by=entry_count")).json()
    assert [b["entry_count"] for b in books["items"]] == [7, 0]
    warm = (await ada.get("/lorebooks?tier=warm")).json()
    assert [b["universe_name"] for b in warm["items"]] == ["My Fantasy World"]
    assert (await ada.get("/lorebooks?sort_by=name")).json()["items"][0]["universe_name"].startswith("My")
    assert json.loads((await ada.get(f"/lorebooks/{made.json()['id']}/export")).content) == {"entries": {}}


async def test_delete_takes_the_entries_along(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], runtime: Runtime
) -> None:
    ada, _ = clients
    book = await uploaded(ada)
    assert len(await service.lore_of(runtime, "ada", str(book["id"]))) == 6
    assert (await ada.delete(f"/lorebooks/{book['id']}")).status_code == 204
    assert (await ada.get(f"/lorebooks/{book['id']}")).status_code == 404
    with pytest.raises(NotFound):
        await service.lore_of(runtime, "ada", str(book["id"]))


async def test_another_persons_books_and_worlds_are_not_there(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, bob = clients
    book = f"/lorebooks/{(await uploaded(ada))['id']}"
    kept = await ada.post("/worlds", json={"text": "title: The Ferry\npremise: A ferry that never lands.\n"})
    world = f"/worlds/{kept.json()['id']}"
    for attempt in (
        bob.get(book),
        bob.get(f"{book}/export"),
        bob.delete(book),
        bob.get(world),
        bob.delete(world),
    ):
        assert (await attempt).status_code == 404
    assert (await bob.get("/lorebooks")).json()["total"] == 0
    assert all(w["built_in"] for w in (await bob.get("/worlds")).json())
    assert (await ada.get(book)).status_code == 200
    assert (await ada.get(world)).status_code == 200


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"no json", "not-a-lorebook"),
        (b"{}", "not-a-lorebook"),
        (b'{"entries": 3}', "not-a-lorebook"),
        (b'{"lorebookVersion": 5, "entries": [{"text": "x", "keys": ["y"]}]}', "not-a-lorebook"),
        (b'{"entries":' + b"[" * 100_000, "lorebook-too-deep"),
        (b'{"entries":[' + b"{}," * 50_000 + b"{}]}", "too-many-entries"),
    ],
)
async def test_files_that_are_no_lorebook(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], raw: bytes, code: str
) -> None:
    ada, _ = clients
    answer = await ada.post("/lorebooks/upload", files={"file": ("x.json", raw)})
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert answer.json()["hint"]
    assert (await ada.get("/lorebooks")).json()["total"] == 0


async def test_a_large_book_is_taken_in_whole(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], runtime: Runtime
) -> None:
    ada, _ = clients
    entries = {str(i): {"uid": i, "key": [f"k{i}"], "content": f"fact {i}"} for i in range(5_000)}
    book = await uploaded(ada, json.dumps({"entries": entries}).encode())
    assert book["entry_count"] == 5_000
    lore = await service.lore_of(runtime, "ada", str(book["id"]))
    assert [entry.text for entry in lore] == [f"fact {i}" for i in range(5_000)], "in the order of the file"


async def test_built_in_worlds_are_listed_and_stay(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    shelf = (await ada.get("/worlds")).json()
    assert shelf
    assert shelf[0]["built_in"]
    whole = (await ada.get(f"/worlds/{shelf[0]['id']}")).json()["world"]
    assert World.model_validate(whole).characters
    assert (await ada.delete(f"/worlds/{shelf[0]['id']}")).status_code == 409


async def test_a_world_goes_round_as_json(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    first = (await ada.get("/worlds")).json()[0]["id"]
    world = (await ada.get(f"/worlds/{first}")).json()["world"]
    kept = await ada.post("/worlds", json={"text": json.dumps(world)})
    assert kept.status_code == 201
    assert (await ada.get(f"/worlds/{kept.json()['id']}")).json()["world"] == world
    assert (await ada.delete(f"/worlds/{kept.json()['id']}")).status_code == 204


@pytest.mark.parametrize(
    "text",
    [
        "/etc/passwd",
        "pyproject.toml",
        "title: [",
        "- a\n- b\n",
        '{"title": 3}',
        "{" * 5000,
        "title: x\nplaces: " + "[" * 3000,
        "a: &a [x]\nb: [*a, *a]\ntitle: bomb\n",
        'title: "\\ud800 \\0"\nplaces: 7',
    ],
)
async def test_texts_that_are_no_world(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], text: str
) -> None:
    ada, _ = clients
    answer = await ada.post("/worlds", json={"text": text})
    assert answer.status_code == 422, answer.text
    assert "root:" not in answer.text


async def test_a_world_with_escapes_is_washed(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    answer = await ada.post("/worlds", json={"text": 'title: "A\\0 \\ud800"\npremise: fine\n'})
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert "\0" not in answer.json()["title"]
