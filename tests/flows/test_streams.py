"""Streams: exactly the rest after a break, watchers, the server killed in mid-sentence."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playing import act, begin, events, ok, texts
from served import visit
from serving import Server


async def test_the_stream_has_every_kind_of_event_and_the_prose(client: httpx.AsyncClient) -> None:
    story = await begin(client)
    answer = await client.get(f"/narrates/stories/{story}/generate", params={"action": "wait"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    kinds = [kind for _, kind, _ in told]
    assert kinds[0] == "status"
    assert kinds[-1] == "done"
    assert kinds.count("agent_start") == kinds.count("agent_complete") == 3
    assert "cost_estimate" in kinds
    prose = "".join(_json(data)["text"] for _, kind, data in told if kind == "delta")
    assert prose.strip() == (await texts(client, story))[-1].strip()
    numbers = [int(name.rpartition(":")[2]) for name, _, _ in told]
    assert numbers == list(range(1, len(told) + 1))


@pytest.mark.parametrize("cut", [1, 3, 7, 15])
async def test_a_reader_that_comes_back_gets_exactly_the_rest(client: httpx.AsyncClient, cut: int) -> None:
    story = await begin(client)
    url = f"/narrates/stories/{story}/generate"
    whole = events((await client.get(url, params={"action": "look around"})).text)
    head = {"Last-Event-ID": whole[cut][0]}
    rest = events((await client.get(url, params={"action": "look around"}, headers=head)).text)
    assert rest == whole[cut + 1 :]
    assert len(await texts(client, story)) == 2, "coming back must not tell a turn"


async def test_a_reader_that_leaves_in_the_middle_does_not_end_the_turn(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await ok(await client.patch("/settings", json={"builtin_words_per_second": 100}))
    story = await begin(client)
    begun = await ok(await client.post(f"/narrates/stories/{story}/tellings", json={"action": "wait"}))
    watched = client.get(f"/narrates/tellings/{begun['turn_id']}/events")
    async with visit(app) as other:
        again = other.get(f"/narrates/tellings/{begun['turn_id']}/events", timeout=60)
        first, second = await asyncio.gather(watched, again)
    assert events(first.text) == events(second.text)
    assert events(first.text)[-1][1] == "done"
    assert len(await texts(client, story)) == 2


async def test_a_finished_stream_answers_with_its_turn_when_its_events_are_forgotten(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    story = await begin(client)
    turn = await act(client, story, "wait")
    live = app.state.runtime.live
    await live.flush()
    live._channels.clear()
    async with app.state.runtime.db.begin() as tx:
        import sqlalchemy as sa

        await tx.execute(sa.text("DELETE FROM live_chunk"))
    told = events((await client.get(f"/narrates/tellings/{turn['turn_id']}/events")).text)
    assert [kind for _, kind, _ in told] == ["done"]
    assert _json(told[0][2])["turn"]["narrative_text"] == turn["narrative_text"]


@pytest.mark.parametrize("bad", ["x", "a:b", ":", "a:99999999999999999999", "::1"])
async def test_a_strange_event_id_is_refused(client: httpx.AsyncClient, bad: str) -> None:
    story = await begin(client)
    answer = await client.get(f"/narrates/stories/{story}/generate", headers={"Last-Event-ID": bad})
    assert answer.status_code in (404, 422)
    assert len(await texts(client, story)) == 1


def _json(text: str) -> dict[str, object]:
    import json

    return json.loads(text)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A running server over an empty database, once on each engine."""
    server = Server(tmp_path / "data", database_url)
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()


def test_a_server_killed_in_mid_sentence_loses_at_most_the_sentence(server: Server) -> None:
    begun = server.client.post(
        "/stories", json={"world_id": "low_hythe", "seed": "7", "title": "Killed"}
    ).json()
    story = begun["story_id"]
    telling = server.client.post(f"/narrates/stories/{story}/tellings", json={"action": "look around"}).json()
    seen, last = "", ""
    with contextlib.suppress(httpx.TransportError):  # the server dies under the stream
        with server.client.stream("GET", telling["events"]) as stream:
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    last = line[4:]
                if line.startswith("data: ") and '"text"' in line:
                    seen += str(_json(line[6:])["text"])
                if len(seen.split()) >= 12:
                    break
        server.kill()
    assert len(seen.split()) >= 12
    server.start()
    turn = server.client.get(f"/stories/{story}/turns/{telling['turn_id']}").json()
    assert turn["status"] == "interrupted"
    kept = turn["narrative_text"]
    sentences = re.split(r"(?<=[.!?”])\s+", seen.strip())
    for sentence in sentences[:-2]:
        assert sentence in kept
    assert seen.split()[: len(kept.split())] == kept.split()[: len(seen.split())]
    numbers = [t["turn_number"] for t in server.client.get(f"/stories/{story}/turns").json()]
    assert numbers == [0, 1]
    rest = events(server.client.get(telling["events"], headers={"Last-Event-ID": last}).text)
    assert [kind for _, kind, _ in rest][-1] == "done"
    again = server.client.post("/narrate/turn", json={"story_id": story, "user_action": "wait"})
    assert again.status_code == 200, again.text
    assert again.json()["turn_number"] == 2
