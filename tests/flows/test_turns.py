"""Playing: acting, undo, redo, retake, edit, delete, fork, compare, carry, checkpoints."""

import asyncio
import json

import httpx
import pytest
from playing import act, begin, ok, texts


async def test_a_story_of_a_sentence_has_an_opening_and_goes_on(client: httpx.AsyncClient) -> None:
    begun = await ok(
        await client.post(
            "/stories", json={"premise": "A lighthouse keeper finds a letter in a bottle.", "seed": "1"}
        )
    )
    assert begun["turn"]["turn_number"] == 0
    assert len(begun["turn"]["narrative_text"].split()) > 10
    turn = await act(client, begun["story_id"], "look around")
    assert turn["turn_number"] == 1
    assert turn["total_cost_usd"] == 0
    assert [(line["agent"], line["engine"]) for line in turn["agents"]] == [
        ("researcher", "builtin"),
        ("strategist", "builtin"),
        ("writer", "builtin"),
    ]
    assert 3 <= len(turn["suggestions"]) <= 5


async def test_both_paths_and_the_api_prefix_answer(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    body = {"story_id": story, "user_action": "wait"}
    numbers = [
        (await ok(await client.post(path, json=body)))["turn_number"]
        for path in ("/narrate/turn", "/narrates/turn", "/api/narrate/turn", "/api/narrates/turn")
    ]
    assert numbers == [1, 2, 3, 4]


async def test_undo_redo_retake_and_takes(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    first = await act(client, story, "look at the stag's head")
    second = await act(client, story, "ask Maren about the tide")
    undone = await ok(await client.post(f"/narrates/stories/{story}/undo"))
    assert undone["turn_id"] == first["turn_id"]
    redone = await ok(await client.post(f"/narrates/stories/{story}/redo"))
    assert redone["turn_id"] == second["turn_id"]
    again = await ok(await client.post(f"/narrates/stories/{story}/retake"))
    assert again["turn_id"] != second["turn_id"]
    assert again["turn"]["parent_id"] == first["turn_id"]
    takes = await ok(await client.get(f"/stories/{story}/turns/{again['turn_id']}/takes"))
    assert [t["turn_id"] for t in takes] == [second["turn_id"], again["turn_id"]]
    assert [(t["take"], t["takes"]) for t in takes] == [(1, 2), (2, 2)]
    chosen = await ok(await client.post(f"/stories/{story}/turns/{second['turn_id']}/choose"))
    assert chosen["take"] == 1
    assert (await texts(client, story))[-1] == second["narrative_text"]
    back = await ok(await client.post(f"/narrates/stories/{story}/undo"))
    assert back["turn_id"] == again["turn_id"]


async def test_the_same_seed_and_acts_give_the_same_text_and_a_retake_another(
    client: httpx.AsyncClient,
) -> None:
    acts = ["look at the hearth", "ask Maren about the tide", "go to the bell tower", "wait"]
    one, two = await begin(client), await begin(client)
    for story in (one, two):
        for action in acts:
            await act(client, story, action)
    assert await texts(client, one) == await texts(client, two)
    branch = await ok(
        await client.post(f"/stories/{one}/branches", json={"branch_name": "again", "from_turn_number": 2})
    )
    for action in acts[2:]:
        await act(client, one, action, branch_id=branch["branch_id"])
    assert await texts(client, one, branch["branch_id"]) == await texts(client, two)
    retakes = {
        (await ok(await client.post(f"/narrates/stories/{one}/retake")))["narrative_text"] for _ in range(4)
    }
    assert len(retakes) > 1
    assert (await texts(client, two))[-1] not in retakes


async def test_deleting_after_a_turn_moves_the_head_and_is_undone(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    for n in range(5):
        await act(client, story, f"wait {n} minutes")
    before = await texts(client, story)
    assert (await ok(await client.delete(f"/stories/{story}/turns/after/2")))["deleted"] == 3
    assert await texts(client, story) == before[:3]
    await client.post(f"/narrates/stories/{story}/undo")
    assert await texts(client, story) == before
    assert (await client.delete(f"/stories/{story}/turns/after/99")).status_code == 404


async def test_an_edit_is_a_revision_that_undo_takes_back(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    turn = await act(client, story, "wait")
    url = f"/stories/{story}/turns/{turn['turn_id']}"
    edited = await ok(await client.patch(url, json={"narrative_text": "A zeppelin lands on the quay."}))
    assert (edited["revision"], edited["narrative_text"]) == (1, "A zeppelin lands on the quay.")
    await act(client, story, "look around")
    await act(client, story, "wait")
    later = await act(client, story, "ask Maren about the zeppelin")
    found = [i["text"] for i in later["turn"]["briefing"]["items"] if i["kind"] == "turn"]
    assert any("zeppelin lands" in text for text in found)
    for _ in range(4):
        await ok(await client.post(f"/narrates/stories/{story}/undo"))
    assert (await texts(client, story))[-1] == turn["narrative_text"]
    wordings = await ok(await client.get(f"{url}/revisions"))
    assert [w["narrative_text"] for w in wordings] == [
        turn["narrative_text"],
        "A zeppelin lands on the quay.",
    ]


async def test_corrected_events_change_the_state_from_there_on(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    turn = await act(client, story, "wait")
    for _ in range(3):
        await act(client, story, "wait")
    url = f"/stories/{story}/turns/{turn['turn_id']}"
    body = {
        "narrative_text": "Maren falls and does not get up.",
        "events": [{"kind": "died", "who": "maren"}],
    }
    await ok(await client.patch(url, json=body))
    state = (await ok(await client.get(f"/stories/{story}/state")))["state"]
    assert state["characters"]["maren"]["alive"] is False
    before = (await ok(await client.get(f"/stories/{story}/state", params={"turn_number": 0})))["state"]
    assert before["characters"]["maren"]["alive"] is True


async def test_forks_share_the_past_and_compare_shows_where_they_part(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    for action in ("wait", "look around", "ask Maren about the tide"):
        await act(client, story, action)
    main = (await ok(await client.get(f"/stories/{story}/branches")))[0]
    branch = await ok(
        await client.post(
            f"/stories/{story}/branches",
            json={"branch_name": "what if", "from_turn_number": 1, "make_active": True},
        )
    )
    assert (branch["turn_count"], branch["own_turns"], branch["forked_from_turn"]) == (1, 0, 1)
    await act(client, story, "go to the bell tower")
    seen = await ok(
        await client.get(
            f"/stories/{story}/branches/compare",
            params={"left": main["branch_id"], "right": branch["branch_id"]},
        )
    )
    assert seen["common_turn"] == 1
    assert [p["turn_number"] for p in seen["pairs"]] == [2, 3]
    assert seen["pairs"][0]["left"]["action"] == "look around"
    assert seen["pairs"][0]["right"]["action"] == "go to the bell tower"
    assert seen["pairs"][1]["right"] is None
    tree = await ok(await client.get(f"/stories/{story}/branches/tree"))
    assert tree[0]["children"][0]["path"] == ["Main", "what if"]


async def test_main_and_the_active_branch_are_protected_and_deleting_is_undone(
    client: httpx.AsyncClient,
) -> None:
    story = await begin(client)
    main = (await ok(await client.get(f"/stories/{story}/branches")))[0]["branch_id"]
    side = (await ok(await client.post(f"/stories/{story}/branches", json={"branch_name": "side"})))[
        "branch_id"
    ]
    url = f"/stories/{story}/branches"
    assert (await client.delete(f"{url}/{main}")).json()["code"] == "branch-is-main"
    await ok(await client.post(f"{url}/switch", json={"branch_id": side}))
    assert (await client.delete(f"{url}/{side}")).json()["code"] == "branch-is-active"
    await ok(await client.post(f"{url}/switch", json={"branch_id": main}))
    await ok(await client.delete(f"{url}/{side}"))
    assert len(await ok(await client.get(url))) == 1
    await ok(await client.post(f"{url}/{side}/restore"))
    assert len(await ok(await client.get(url))) == 2
    await ok(await client.delete(f"/stories/{story}"))
    assert (await client.get(f"/stories/{story}")).status_code == 404
    await ok(await client.post(f"/stories/{story}/restore"))
    assert (await client.get(f"/stories/{story}")).status_code == 200


async def test_a_turn_is_carried_to_another_branch(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    turn = await act(client, story, "take the storm lantern")
    side = await ok(
        await client.post(f"/stories/{story}/branches", json={"branch_name": "side", "from_turn_number": 0})
    )
    url = f"/stories/{story}/branches/{side['branch_id']}/carry/{turn['turn_id']}"
    carried = await ok(await client.post(url))
    assert carried["turn_number"] == 1
    assert carried["status"] == "carried"
    assert carried["narrative_text"] == turn["narrative_text"]
    state = await ok(await client.get(f"/stories/{story}/state", params={"branch_id": side["branch_id"]}))
    main = await ok(await client.get(f"/stories/{story}/state"))
    assert state["state"]["items"] == main["state"]["items"]


async def test_checkpoints_name_turns_to_fork_from(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    await act(client, story, "wait")
    point = await ok(await client.post(f"/stories/{story}/checkpoints", json={"name": "before the tide"}))
    await act(client, story, "wait")
    branch = await ok(
        await client.post(
            f"/stories/{story}/branches",
            json={"branch_name": "from there", "checkpoint_id": point["checkpoint_id"]},
        )
    )
    assert branch["turn_count"] == 1
    await ok(await client.delete(f"/stories/{story}/checkpoints/{point['checkpoint_id']}"))
    assert await ok(await client.get(f"/stories/{story}/checkpoints")) == []


async def test_two_writers_on_one_branch_one_wins(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    body = {"story_id": story, "user_action": "wait"}
    answers = await asyncio.gather(*(client.post("/narrate/turn", json=body) for _ in range(6)))
    won = [a for a in answers if a.status_code == 200]
    lost = [a for a in answers if a.status_code == 409]
    assert won
    assert len(won) + len(lost) == 6
    assert lost, "six at once cannot all have come one after another"
    ids = {a.json()["turn_id"] for a in won}
    for answer in lost:
        assert answer.json()["code"] == "turn-in-progress"
        assert answer.json()["turn_id"] in ids
    assert len(await texts(client, story)) == 1 + len(won)


async def test_a_repeated_key_gives_the_same_turn(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    body = {"story_id": story, "user_action": "wait"}
    head = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(*(client.post("/narrate/turn", json=body, headers=head) for _ in range(4)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["turn_id"] for a in answers}) == 1
    late = await client.post("/narrate/turn", json=body, headers=head)
    assert late.json()["turn_id"] == answers[0].json()["turn_id"]
    assert len(await texts(client, story)) == 2


@pytest.mark.parametrize(
    "action",
    [
        "",
        " ",
        "asdfgh qwerty",
        "Ich gehe zur Tür hinaus",
        "fuck off",
        "I become a dragon and eat the moon",
        "x" * 5000,
        "🦑🦑🦑",
    ],
)
async def test_odd_input_is_answered_in_the_story(client: httpx.AsyncClient, action: str) -> None:
    story = await begin(client)
    turn = await act(client, story, action)
    assert len(turn["narrative_text"].split()) >= 5


async def test_modes(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    written = "The rain stops. Somewhere a door is closed with great care."
    turn = await act(client, story, written, mode="write")
    assert turn["narrative_text"].startswith(written)
    assert len(turn["narrative_text"]) > len(written)
    said = await act(client, story, "Is there a room for the night?", mode="say")
    assert "Is there a room for the night?" in said["narrative_text"]
    await act(client, story, "", mode="continue")


async def test_too_long_unknown_and_broken_requests(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    long = await client.post("/narrate/turn", json={"story_id": story, "user_action": "x" * 5001})
    assert (long.status_code, long.json()["code"]) == (422, "bad-input")
    none = await client.post("/narrate/turn", json={"story_id": "nope", "user_action": "wait"})
    assert (none.status_code, none.json()["code"]) == (404, "story-not-found")
    empty = await client.post("/stories", json={})
    assert (empty.status_code, empty.json()["code"]) == (422, "empty-story")
    for answer in (long, none, empty):
        assert answer.json()["hint"]


async def test_what_each_agent_was_given_can_be_seen(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    turn = await act(client, story, "ask Maren about the tide")
    seen = await ok(await client.get(f"/stories/{story}/turns/{turn['turn_id']}/agents"))
    assert [trace["agent"] for trace in seen] == ["researcher", "strategist", "writer"]
    assert "beats" in json.dumps(seen[1]["answered"])
    assert seen[2]["answered"] == turn["narrative_text"]


async def test_prompts_can_be_seen_previewed_and_replaced(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    story = await begin(client)
    url = "/prompts/writer/preview"
    params = {"story_id": story, "action": "open the door"}
    seen = await ok(await client.get(url, params=params))
    assert "open the door" in seen["turn"]
    assert "open the door" not in seen["rules"] + seen["story"]
    assert "Maren" in seen["story"]
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "default").mkdir()
    (folder / "default" / "writer.jinja").write_text(
        "RULES{{ cut }}{{ world.title }}{{ cut }}{{ action.text }}"
    )
    await ok(await client.patch("/settings", json={"prompts_dir": str(folder)}))
    mine = await ok(await client.get(url, params=params))
    assert (mine["rules"], mine["turn"]) == ("RULES", "open the door")
    assert mine["version"] != seen["version"]
    (folder / "default" / "writer.jinja").write_text("{{ ''.__class__.__mro__ }}{{ cut }}{{ cut }}")
    broken = await client.get(url, params=params)
    assert (broken.status_code, broken.json()["code"]) == (422, "bad-prompt")


async def test_a_hundred_turns(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    suggestion = "look around"
    for n in range(100):
        turn = await act(client, story, suggestion if n % 7 else f"do something odd number {n}")
        suggestion = turn["suggestions"][n % len(turn["suggestions"])]
        tokens = turn["turn"]["tokens"]
        assert tokens["briefing"] <= 400
        assert tokens["plan"] <= 300
        assert tokens["prose"] <= 700
        assert not [f for f in turn["turn"]["findings"] if f["severity"] == "error"], turn["turn"]["findings"]
    assert len(await texts(client, story)) == 101


async def test_metrics_and_status_tell_of_turns_and_engines(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    await act(client, story, "wait")
    metrics = await ok(await client.get("/metrics"))
    assert metrics["total_turns_generated"] == 2
    assert metrics["avg_turn_time_seconds"] > 0
    assert metrics["writer_avg_time"] >= 0
    text = (await client.get("/metrics", headers={"Accept": "text/plain"})).text
    assert "turns" in text
    status = await ok(await client.get("/status"))
    assert {engine["kind"] for engine in status["engines"]} >= {"narrator", "database"}
    assert any("/narrate/turn" in route for route in status["routes"])
