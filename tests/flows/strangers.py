"""What each route of the API has to do for a stranger: the table that test_isolation.py goes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MARK = "Zanzimarket"
"""Stands in everything that one person makes, and in nothing that another may see."""

Kind = Literal["another's", "lists", "administrator", "open", "own"]


@dataclass(frozen=True)
class Rule:
    """What a route has to do for a stranger. {name} in `query` and `body` is replaced by an id.

    another's: 404 with another's ids. lists: shows nothing of another's. administrator: 403 for others.
    open: needs no login. own: works on nothing that has an id, or makes something new.
    """

    kind: Kind
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """Which thing stands for a name in the path, where it is not the thing of that name."""


def theirs(body: Any = None, *, ids: Mapping[str, str] | None = None, **query: str) -> Rule:
    return Rule("another's", query, body, ids=ids or {})


LISTS, OWN, OPEN, ADMIN = Rule("lists"), Rule("own"), Rule("open"), Rule("administrator")
STORY = "/stories/{story_id}"
TELL = "/narrates/stories/{story_id}"

RULES: dict[str, list[Rule]] = {
    "POST /stories": [
        theirs({"title": "Mine", "world_id": "{world_id}"}),
        theirs({"title": "Mine", "character_card_ids": ["{character_id}"]}),
        theirs({"title": "Mine", "lorebook_ids": ["{lorebook_id}"]}),
    ],
    "POST /narrates/stories": [
        theirs({"title": "Mine", "world_id": "{world_id}"}),
        theirs({"title": "Mine", "character_card_ids": ["{character_id}"]}),
        theirs({"title": "Mine", "lorebook_ids": ["{lorebook_id}"]}),
    ],
    "GET /stories": [LISTS, Rule("lists", {"deleted": "true"})],
    "POST /narrate/turn": [
        theirs({"story_id": "{story_id}", "user_action": "wait"}),
        theirs({"story_id": "{story_id}", "branch_id": "{branch_id}", "user_action": "wait"}),
    ],
    "POST /narrates/turn": [
        theirs({"story_id": "{story_id}", "user_action": "wait"}),
        theirs({"story_id": "{story_id}", "branch_id": "{branch_id}", "user_action": "wait"}),
    ],
    f"POST {TELL}/retake": [theirs(), theirs(turn_id="{turn_id}"), theirs(branch_id="{branch_id}")],
    f"POST {TELL}/tellings": [
        theirs({"action": "wait"}),
        theirs({"action": "wait", "branch_id": "{branch_id}"}),
        theirs({"retake": True}),
        theirs({"retake_of": "{turn_id}"}),
    ],
    f"GET {TELL}/generate": [
        theirs(action="wait"),
        theirs(action="wait", branch_id="{branch_id}"),
        theirs(last_event_id="{turn_id}:1"),
        Rule("another's", headers={"Last-Event-ID": "{turn_id}:1"}),
        Rule("another's", {"action": "wait"}, headers={"Idempotency-Key": MARK}),
    ],
    "GET /narrates/tellings/{turn_id}": [theirs()],
    "GET /narrates/tellings/{turn_id}/events": [theirs(), theirs(last_event_id="{turn_id}:1")],
    "POST /narrates/tellings/{turn_id}/stop": [theirs()],
    f"GET {TELL}/forecast": [theirs()],
    f"GET {TELL}/suggestions": [theirs(), theirs(branch_id="{branch_id}")],
    f"POST {TELL}/undo": [theirs(), theirs(branch_id="{branch_id}")],
    f"POST {TELL}/redo": [theirs(), theirs(branch_id="{branch_id}")],
    f"PATCH {STORY}/turns/{{turn_id}}": [theirs({"narrative_text": "Stolen."})],
    f"GET {STORY}/turns/{{turn_id}}": [theirs()],
    f"POST {STORY}/branches/{{branch_id}}/carry/{{turn_id}}": [theirs()],
    f"GET {STORY}/state": [theirs(), theirs(branch_id="{branch_id}"), theirs(turn_number="1")],
    "GET /prompts": [LISTS],
    "GET /prompts/{agent}/preview": [
        theirs(story_id="{story_id}"),
        theirs(story_id="{story_id}", branch_id="{branch_id}"),
    ],
    f"GET {STORY}": [theirs()],
    f"PATCH {STORY}": [theirs({"title": "Stolen"})],
    f"DELETE {STORY}": [theirs()],
    f"POST {STORY}/restore": [theirs(ids={"story_id": "deleted_story_id"})],
    f"GET {STORY}/branches": [theirs()],
    f"POST {STORY}/branches": [
        theirs({"branch_name": "x"}),
        theirs({"branch_name": "x", "from_branch_id": "{branch_id}"}),
        theirs({"branch_name": "x", "from_turn_id": "{turn_id}"}),
        theirs({"branch_name": "x", "checkpoint_id": "{checkpoint_id}"}),
    ],
    f"GET {STORY}/branches/tree": [theirs()],
    f"GET {STORY}/branches/compare": [theirs(left="{main_id}", right="{branch_id}")],
    f"POST {STORY}/branches/switch": [theirs({"branch_id": "{branch_id}"})],
    f"PATCH {STORY}/branches/{{branch_id}}": [theirs({"branch_name": "Stolen"})],
    f"DELETE {STORY}/branches/{{branch_id}}": [theirs()],
    f"POST {STORY}/branches/{{branch_id}}/restore": [theirs(ids={"branch_id": "deleted_branch_id"})],
    f"DELETE {STORY}/turns/after/{{turn_number}}": [theirs(), theirs(branch_id="{branch_id}")],
    f"GET {STORY}/checkpoints": [theirs()],
    f"POST {STORY}/checkpoints": [theirs({"name": "x"}), theirs({"name": "x", "turn_id": "{turn_id}"})],
    f"DELETE {STORY}/checkpoints/{{checkpoint_id}}": [theirs()],
    f"GET {STORY}/turns": [theirs(), theirs(branch_id="{branch_id}")],
    f"GET {STORY}/turns/{{turn_id}}/takes": [theirs()],
    f"POST {STORY}/turns/{{turn_id}}/choose": [theirs(), theirs(branch_id="{branch_id}")],
    f"GET {STORY}/turns/{{turn_id}}/revisions": [theirs()],
    f"GET {STORY}/turns/{{turn_id}}/agents": [theirs()],
    "POST /character-cards/import": [OWN],
    "POST /character-cards/manual": [OWN],
    "GET /character-cards": [LISTS, Rule("lists", {"filter": "deleted"}), Rule("lists", {"name": MARK})],
    "GET /character-cards/{character_id}": [theirs()],
    "PATCH /character-cards/{character_id}": [theirs({"personality": "Stolen"})],
    "DELETE /character-cards/{character_id}": [theirs()],
    "GET /character-cards/{character_id}/export": [theirs(), theirs(format="png")],
    "POST /character-cards/{character_id}/restore": [theirs(ids={"character_id": "deleted_card_id"})],
    "POST /lorebooks/upload": [OWN],
    "POST /lorebooks": [OWN],
    "GET /lorebooks": [LISTS],
    "GET /lorebooks/{lorebook_id}": [theirs()],
    "DELETE /lorebooks/{lorebook_id}": [theirs()],
    "GET /lorebooks/{lorebook_id}/export": [theirs()],
    "GET /worlds": [LISTS],
    "POST /worlds": [OWN],
    "GET /worlds/{world_id}": [theirs()],
    "DELETE /worlds/{world_id}": [theirs()],
    "GET /assets/{asset_id}": [theirs()],
    "GET /assets/{asset_id}/file": [
        theirs(),
        Rule("another's", headers={"If-None-Match": '"{asset_hash}"'}),
    ],
    "GET /cost-analytics/summary": [LISTS],
    "GET /cost-analytics/monthly": [LISTS],
    "GET /cost-analytics/projection": [LISTS],
    "GET /cost-analytics/by-agent": [LISTS],
    "GET /cost-analytics/stories/{story_id}": [theirs()],
    "GET /cost-analytics/turns/{turn_id}": [theirs()],
    "GET /cost-analytics/pricing": [LISTS],
    "PUT /cost-analytics/pricing": [ADMIN],
    "POST /cost-analytics/forecast": [OWN],
    "GET /cost-analytics/export.csv": [LISTS],
    "GET /models": [LISTS],
    "GET /models/detect": [ADMIN],
    "POST /models/test": [ADMIN],
    "GET /models/keys": [ADMIN],
    "GET /models/keys/{provider}": [ADMIN],
    "PUT /models/keys/{provider}": [ADMIN],
    "DELETE /models/keys/{provider}": [ADMIN],
    "GET /models/{provider}/list": [ADMIN],
    "GET /exports/renpy/{story_id}/report": [theirs(), theirs(branch_id="{branch_id}", alone="true")],
    "GET /exports/renpy/{story_id}": [theirs(), theirs(branch_id="{branch_id}", alone="true")],
    "GET /jobs": [LISTS],
    "GET /jobs/{job_id}": [theirs()],
    "POST /jobs/{job_id}/cancel": [theirs()],
    "POST /jobs/{job_id}/retry": [theirs()],
    "GET /jobs/{job_id}/log": [theirs()],
    "GET /auth/status": [OPEN],
    "POST /auth/register": [OPEN],
    "POST /auth/login": [OPEN],
    "GET /auth/me": [LISTS],
    "GET /auth/users": [ADMIN],
    "POST /auth/change-password": [OWN],
    "POST /auth/logout": [OWN],
    "GET /health": [OPEN],
    "GET /status": [LISTS],
    "GET /metrics": [LISTS],
    "GET /system/metrics": [LISTS],
    "GET /settings": [ADMIN],
    "PATCH /settings": [ADMIN],
    "GET /logs": [ADMIN],
}
