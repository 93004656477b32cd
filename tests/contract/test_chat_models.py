"""What every chat model must do, whoever makes it. Three run on a real llama.cpp server as well."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Annotated

import pytest
import pytest_asyncio
from llama import MODEL, LlamaServer, free_port
from pydantic import BaseModel, Field
from vendors import (
    CACHED_TOKENS,
    GOOD_KEY,
    JSON_PIECES,
    OUTPUT_TOKENS,
    PIECES,
    PROMPT_TOKENS,
    Vendors,
    run_vendors,
)

from luna.kernel.errors import ProviderFault
from luna.kernel.values import ModelChoice
from luna.llm.clients import close_clients
from luna.llm.model import VendorModel
from luna.llm.providers import REGISTRY
from luna.llm.types import ChatMessage, ChatModel, ChatReply, ChatRequest, ModelFault, TextDelta
from luna.llm.vendors import THINKING_ROOM

LOCAL = [name for name, facts in REGISTRY.items() if facts.local]
SECRET = "the dragon sleeps under the mill"


class Plan(BaseModel):
    """A small plan."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    beats: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=80)]], Field(min_length=1, max_length=3)
    ]


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with run_vendors() as running:
        yield running


@pytest_asyncio.fixture(autouse=True)
async def closed_clients() -> AsyncIterator[None]:
    yield
    await close_clients()


@pytest.fixture(params=list(REGISTRY))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(provider: str, host: str, model: str, key: str = GOOD_KEY, *, unload: bool = False) -> ChatModel:
    if provider == "openrouter":
        model = f"fake/{model}"
    choice = ModelChoice(provider=provider, model=model)
    return VendorModel(REGISTRY[provider], choice, host, key, unload=unload)


def ask(text: str = SECRET, **more: object) -> ChatRequest:
    defaults: dict[str, object] = {"system": ("You tell stories.", "It is night."), "timeout_seconds": 10.0}
    return ChatRequest(messages=(ChatMessage("user", text),), **{**defaults, **more})  # type: ignore[arg-type]


async def fails(model: ChatModel, request: ChatRequest | None = None) -> ModelFault:
    with pytest.raises(ModelFault) as caught:
        await model.complete(request or ask())
    return caught.value


async def somebody_left(vendors: Vendors, before: int) -> None:
    """Wait until the vendor has noticed that its reader went away; 5 s at most."""
    for _ in range(500):
        if vendors.left > before:
            return
        await asyncio.sleep(0.01)


@pytest.fixture(params=[*REGISTRY, *(f"{name} at llama.cpp" for name in LOCAL)])
def good(request: pytest.FixtureRequest, vendors: Vendors) -> ChatModel:
    """A model that answers: at every fake vendor, and at the real server for those who speak its language."""
    name, _, real = str(request.param).partition(" at ")
    if real:
        server: LlamaServer = request.getfixturevalue("llama_server")
        return make(name, server.url, MODEL, "")
    return make(name, vendors.url, "good")


async def test_streams_pieces_and_closes_with_the_whole(good: ChatModel) -> None:
    async with aclosing(good.stream(ask(max_tokens=40, seed=1))) as stream:
        pieces = [piece async for piece in stream]
    assert isinstance(pieces[-1], ChatReply)
    deltas = [p.text for p in pieces if isinstance(p, TextDelta)]
    assert len(deltas) == len(pieces) - 1 > 1
    assert "".join(deltas) == pieces[-1].text
    assert pieces[-1].usage.reported
    assert pieces[-1].usage.output > 0


async def test_completes(good: ChatModel) -> None:
    reply = await good.complete(ask(max_tokens=40, seed=1, temperature=0.7, top_p=0.9, stop=("END",)))
    assert len(reply.text.split()) > 3
    assert reply.usage.fresh + reply.usage.cached > 5
    assert reply.model
    assert reply.finish in ("stop", "length")


async def test_schema_at_a_vendor(vendors: Vendors, provider: str) -> None:
    """Fences, words around the JSON and raw tabs in strings are forgiven."""
    reply = await make(provider, vendors.url, "json").complete(ask(schema=Plan))
    assert reply.value == Plan(title="A door\topens", beats=["It rains."])
    assert reply.text == "".join(JSON_PIECES)
    assert '"beats"' in str(vendors.last()["body"]) or "beats" in str(vendors.last()["body"])
    assert "tool_choice" not in vendors.last()["body"]


