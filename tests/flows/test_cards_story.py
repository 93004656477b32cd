"""SillyTavern's own files over HTTP become a story of 30 turns on two branches that know nothing of each other."""

import json
from typing import Any

import httpx
from library import SAMPLES
from playing import act, ok, texts

HERE, THERE = "xylophone", "pomegranate"
"""Words that one branch alone has heard, and that no file holds."""
FORK = 12
ACTIONS = (
    "ask Mara about the lighthouse",
    "look around",
    "ask Mara about the smugglers",
    "wait",
    "say good evening to Mara",
    "ask Mara about the harbour",
    "ask Mara about Perrin",
)


def script(word: str) -> list[str]:
    """What the player does on a branch: the same up to the fork, then with a word of its own."""
    shared = [ACTIONS[n % len(ACTIONS)] for n in range(FORK)]
    own = [f"ask Mara about the {word}", f"say “{word}” to Mara", "wait", f"look for a {word}"]
    rest = [own[n % len(own)] if n % 3 == 0 else ACTIONS[n % len(ACTIONS)] for n in range(30 - FORK)]
    return shared + rest


async def upload(client: httpx.AsyncClient, path: str, name: str) -> dict[str, Any]:
    """Hand in one of the sample files."""
    answer = await client.post(path, files={"file": (name, (SAMPLES / name).read_bytes())})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def saltmarsh(client: httpx.AsyncClient, card: str) -> str:
    """A story of a card and the World Info file; gives its id."""
    imported = await upload(client, "/character-cards/import", card)
    assert imported["character_name"] == "Captain Mara Voss"
    book = await upload(client, "/lorebooks/upload", "saltmarsh.json")
    assert book["entry_count"] == 7
    body = {
        "title": "Nine Nights",
        "character_card_ids": [imported["card"]["id"]],
        "lorebook_ids": [book["id"]],
        "seed": "7",
    }
    begun = await client.post("/stories", json=body)
    assert begun.status_code == 201, begun.text
    assert "Can you row?" in begun.json()["turn"]["narrative_text"], "the card's own first message"
    return str(begun.json()["story_id"])


async def everything_about(client: httpx.AsyncClient, story: str, branch: str) -> str:
    """All that can be read of a branch: its turns with briefings, each agent's part, the state, what comes next."""
    on = {"branch_id": branch}
    turns = await ok(await client.get(f"/stories/{story}/turns", params={**on, "first": 0, "limit": 200}))
    found = [turns, await ok(await client.get(f"/stories/{story}/state", params=on))]
    for turn in turns:
        found.append(await ok(await client.get(f"/stories/{story}/turns/{turn['turn_id']}/agents")))
    found.append(await ok(await client.get(f"/narrates/stories/{story}/suggestions", params=on)))
    for agent in ("researcher", "strategist", "writer"):
        asked = {**on, "story_id": story, "action": "look around"}
        found.append(await ok(await client.get(f"/prompts/{agent}/preview", params=asked)))
    return json.dumps(found, ensure_ascii=False).lower()


def reasons(turns: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What of the lore was remembered, and why."""
    found: dict[str, set[str]] = {}
    for turn in turns:
        for item in turn["briefing"].get("items", []):
            if item["kind"] == "lore":
                found.setdefault(item["text"], set()).add(item["reason"])
    return found


async def test_thirty_turns_on_two_branches_from_the_files(client: httpx.AsyncClient) -> None:
    story = await saltmarsh(client, "mara.png")
    main = (await ok(await client.get(f"/stories/{story}/branches")))[0]["branch_id"]
    told = [await act(client, story, action) for action in script(HERE)]
    fork = {"branch_name": "the other night", "from_turn_number": FORK}
    side = (await ok(await client.post(f"/stories/{story}/branches", json=fork)))["branch_id"]
    beside = [await act(client, story, action, branch_id=side) for action in script(THERE)[FORK:]]

    await the_cast_speaks_and_the_lore_is_there(client, story, told)
    await neither_branch_knows_the_other(client, story, main, side)
    assert beside[0]["turn_number"] == FORK + 1

    before = await texts(client, story, main)
    assert len(before) == 31
    for _ in range(10):
        await ok(await client.post(f"/narrates/stories/{story}/undo", params={"branch_id": main}))
    assert await texts(client, story, main) == before[:21]
    state = await ok(await client.get(f"/stories/{story}/state", params={"branch_id": main}))
    then = await ok(
        await client.get(f"/stories/{story}/state", params={"branch_id": main, "turn_number": 20})
    )
    assert state == then
    for action in script(HERE)[20:]:
        await act(client, story, action, branch_id=main)
    assert await texts(client, story, main) == before, "the same acts from there on give the same text"
    await neither_branch_knows_the_other(client, story, main, side)


async def the_cast_speaks_and_the_lore_is_there(
    client: httpx.AsyncClient, story: str, told: list[dict[str, Any]]
) -> None:
    """Mara talks, and what she was asked about was looked up, with the reason."""
    prose = " ".join(turn["narrative_text"] for turn in told)
    assert "{{" not in prose
    assert "Mara" in prose
    spoken = [turn for turn in told if "“" in turn["narrative_text"]]
    assert len(spoken) >= 10
    assert "Gull Rock" in prose, "asked about the lighthouse, she tells its lore"
    lore = reasons([turn["turn"] for turn in told])
    assert len(lore) >= 4
    assert all(reason for why in lore.values() for reason in why)
    about_light = [why for text, why in lore.items() if "Gull Rock" in text]
    assert any("lighthouse" in reason for why in about_light for reason in why), lore
    assert not [text for text in lore if "ghost" in text.lower()], "an entry that is switched off stays off"
    state = (await ok(await client.get(f"/stories/{story}/state")))["state"]
    assert "mara" in "".join(state["characters"])


async def neither_branch_knows_the_other(client: httpx.AsyncClient, story: str, main: str, side: str) -> None:
    """Nothing readable of one branch holds the word of the other; the shared past is the same."""
    one = await everything_about(client, story, main)
    two = await everything_about(client, story, side)
    assert HERE in one
    assert THERE in two
    assert THERE not in one
    assert HERE not in two
    left, right = await texts(client, story, main), await texts(client, story, side)
    assert left[: FORK + 1] == right[: FORK + 1]


async def test_the_same_card_as_png_and_as_json_tells_the_same_story(client: httpx.AsyncClient) -> None:
    stories = [await saltmarsh(client, name) for name in ("mara.png", "mara.json")]
    for story in stories:
        for action in script(HERE)[:8]:
            await act(client, story, action)
    one, two = [await texts(client, story) for story in stories]
    assert one == two
    cards = (await ok(await client.get("/character-cards")))["items"]
    pictures = {card["portrait"] is not None for card in cards}
    assert pictures == {True, False}, "the PNG brings its portrait along"
