"""Several servers with data folders of their own on one PostgreSQL: watching, stopping and clearing up across them."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from playing import act as next_turn
from playing import begin as begin_story
from playing import events, ok, texts
from serving import Server, read_words, running

from luna.kernel.database import Database
from luna.kernel.errors import Unavailable
from luna.kernel.http import LOCAL_USER
from luna.kernel.runtime import Runtime
from luna.kernel.values import now
from luna.narration.desk import Desk
from luna.story import tellings
from luna.story.tables import BranchRow
from luna.story.types import TellingRequest
from luna.turns.types import Action

TAKEOVER_SECONDS = 30.0


@pytest.fixture
def pair(postgres_url: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers that share nothing but the database."""
    one, two = Server(tmp_path / "one", postgres_url), Server(tmp_path / "two", postgres_url)
    with running(one, two):
        yield one, two


def begin(server: Server) -> str:
    """A new story with its opening told; gives its id."""
    answer = server.client.post("/stories", json={"world_id": "low_hythe", "seed": "7", "title": "Shared"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["story_id"])


def start_turn(server: Server, story: str) -> dict[str, str]:
    """A turn that is told slowly."""
    answer = server.client.post(f"/narrates/stories/{story}/tellings", json={"action": "look around"})
    assert answer.status_code == 202, answer.text
    return answer.json()


def act(server: Server, story: str) -> httpx.Response:
    """The next turn, told at once."""
    return server.client.post("/narrate/turn", json={"story_id": story, "user_action": "wait"})


def told_by(server: Server, url: str, last: str = "") -> list[tuple[str, str, Any]]:
    """The events of a stream, their data read: what comes from the database has its keys in another order."""
    head = {"Last-Event-ID": last} if last else {}
    told = events(server.client.get(url, headers=head).text)
    return [(name, kind, json.loads(data)) for name, kind, data in told]


def wait_until_over(server: Server, turn_id: str, seconds: float) -> str:
    """How a telling ended, asked of this server."""
    deadline = time.monotonic() + seconds
    while (status := server.client.get(f"/narrates/tellings/{turn_id}").json()["status"]) == "running":
        assert time.monotonic() < deadline, f"still running after {seconds} s"
        time.sleep(0.2)
    return str(status)


def test_what_one_server_tells_the_other_shows_refuses_and_stops(pair: tuple[Server, Server]) -> None:
    one, two = pair
    story = begin(one)
    assert two.client.get(f"/stories/{story}").json()["title"] == "Shared"
    telling = start_turn(one, story)

    words, last = read_words(two.client, telling["events"], 8)
    assert len(words.split()) >= 8
    busy = act(two, story)
    assert (busy.status_code, busy.json()["code"]) == (409, "turn-in-progress")
    assert busy.json()["turn_id"] == telling["turn_id"]
    branch = two.client.get(f"/stories/{story}/branches").json()[0]
    assert branch["busy_turn_id"] == telling["turn_id"]

    asked = time.monotonic()
    assert two.client.post(f"/narrates/tellings/{telling['turn_id']}/stop").status_code == 200
    assert wait_until_over(two, telling["turn_id"], 5) == "stopped"
    assert time.monotonic() - asked < 3, "heard of within its watch, not at the end of the turn"

    rest = told_by(two, telling["events"], last)
    whole = told_by(one, telling["events"])
    assert rest[-1][1] == "done"
    seen = next(n for n, (name, _, _) in enumerate(whole) if name == last)
    assert rest == whole[seen + 1 :], "the other server gives exactly the rest"
    turn = two.client.get(f"/stories/{story}/turns/{telling['turn_id']}").json()
    assert turn["status"] == "stopped"
    assert turn["narrative_text"].startswith(words.split(".")[0])
    for server, number in ((two, 2), (one, 3)):
        told = act(server, story)
        assert (told.status_code, told.json()["turn_number"]) == (200, number), told.text


def test_a_repeated_key_on_the_other_server_waits_for_the_same_turn(pair: tuple[Server, Server]) -> None:
    one, two = pair
    story = begin(one)
    head = {"Idempotency-Key": "same"}
    begun = one.client.post(
        f"/narrates/stories/{story}/tellings", json={"action": "wait"}, headers=head
    ).json()
    body = {"story_id": story, "user_action": "wait"}
    told = two.client.post("/narrate/turn", json=body, headers=head)
    assert (told.status_code, told.json()["turn_id"]) == (200, begun["turn_id"]), told.text
    assert len(two.client.get(f"/stories/{story}/turns").json()) == 2


@pytest.mark.slow
def test_a_killed_servers_turn_is_cleared_up_by_another(postgres_url: str, tmp_path: Path) -> None:
    """Two others watch, so that both come to clear up at about the same time: only one may do it."""
    one, two, three = (Server(tmp_path / name, postgres_url) for name in ("one", "two", "three"))
    with running(one, two, three):
        story = begin(one)
        telling = start_turn(one, story)
        words, last = read_words(two.client, telling["events"], 10)
        one.kill()
        killed = time.monotonic()
        assert act(two, story).status_code == 409, "the lease still holds"
        assert wait_until_over(two, telling["turn_id"], TAKEOVER_SECONDS) == "interrupted"
        assert time.monotonic() - killed < TAKEOVER_SECONDS
        turn = three.client.get(f"/stories/{story}/turns/{telling['turn_id']}").json()
        assert turn["status"] == "interrupted"
        assert turn["narrative_text"].split()[:5] == words.split()[:5]
        rest = events(three.client.get(telling["events"], headers={"Last-Event-ID": last}).text)
        assert [kind for _, kind, _ in rest][-2:] == ["error", "done"]
        assert [kind for _, kind, _ in rest].count("done") == 1
        for server, number in ((two, 2), (three, 3)):
            told = act(server, story)
            assert (told.status_code, told.json()["turn_number"]) == (200, number), told.text


def test_a_restarted_server_frees_its_own_branches_at_once(pair: tuple[Server, Server]) -> None:
    one, two = pair
    story, other = begin(one), begin(two)
    mine, theirs = start_turn(one, story), start_turn(two, other)
    read_words(one.client, mine["events"], 6)
    one.kill()
    one.start()
    turn = one.client.get(f"/stories/{story}/turns/{mine['turn_id']}").json()
    assert turn["status"] == "interrupted"
    assert act(one, story).status_code == 200
    still = one.client.get(f"/narrates/tellings/{theirs['turn_id']}").json()["status"]
    assert still in ("running", "done"), "what another server tells is left alone"
    assert wait_until_over(one, theirs["turn_id"], 60) == "done"


@pytest.mark.slow
def test_a_story_thrown_away_in_between_does_not_hold_up_the_rest(postgres_url: str, tmp_path: Path) -> None:
    """A telling of a dead server whose story was deleted once the lease had run out: nothing is left to
    keep, and that must neither keep a server from starting nor leave other branches taken."""
    one, two = Server(tmp_path / "one", postgres_url), Server(tmp_path / "two", postgres_url)
    with running(one):
        gone, kept = begin(one), begin(one)
        lost, saved = start_turn(one, gone), start_turn(one, kept)
        read_words(one.client, saved["events"], 6)
        one.kill()
        asyncio.run(run_out_and_delete(postgres_url, gone))
        with running(two):
            assert wait_until_over(two, saved["turn_id"], 15) == "interrupted"
            assert wait_until_over(two, lost["turn_id"], 15) == "failed"
            assert act(two, kept).status_code == 200
            assert two.client.post(f"/stories/{gone}/restore").status_code == 200
            assert act(two, gone).status_code == 200


async def left_behind(runtime: Runtime, client: httpx.AsyncClient) -> tuple[str, str]:
    """A story with a turn that a dead server had begun, its lease run out; gives both ids."""
    story = await begin_story(client)
    request = TellingRequest(action=Action(text="look around"))
    async with runtime.db.begin() as tx:
        lost, _ = await tellings.claim_turn(tx, LOCAL_USER, story, None, request, holder="gone:1")
    runtime.live.publish(lost.turn_id, "delta", {"text": "The tide goes out. Somebody "})
    await runtime.live.flush()
    runtime.live._channels.clear()
    late = sa.update(BranchRow).where(BranchRow.lease_turn == lost.turn_id)
    async with runtime.db.begin() as tx:
        await tx.execute(late.values(lease_until=now() - timedelta(seconds=1)))
    return story, lost.turn_id


async def test_of_many_that_clear_up_at_once_one_does(runtime: Runtime, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        story, lost = await left_behind(runtime, client)
        desks = [Desk(replace(runtime, instance=f"other{n}", boot=f"{n}")) for n in range(4)]
        cleared = await asyncio.gather(*(desk.recover(everything=False) for desk in desks))
        assert sorted(cleared) == [0, 0, 0, 1]
        turn = await ok(await client.get(f"/stories/{story}/turns/{lost}"))
        assert (turn["status"], turn["narrative_text"]) == ("interrupted", "The tide goes out.")
        assert await texts(client, story) == [(await texts(client, story))[0], "The tide goes out."]
        assert (await next_turn(client, story, "wait"))["turn_number"] == 2


async def test_what_was_left_behind_does_not_hide_what_came_after(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    """Once the lease has run out a person may go on before anybody cleared up. The old turn is a take then."""
    story, lost = await left_behind(runtime, client)
    newer = await next_turn(client, story, "wait")
    desk = Desk(replace(runtime, instance="other", boot="2"))
    assert await desk.recover(everything=False) == 1
    assert (await texts(client, story))[-1] == newer["narrative_text"]
    takes = await ok(await client.get(f"/stories/{story}/turns/{newer['turn_id']}/takes"))
    assert {take["turn_id"] for take in takes} == {lost, newer["turn_id"]}
    assert await desk.recover(everything=False) == 0
    await ok(await client.post(f"/stories/{story}/turns/{lost}/choose"))
    assert (await texts(client, story))[-1] == "The tide goes out."


async def test_a_database_that_is_away_while_clearing_up_only_delays_it(
    runtime: Runtime, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, lost = await left_behind(runtime, client)
    desk = Desk(replace(runtime, instance="other", boot="2"))

    async def away(*_: object) -> None:
        raise Unavailable("The database does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(type(runtime.live), "read", away)
        with pytest.raises(Unavailable):
            await desk.recover(everything=False)
    await desk.recover(everything=False)
    assert (await ok(await client.get(f"/stories/{story}/turns/{lost}")))["status"] == "interrupted"


async def run_out_and_delete(url: str, story: str) -> None:
    """What time and a person at another server would have done: every lease over, one story put away."""
    db = Database(url)
    async with db.begin() as tx:
        await tx.execute(sa.text("UPDATE branch SET lease_until = now() - interval '1 second'"))
        await tx.execute(sa.text("UPDATE story SET deleted_at = now() WHERE id = :id"), {"id": story})
    await db.close()