@pytest.mark.parametrize("name", LOCAL)
async def test_schema_at_llama_cpp(llama_server: LlamaServer, name: str) -> None:
    """The real server is held to the schema by its grammar, sizes included."""
    for seed in range(5):
        reply = await make(name, llama_server.url, MODEL, "").complete(
            ask(schema=Plan, max_tokens=800, seed=seed)
        )
        assert isinstance(reply.value, Plan)
        assert 1 <= len(reply.value.beats) <= 3


async def test_usage_tells_cached_from_fresh(vendors: Vendors, provider: str) -> None:
    usage = (await make(provider, vendors.url, "good").complete(ask())).usage
    assert (usage.fresh, usage.cached, usage.output) == (
        PROMPT_TOKENS - CACHED_TOKENS,
        CACHED_TOKENS,
        OUTPUT_TOKENS,
    )
    assert usage.reported


async def test_llama_cpp_reports_what_its_cache_had(llama_server: LlamaServer) -> None:
    model = make("openai-compatible", llama_server.url, MODEL, "")
    request = ask("Once more, and slowly. " * 20, max_tokens=2, seed=1)
    first = (await model.complete(request)).usage
    again = (await model.complete(request)).usage
    assert again.cached > again.fresh
    assert again.fresh + again.cached == first.fresh + first.cached


async def test_usage_is_counted_when_it_is_not_reported(vendors: Vendors) -> None:
    usage = (await make("openai-compatible", vendors.url, "untold").complete(ask())).usage
    assert not usage.reported
    assert 10 < usage.fresh < 40
    assert 5 < usage.output < 25


async def test_cut_at_the_ceiling_is_told(vendors: Vendors, provider: str) -> None:
    assert (await make(provider, vendors.url, "long").complete(ask())).finish == "length"


async def test_cancel_closes_the_connection(vendors: Vendors, provider: str) -> None:
    before = vendors.left
    task = asyncio.create_task(make(provider, vendors.url, "endless").complete(ask()))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await somebody_left(vendors, before)
    assert time.monotonic() - began < 10


async def test_leaving_the_stream_closes_the_connection(vendors: Vendors, provider: str) -> None:
    before, began = vendors.left, time.monotonic()
    async with aclosing(make(provider, vendors.url, "endless").stream(ask())) as stream:
        async for _ in stream:
            break
    await somebody_left(vendors, before)
    assert time.monotonic() - began < 10


