"""Small verbs of a player, over HTTP."""

from typing import Any

import httpx

WORLD = "low_hythe"


async def begin(client: httpx.AsyncClient, **more: Any) -> str:
    """A new story of a built-in world; gives its id."""
    answer = await client.post("/stories", json={"title": "A test", "world_id": WORLD, "seed": "7", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["story_id"]


async def act(client: httpx.AsyncClient, story: str, action: str, **more: Any) -> dict[str, Any]:
    """The next turn."""
    answer = await client.post("/narrate/turn", json={"story_id": story, "user_action": action, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ok(answer: httpx.Response) -> Any:
    """The body of an answer that must be fine."""
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def texts(client: httpx.AsyncClient, story: str, branch: str | None = None) -> list[str]:
    """The prose of a branch from the opening to its head."""
    found: list[str] = []
    while True:
        params: dict[str, Any] = {"first": len(found), "limit": 200}
        if branch:
            params["branch_id"] = branch
        page = await ok(await client.get(f"/stories/{story}/turns", params=params))
        found += [turn["narrative_text"] for turn in page]
        if len(page) < 200:
            return found


def events(body: str) -> list[tuple[str, str, str]]:
    """The (id, type, data) of a stream's text."""
    found: list[tuple[str, str, str]] = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "event" in fields:
            found.append((fields["id"], fields["event"], fields["data"]))
    return found
