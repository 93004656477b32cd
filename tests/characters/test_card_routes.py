"""Character cards over HTTP: import, library, edits, export, and that nobody sees another's cards."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from library import SAMPLES, make_runtime, serving

from luna.characters import png, service
from luna.characters.cards import read_card
from luna.kernel.database import Database
from luna.kernel.runtime import Runtime

MARA_PNG = (SAMPLES / "mara.png").read_bytes()
MARA = json.loads((SAMPLES / "mara.json").read_bytes())


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return make_runtime(database, tmp_path)


@pytest_asyncio.fixture
async def clients(runtime: Runtime) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    async with serving(runtime) as both:
        yield both


async def imported(client: httpx.AsyncClient) -> str:
    answer = await client.post("/character-cards/import", files={"file": ("mara.png", MARA_PNG, "image/png")})
    assert answer.status_code == 201, answer.text
    return answer.json()["card"]["id"]


async def test_png_goes_in_and_out_untouched(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    shown = (await ada.get(f"/character-cards/{card_id}")).json()
    assert shown["character_name"] == "Captain Mara Voss"
    assert shown["lore_entries"] == 7
    assert shown["portrait"]
    out = await ada.get(f"/character-cards/{card_id}/export", params={"format": "png"})
    assert out.headers["content-type"] == "image/png"
    assert out.content == MARA_PNG


async def test_json_card_of_document_001(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    answer = await ada.post("/character-cards/import", json={"card_data": MARA, "save_to_library": True})
    assert answer.status_code == 201
    body = answer.json()
    assert body["saved"]
    assert "x_custom" in body["kept"]
    card_id = body["card"]["id"]
    as_json = await ada.get(f"/character-cards/{card_id}/export", params={"format": "json"})
    assert as_json.json() == MARA
    tavern = await ada.get(f"/character-cards/{card_id}/export?format=tavernai")
    assert tavern.json()["spec"] == "chara_card_v2"
    assert tavern.json()["data"] == MARA["data"]
    png = await ada.get(f"/character-cards/{card_id}/export?format=png")
    assert read_card(png.content).card.raw["data"] == MARA["data"]


async def test_looking_at_a_card_keeps_nothing(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    answer = await ada.post("/character-cards/import", json={"card_data": MARA, "save_to_library": False})
    assert answer.json()["saved"] is False
    form = {"file": ("m.png", MARA_PNG)}
    await ada.post("/character-cards/import", files=form, data={"save_to_library": "false"})
    assert (await ada.get("/character-cards")).json()["total"] == 0


async def test_manual_card_composes_a_description(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    new = {
        "character_name": "Elena",
        "personality": "Clever, resourceful",
        "appearance": "Short black hair, green eyes",
        "background": "Former thief turned guild investigator",
        "skills": {"lockpicking": 4, "rumours": "knows everybody"},
    }
    card = (await ada.post("/character-cards/manual", json=new)).json()
    assert card["description"] == "Short black hair, green eyes\n\nFormer thief turned guild investigator"
    assert card["skills"] == new["skills"]
    url = f"/character-cards/{card['id']}"
    card = (await ada.patch(url, json={"background": "Former guild investigator turned thief"})).json()
    assert card["description"].endswith("turned thief")
    assert card["appearance"] == "Short black hair, green eyes"
    card = (await ada.patch(url, json={"description": "Just Elena.", "background": "Unknown"})).json()
    assert card["description"] == "Just Elena."
    card = (await ada.patch(url, json={"background": "Still unknown"})).json()
    assert card["description"] == "Just Elena.", "a written description is not overwritten"


async def test_an_edit_changes_named_fields_alone(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    answer = await ada.post("/character-cards/import", json={"card_data": MARA})
    url = f"/character-cards/{answer.json()['card']['id']}"
    changed = await ada.patch(url, json={"personality": "warm", "character_name": "Mara", "favourite": True})
    assert changed.status_code == 200
    expected = json.loads(json.dumps(MARA))
    expected["data"]["personality"] = expected["personality"] = "warm"
    expected["data"]["name"] = expected["name"] = "Mara"
    expected["data"]["extensions"]["fav"] = expected["fav"] = True
    assert (await ada.get(f"{url}/export?format=json")).json() == expected
    assert (await ada.get("/character-cards?filter=favourite")).json()["total"] == 1


async def test_png_of_an_edited_card_keeps_its_picture(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    await ada.patch(f"/character-cards/{card_id}", json={"personality": "warm"})
    out = (await ada.get(f"/character-cards/{card_id}/export?format=png")).content
    again = read_card(out).card
    assert again.personality == "warm"
    assert again.book == read_card(MARA_PNG).card.book


async def test_list_filters_sorts_and_pages(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    for name in ("bela", "Cleo", "Álmos", "Anna_%"):
        await ada.post("/character-cards/manual", json={"character_name": name})
    await imported(ada)
    by_name = (await ada.get("/character-cards?sort_by=name&limit=2&offset=1")).json()
    assert by_name["total"] == 5
    assert len(by_name["items"]) == 2
    names = [c["character_name"] for c in (await ada.get("/character-cards")).json()["items"]]
    assert names[0] == "Captain Mara Voss", "newest first"
    for wanted in ("with_book", "with_portrait"):
        only = (await ada.get("/character-cards", params={"filter": wanted})).json()["items"]
        assert [c["character_name"] for c in only] == ["Captain Mara Voss"]
    for part, count in (("CLEO", 1), ("%", 1), ("_", 1), ("zzz", 0)):
        assert (await ada.get("/character-cards", params={"name": part})).json()["total"] == count
    assert (await ada.get("/character-cards?filter=nonsense")).status_code == 422


async def test_bin_and_back(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    url = f"/character-cards/{card_id}"
    assert (await ada.delete(url)).status_code == 204
    assert (await ada.get(url)).status_code == 404
    assert (await ada.delete(url)).status_code == 404
    assert (await ada.get("/character-cards")).json()["total"] == 0
    assert (await ada.get("/character-cards?filter=deleted")).json()["total"] == 1
    assert (await ada.post(f"{url}/restore")).status_code == 200
    assert (await ada.get(url)).status_code == 200


async def test_another_persons_card_is_not_there(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], runtime: Runtime
) -> None:
    ada, bob = clients
    card_id = await imported(ada)
    url = f"/character-cards/{card_id}"
    tries = [
        bob.get(url),
        bob.patch(url, json={"personality": "stolen"}),
        bob.get(f"{url}/export?format=png"),
        bob.delete(url),
        bob.post(f"{url}/restore"),
    ]
    for attempt in tries:
        answer = await attempt
        assert answer.status_code == 404
        assert answer.json()["code"] == "character-card-not-found"
    assert (await bob.get("/character-cards")).json()["total"] == 0
    assert (await ada.get(url)).json()["personality"] == MARA["data"]["personality"]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"{", "application/json", "not-a-card"),
        (b"[]", "application/json", "not-a-card"),
        (b'{"card_data": {}}', "application/json", "not-a-card"),
        (b'{"card_data": 3}', "application/json", "not-a-card"),
        (b'{"card_data": {"spec": "chara_card_v2", "data": {}}}', "application/json", "empty-card"),
        (b'{"card_data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", "card-too-deep"),
        (b'{"card_data": {"name": "x", "first_mes": NaN}}', "application/json", "not-a-card"),
        (b"\xff\xfe\x00", "application/json", "not-a-card"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", None),
        (b"nothing", "multipart/form-data", None),
    ],
)
async def test_bad_requests_are_refused_with_a_code(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], content: bytes, kind: str, code: str | None
) -> None:
    ada, _ = clients
    answer = await ada.post("/character-cards/import", content=content, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500
    if code:
        assert answer.json()["code"] == code
        assert answer.json()["hint"]
    assert (await ada.get("/character-cards")).json()["total"] == 0


async def test_characters_that_postgres_refuses(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    raw = rb'{"name": "N\u0000ul", "first_mes": "half \ud83d here", "x": {"\u0000": "\udfff"}}'
    answer = await ada.post("/character-cards/import", files={"file": ("n.json", raw)})
    assert answer.status_code == 201
    assert answer.json()["character_name"] == "Nul"
    assert "unstorable-characters" in [d["code"] for d in answer.json()["report"]]
    new = {"character_name": "A\0b", "description": "c\0d"}
    card = (await ada.post("/character-cards/manual", json=new)).json()
    assert (card["character_name"], card["description"]) == ("Ab", "cd")
    assert (await ada.get("/character-cards", params={"name": "\0"})).status_code == 200


async def test_cast_of_names_its_card(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], runtime: Runtime
) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    member = await service.cast_of(runtime, "ada", card_id, player="Robin")
    assert member.character.card_id == card_id
    assert member.premise.startswith("Robin steps off the evening ferry")
    assert "{{" not in member.model_dump_json()


async def test_a_card_whose_picture_cannot_be_shown_is_kept_all_the_same(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    chunks = png.read_chunks(MARA_PNG)
    spoilt = [c.model_copy(update={"data": b"junk"}) if c.kind == b"IDAT" else c for c in chunks]
    answer = await ada.post("/character-cards/import", files={"file": ("m.png", png.write_chunks(spoilt))})
    assert answer.status_code == 201
    assert answer.json()["card"]["portrait"] is None
    assert "card-picture-unreadable" in [d["code"] for d in answer.json()["report"]]
    out = await ada.get(f"/character-cards/{answer.json()['card']['id']}/export?format=png")
    assert read_card(out.content).card == read_card(MARA_PNG).card


async def test_the_portrait_is_lost_but_the_card_goes_out(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], runtime: Runtime
) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    for file in (runtime.data / "assets").rglob("*"):
        if file.is_file():
            file.unlink()
    out = await ada.get(f"/character-cards/{card_id}/export?format=png")
    assert read_card(out.content).card.name == "Captain Mara Voss"


async def test_a_card_without_a_name_keeps_the_one_of_its_file(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    ada, _ = clients
    raw = b'{"name": "", "description": "d", "first_mes": "f"}'
    answer = await ada.post("/character-cards/import", files={"file": ("Dr. Who.json", raw)})
    assert answer.json()["character_name"] == "Dr. Who"
    url = f"/character-cards/{answer.json()['card']['id']}"
    assert (await ada.patch(url, json={"personality": "p"})).json()["character_name"] == "Dr. Who"


async def test_a_misspelt_field_is_refused(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    ada, _ = clients
    card_id = await imported(ada)
    assert (await ada.patch(f"/character-cards/{card_id}", json={"persnality": "x"})).status_code == 422
    assert (await ada.patch(f"/character-cards/{card_id}", json={"character_name": " "})).status_code == 422


@pytest.mark.parametrize("card_id", ["a%00b", "x" * 5000, "..%2f..%2fetc", "%e2%98%83", "%ff"])
async def test_ids_that_nobody_has(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], card_id: str
) -> None:
    ada, _ = clients
    for path in (f"/character-cards/{card_id}", f"/lorebooks/{card_id}", f"/worlds/{card_id}"):
        for answer in (await ada.get(path), await ada.delete(path)):
            assert answer.status_code in (404, 422), "422 where the database refuses the id itself"