async def test_cancel_stops_a_real_server_within_a_second(endless_server: LlamaServer) -> None:
    model = make("openai-compatible", endless_server.url, MODEL, "")
    task = asyncio.create_task(model.complete(ask(max_tokens=15_000)))
    await asyncio.sleep(0.4)
    assert endless_server.busy()
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while await asyncio.to_thread(endless_server.busy):
        assert time.monotonic() < began + 10
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("unauthorized", ProviderFault.unauthorized),
        ("forbidden", ProviderFault.unauthorized),
        ("missing", ProviderFault.missing_resource),
        ("slow-down", ProviderFault.rate_limited),
        ("broken", ProviderFault.unavailable),
        ("away", ProviderFault.unavailable),
        ("memory", ProviderFault.out_of_memory),
        ("context", ProviderFault.bad_output),
        ("empty", ProviderFault.bad_output),
        ("refusing", ProviderFault.refused),
        ("cut", ProviderFault.unavailable),
    ],
)
async def test_every_failure_has_its_kind(
    vendors: Vendors, provider: str, script: str, kind: ProviderFault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = len(vendors.requests)
    fault = await fails(make(provider, vendors.url, script))
    assert fault.kind is kind, fault.cause
    assert fault.provider == provider
    assert len(vendors.requests) == before + 1, "a retry was hidden inside the call"
    for told in (fault.message, fault.cause, str(fault)):
        assert GOOD_KEY not in told
        assert "sk-secret" not in told
        assert SECRET not in told
    assert GOOD_KEY not in caplog.text
    assert SECRET not in caplog.text


async def test_what_was_written_before_a_failure_is_kept(vendors: Vendors, provider: str) -> None:
    fault = await fails(make(provider, vendors.url, "cut"))
    assert fault.raw in ("", PIECES[0], PIECES[0].rstrip())


async def test_wrong_json_is_bad_output_and_says_why(vendors: Vendors, provider: str) -> None:
    fault = await fails(make(provider, vendors.url, "good"), ask(schema=Plan))
    assert fault.kind is ProviderFault.bad_output
    assert "JSON" in fault.message
    assert fault.raw == "".join(PIECES)
    assert fault.usage is not None
    assert fault.usage.output == OUTPUT_TOKENS


@pytest.mark.parametrize("script", ["silent", "slow"])
async def test_no_token_in_time(vendors: Vendors, provider: str, script: str) -> None:
    before, began = vendors.left, time.monotonic()
    fault = await fails(make(provider, vendors.url, script), ask(timeout_seconds=0.3))
    assert fault.kind is ProviderFault.timeout
    assert time.monotonic() - began < 2
    await somebody_left(vendors, before)
    assert vendors.left > before, "the call goes on at the vendor"


async def test_nobody_there(provider: str) -> None:
    fault = await fails(make(provider, f"http://127.0.0.1:{free_port()}", "good"))
    assert fault.kind is ProviderFault.unavailable
    assert "127.0.0.1" in fault.message


async def test_redirects_are_not_followed(vendors: Vendors, provider: str) -> None:
    fault = await fails(make(provider, vendors.url, "moved"))
    assert fault.kind is ProviderFault.unavailable
    assert vendors.last()["path"] != "/elsewhere"


async def test_no_key_is_said_without_a_call(vendors: Vendors, provider: str) -> None:
    if not REGISTRY[provider].key_needed:
        assert (await make(provider, vendors.url, "good", "").complete(ask())).text
        return
    before = len(vendors.requests)
    fault = await fails(make(provider, vendors.url, "good", ""))
    assert fault.kind is ProviderFault.unauthorized
    assert REGISTRY[provider].key_names[0] in fault.message
    assert len(vendors.requests) == before


async def test_what_the_vendor_is_sent(vendors: Vendors, provider: str) -> None:
    """Stable instructions first, in their order; the numbers of the request; never a tool."""
    request = ask(max_tokens=77, temperature=0.5, seed=9, stop=("END",), stable=1)
    await make(provider, vendors.url, "good").complete(request)
    sent = str(vendors.last()["body"])
    assert sent.index("You tell stories.") < sent.index("It is night.") if "messages" in sent else True
    assert "77" in sent or str(77 + THINKING_ROOM) in sent
    assert "0.5" in sent
    assert "END" in sent
    assert SECRET in sent
    assert "tool" not in sent
    if REGISTRY[provider].seed:
        assert "9" in sent


async def test_the_stable_part_is_marked_for_the_cache(vendors: Vendors) -> None:
    await make("anthropic", vendors.url, "good").complete(ask(system=("Stable.", "Changing.")))
    blocks = vendors.last()["body"]["system"]
    assert [b["text"] for b in blocks] == ["Stable.", "Changing."]
    assert "cache_control" in blocks[0]
    assert "cache_control" not in blocks[1]
    assert "cache_control" not in str(vendors.last()["body"]["messages"])


@pytest.mark.parametrize(("model", "room"), [("gemini-3.8-flash", True), ("gemini-2.0-flash", False)])
async def test_who_cannot_help_thinking_gets_room_for_it(vendors: Vendors, model: str, room: bool) -> None:
    """Google counts thoughts as output: 100 tokens would all go into them, and no text would come."""
    google = make("google", vendors.url, model)
    await google.complete(ask(max_tokens=100))
    sent = vendors.last()["body"]["generationConfig"]["maxOutputTokens"]
    assert (sent > 1000) == room
    assert isinstance(google, VendorModel)
    assert google.most_output(ask(max_tokens=100)) == sent


async def test_ollama_is_asked_to_free_its_memory(vendors: Vendors) -> None:
    vendors.unloaded.clear()
    await make("ollama", vendors.url, "good", unload=True).complete(ask())
    assert vendors.unloaded == ["good"]
    task = asyncio.create_task(make("ollama", vendors.url, "endless", unload=True).complete(ask()))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    assert vendors.unloaded == ["good", "endless"]
    await make("lmstudio", vendors.url, "good", unload=True).complete(ask())
    assert len(vendors.unloaded) == 2


async def test_a_real_server_wants_its_key() -> None:
    from llama import run_llama

    with run_llama(key="let-me-in") as server:
        assert (await fails(make("openai-compatible", server.url, MODEL, "wrong"))).kind is (
            ProviderFault.unauthorized
        )
        assert (
            await make("openai-compatible", server.url, MODEL, "let-me-in").complete(ask(max_tokens=5))
        ).text


async def test_a_real_server_that_dies_or_has_too_small_a_context() -> None:
    from llama import run_llama

    with run_llama(eos=0.0, context=1024) as server:
        model = make("openai-compatible", server.url, MODEL, "")
        assert (await fails(model, ask("long " * 3000))).kind is ProviderFault.bad_output
        task = asyncio.create_task(model.complete(ask(max_tokens=900)))
        await asyncio.sleep(0.15)
        server.kill()
        with pytest.raises(ModelFault) as caught:
            await task
        assert caught.value.kind is ProviderFault.unavailable
        assert caught.value.raw
