"""The whole pipeline with models: a real llama.cpp server, and vendors that fail in every way."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from llama import LlamaServer
from playing import act, begin, events, ok
from vendors import Vendors, run_vendors

from luna.narration.progress import prose_of


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    """The vendors that fail on request."""
    with run_vendors() as running:
        yield running


def chain(host: str, *models: str) -> list[dict[str, Any]]:
    """A chain of models of an OpenAI-compatible server."""
    return [{"provider": "openai-compatible", "model": model, "host": host} for model in models]


async def use(client: httpx.AsyncClient, host: str, **models: list[str]) -> None:
    """Set the agents' chains."""
    change: dict[str, Any] = {"model_preset": "custom"}
    for agent, names in models.items():
        change[f"{agent}_chain"] = chain(host, *names)
    await ok(await client.patch("/settings", json=change))


@pytest_asyncio.fixture
async def played(client: httpx.AsyncClient) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client and a story whose opening is told."""
    yield client, await begin(client)


async def test_a_real_model_server_does_every_part(
    played: tuple[httpx.AsyncClient, str], llama_server: LlamaServer
) -> None:
    client, story = played
    await use(client, llama_server.url, researcher=["bigrams"], strategist=["bigrams"], writer=["bigrams"])
    by_model: set[str] = set()
    for action in ("look at the hearth", "ask Maren about the tide", "go to the quay"):
        told = await act(client, story, action)
        by_model |= {line["agent"] for line in told["agents"] if line["engine"] != "builtin"}
        assert len(told["narrative_text"].split()) >= 5
        tokens = told["turn"]["tokens"]
        assert tokens["briefing"] <= 400
        assert tokens["plan"] <= 300
        assert tokens["prose"] <= 700
        assert told["total_cost_usd"] == 0
    assert {"strategist", "writer"} <= by_model
    traces = await ok(await client.get(f"/stories/{story}/turns/{told['turn_id']}/agents"))
    strategist = next(t for t in traces if t["agent"] == "strategist")
    assert strategist["given"]["turn"]
    assert strategist["output_tokens"] > 0
    spent = await ok(await client.get(f"/cost-analytics/turns/{told['turn_id']}"))
    assert {call["agent"] for call in spent["calls"]} >= {"strategist", "writer"}
    assert all(call["price"]["local"] for call in spent["calls"])


async def test_a_story_can_begin_with_a_model(client: httpx.AsyncClient, llama_server: LlamaServer) -> None:
    await use(client, llama_server.url, strategist=["bigrams"], writer=["bigrams"])
    begun = await ok(
        await client.post("/stories", json={"premise": "A bell that nobody rings.", "seed": "1"})
    )
    assert begun["turn"]["engines"]["writer"] == "openai-compatible/bigrams"
    state = await ok(await client.get(f"/stories/{begun['story_id']}/state"))
    assert state["state"]["characters"]["player"]["place"]


FAULTS = [
    "unauthorized",
    "missing",
    "slow-down",
    "broken",
    "away",
    "memory",
    "context",
    "empty",
    "refusing",
    "cut",
]


@pytest.mark.parametrize("script", FAULTS)
async def test_a_failing_model_never_ends_a_turn(
    played: tuple[httpx.AsyncClient, str], vendors: Vendors, script: str
) -> None:
    client, story = played
    before = len(vendors.requests)
    await use(client, vendors.url, researcher=[script], strategist=[script], writer=[script])
    told = await act(client, story, "ask Maren about the tide")
    assert len(vendors.requests) > before
    assert {line["engine"] for line in told["agents"]} == {"builtin"}
    said = " ".join(told["turn"]["messages"])
    for agent in ("Strategist", "Writer"):
        assert agent in said
    assert "built-in" in said
    traces = await ok(await client.get(f"/stories/{story}/turns/{told['turn_id']}/agents"))
    assert all(trace["attempts"] for trace in traces)


async def test_a_wrong_answer_is_tried_once_more_with_the_fault_named(
    played: tuple[httpx.AsyncClient, str], vendors: Vendors
) -> None:
    client, story = played
    await use(client, vendors.url, strategist=["words"])
    before = len(vendors.requests)
    told = await act(client, story, "wait")
    tries = vendors.requests[before:]
    assert len(tries) == 2
    again = json.dumps(tries[1]["body"])
    assert "cannot be used" in again
    assert "cannot be used" not in json.dumps(tries[0]["body"])
    assert told["turn"]["engines"]["strategist"] == "builtin"


async def test_the_next_model_of_the_chain_takes_over(
    played: tuple[httpx.AsyncClient, str], vendors: Vendors
) -> None:
    client, story = played
    await use(client, vendors.url, writer=["broken", "words"])
    told = await act(client, story, "wait")
    assert told["turn"]["engines"]["writer"] == "openai-compatible/words"
    assert told["narrative_text"] == "The rain has stopped. She opens the door."
    assert "broken" in " ".join(told["turn"]["messages"])


async def test_a_late_model_is_given_up(played: tuple[httpx.AsyncClient, str], vendors: Vendors) -> None:
    client, story = played
    await use(client, vendors.url, writer=["slow"])
    await ok(await client.patch("/settings", json={"model_timeout_seconds": 0.3}))
    began = time.monotonic()
    told = await act(client, story, "wait")
    assert time.monotonic() - began < 5
    assert told["turn"]["engines"]["writer"] == "builtin"


async def test_a_story_without_a_restart_changes_its_models(
    played: tuple[httpx.AsyncClient, str], vendors: Vendors
) -> None:
    client, story = played
    assert (await act(client, story, "wait"))["turn"]["engines"]["writer"] == "builtin"
    await use(client, vendors.url, writer=["words"])
    assert (await act(client, story, "wait"))["turn"]["engines"]["writer"] == "openai-compatible/words"
    told = await act(client, story, "wait", writer_model_override="builtin")
    assert told["turn"]["engines"]["writer"] == "builtin"
    await ok(await client.patch("/settings", json={"model_preset": "builtin"}))
    assert (await act(client, story, "wait"))["turn"]["engines"]["writer"] == "builtin"


async def test_a_stop_ends_the_model_and_keeps_what_was_written(
    played: tuple[httpx.AsyncClient, str], endless_server: LlamaServer, app: FastAPI
) -> None:
    client, story = played
    await use(client, endless_server.url, writer=["bigrams"])
    await ok(await client.patch("/settings", json={"prose_tokens": 16000}))
    begun = await ok(await client.post(f"/narrates/stories/{story}/tellings", json={"action": "wait"}))
    live, deadline, words = app.state.runtime.live, time.monotonic() + 30, 0
    while words < 5:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
        await live.flush()
        written, _ = await live.read(begun["turn_id"])
        words = len(prose_of(written).split())
    assert await asyncio.to_thread(endless_server.busy)
    began = time.monotonic()
    stopped = await ok(await client.post(f"/narrates/tellings/{begun['turn_id']}/stop"))
    while await asyncio.to_thread(endless_server.busy):
        assert time.monotonic() < began + 10, "the model goes on"
    assert stopped["status"] == "stopped"
    turn = await ok(await client.get(f"/stories/{story}/turns/{begun['turn_id']}"))
    assert turn["status"] == "stopped"
    assert len(turn["narrative_text"].split()) >= 3
    stream = await client.get(f"/narrates/tellings/{begun['turn_id']}/events")
    assert events(stream.text)[-1][1] == "done"
    await use(client, endless_server.url, writer=[])
    assert (await act(client, story, "wait"))["turn_number"] == turn["turn_number"] + 1


async def test_a_cap_refuses_before_anything_is_spent(
    played: tuple[httpx.AsyncClient, str], vendors: Vendors
) -> None:
    client, story = played
    price = {"provider": "openai-compatible", "model": "words", "fresh_usd": 1000.0, "output_usd": 1000.0}
    answer = await client.put("/cost-analytics/pricing", json=price)
    assert answer.status_code < 300, answer.text
    await use(client, vendors.url, writer=["words"])
    await ok(await client.patch("/settings", json={"cap_monthly_usd": 0.01}))
    before = len(vendors.requests)
    refused = await client.post("/narrate/turn", json={"story_id": story, "user_action": "wait"})
    if refused.status_code == 200:
        pytest.fail(json.dumps(refused.json()["turn"]["messages"]) + json.dumps(refused.json()["agents"]))
    assert (refused.status_code, refused.json()["code"]) == (402, "cap-reached")
    assert refused.json()["cap_usd"] == 0.01
    assert len(vendors.requests) == before
    await ok(await client.patch("/settings", json={"cap_monthly_usd": None}))
    assert (await act(client, story, "wait"))["turn_number"] == 1
