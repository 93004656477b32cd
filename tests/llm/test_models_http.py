"""Detection, tests of choices, keys, and the routes around them."""

import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.responses import Response
from llama import MODEL, LlamaServer, free_port
from vendors import GOOD_KEY, Vendors

from luna.kernel.database import Database
from luna.kernel.errors import BadInput, LunaError, ProviderFault
from luna.kernel.http import Asker, problem
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice
from luna.llm import store
from luna.llm.clients import close_clients
from luna.llm.detect import check_provider, detect, list_models
from luna.llm.keys import forget_key, key_for, key_status_of, save_key
from luna.llm.opening import open_model
from luna.llm.providers import REGISTRY
from luna.llm.routes import router

KEY = "sk-ant-very-secret-0123456789"


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest_asyncio.fixture
async def web(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(router)

    @app.middleware("http")
    async def who(request: Request, call_next: Any) -> Response:
        name = request.headers.get("x-who", "root")
        request.state.asker = Asker(id=name, name=name, is_admin=name == "root")
        return await call_next(request)

    @app.exception_handler(LunaError)
    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, LunaError)
        return problem(error)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_detects_what_runs_and_nothing_else(vendors: Vendors, llama_server: LlamaServer) -> None:
    settings = Settings(
        ollama_host=vendors.url, lmstudio_host=nowhere(), openai_base_url=llama_server.url + "/v1"
    )
    vendors.requests.clear()
    began = time.monotonic()
    found = {place.provider: place for place in await detect(settings)}
    assert time.monotonic() - began < 2
    await close_clients()
    assert found["ollama"].reachable
    assert found["ollama"].models == ("darkplanet:latest",)
    assert not found["lmstudio"].reachable
    assert found["lmstudio"].error
    assert found["openai-compatible"].models == (MODEL,)
    assert [r["path"] for r in vendors.requests] == ["/api/tags"]
    assert "authorization" not in vendors.requests[0]["headers"]


async def test_detection_waits_briefly_for_a_host_that_hangs() -> None:
    import asyncio

    hung = await asyncio.start_server(lambda _r, _w: asyncio.sleep(30), "127.0.0.1", 0)
    port = hung.sockets[0].getsockname()[1]
    settings = Settings(ollama_host=f"http://127.0.0.1:{port}", lmstudio_host=f"http://127.0.0.1:{port}")
    began = time.monotonic()
    assert not any(place.reachable for place in await detect(settings))
    assert time.monotonic() - began < 1.5
    await close_clients()
    hung.close()


async def test_a_bad_host_in_the_settings_is_told(vendors: Vendors) -> None:
    (ollama, *_) = await detect(Settings(ollama_host="ftp://x", lmstudio_host=nowhere()))
    assert not ollama.reachable
    assert "address" in ollama.error
    await close_clients()


@pytest.mark.parametrize("provider", list(REGISTRY))
async def test_checks_of_a_choice(runtime: Runtime, vendors: Vendors, provider: str) -> None:
    facts = REGISTRY[provider]

    async def check(model: str, host: str | None = None) -> Any:
        choice = ModelChoice(provider=provider, model=model, host=host or vendors.url)
        outcome = await check_provider(runtime, choice)
        assert KEY not in outcome.message
        return outcome

    good = "darkplanet" if provider == "ollama" else "good"
    if facts.key_needed:
        assert (await check(good)).fault is ProviderFault.unauthorized
    if facts.key_names:
        await save_key(runtime, provider, KEY)
        wrong = await check(good)
        assert (wrong.ok, wrong.fault) == (False, ProviderFault.unauthorized)
        await save_key(runtime, provider, GOOD_KEY)
    right = await check(good)
    assert right.ok, right.message
    assert right.latency_ms > 0
    other = await check("no-such-model")
    assert other.fault is (None if facts.one_model else ProviderFault.missing_resource)
    away = await check(good, nowhere())
    assert (away.ok, away.fault) == (False, ProviderFault.unavailable)
    assert facts.title in away.message


async def test_odd_choices_are_answered_not_raised(runtime: Runtime) -> None:
    for choice in (
        ModelChoice(provider="nobody", model="x"),
        ModelChoice(provider="ollama", model="x", host="file:///etc/passwd"),
        ModelChoice(provider="openai-compatible", model="x"),
    ):
        outcome = await check_provider(runtime, choice)
        assert not outcome.ok
        assert outcome.message
    assert (await check_provider(runtime, ModelChoice(provider="builtin"))).ok


async def test_redirects_to_other_hosts_are_not_followed(runtime: Runtime, vendors: Vendors) -> None:
    vendors.requests.clear()
    host = vendors.url + "/moved"
    outcome = await check_provider(runtime, ModelChoice(provider="lmstudio", model="good", host=host))
    assert outcome.fault is ProviderFault.unavailable
    assert vendors.requests == []


async def test_lists(runtime: Runtime, vendors: Vendors, llama_server: LlamaServer) -> None:
    assert await list_models(runtime, "openai-compatible", llama_server.url) == [MODEL]
    await save_key(runtime, "google", GOOD_KEY)
    assert await list_models(runtime, "google", vendors.url) == ["good"]
    assert vendors.last()["headers"]["x-goog-api-key"] == GOOD_KEY


async def test_keys_are_encrypted_and_the_saved_one_wins(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = REGISTRY["anthropic"]
    assert await key_for(runtime, facts) == ""
    (runtime.data / ".env").write_text("ANTHROPIC_API_KEY=from-file\n")
    assert await key_for(runtime, facts) == "from-file"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "from-environment")
    assert await key_for(runtime, facts) == "from-environment"
    assert (await key_status_of(runtime, "anthropic")).source == "environment"
    status = await save_key(runtime, "anthropic", f"  {KEY}\n")
    assert (status.set, status.source) == (True, "saved")
    assert await key_for(runtime, facts) == KEY
    async with database.read() as tx:
        kept = await store.saved_key(tx, "anthropic")
    assert kept
    assert KEY not in kept
    assert (await forget_key(runtime, "anthropic")).source == "environment"
    assert await key_for(runtime, facts) == "from-environment"


async def test_googles_older_name_of_the_key(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "older")
    assert await key_for(runtime, REGISTRY["google"]) == "older"


@pytest.mark.parametrize("bad", ["", "  ", "two words", "x" * 501, "tab\there", "schlüssel", "nul\x00"])
async def test_what_cannot_be_a_key(runtime: Runtime, bad: str) -> None:
    with pytest.raises(BadInput):
        await save_key(runtime, "openai", bad)


async def test_the_api_never_gives_a_key_away(
    web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [await web.put("/models/keys/anthropic", json={"key": KEY})]
    assert answers[0].json()["set"]
    for path in ("", "/keys", "/keys/anthropic", "/keys/openai"):
        answers.append(await web.get("/models" + path))
    answers.append(await web.put("/models/keys/anthropic", json={"key": KEY + " " + KEY}))
    answers.append(await web.put("/models/keys/nobody", json={"key": KEY}))
    answers.append(await web.put("/models/keys/ollama", json={"key": KEY}))
    answers.append(await web.delete("/models/keys/anthropic"))
    answers.append(await web.delete("/models/keys/anthropic"))
    assert [a.status_code for a in answers] == [200, 200, 200, 200, 200, 422, 422, 422, 200, 404]
    for answer in answers:
        assert KEY not in answer.text
        assert KEY[-4:] not in answer.text
    assert KEY not in caplog.text


async def test_only_the_administrator_touches_models(web: httpx.AsyncClient) -> None:
    ann = {"x-who": "ann"}
    assert (await web.get("/models", headers=ann)).status_code == 200
    for method, path, body in (
        ("GET", "/detect", None), ("GET", "/keys", None), ("GET", "/keys/openai", None),
        ("PUT", "/keys/openai", {"key": KEY}), ("DELETE", "/keys/openai", None),
        ("POST", "/test", {"provider": "ollama", "model": "x"}), ("GET", "/ollama/list", None),
    ):  # fmt: skip
        assert (await web.request(method, "/models" + path, json=body, headers=ann)).status_code == 403, path


async def test_shows_what_is_in_force_without_a_restart(runtime: Runtime, web: httpx.AsyncClient) -> None:
    before = (await web.get("/models")).json()
    assert before["preset"] == "builtin"
    assert {p["name"] for p in before["providers"]} == set(REGISTRY)
    await runtime.settings.change({"model_preset": "local", "writer_model": "darkplanet"})
    after = (await web.get("/models")).json()
    chains = {agent["agent"]: agent["chain"] for agent in after["agents"]}
    assert chains["writer"] == [{"provider": "ollama", "model": "darkplanet", "host": None}]
    assert [p["name"] for p in after["presets"] if p["in_force"]] == ["local"]


async def test_routes_reach_the_servers(web: httpx.AsyncClient, llama_server: LlamaServer) -> None:
    choice = {"provider": "openai-compatible", "model": MODEL, "host": llama_server.url}
    assert (await web.post("/models/test", json=choice)).json()["ok"]
    assert (await web.get("/models/openai-compatible/list", params={"host": llama_server.url})).json()[
        "models"
    ] == [MODEL]
    gone = await web.get("/models/openai-compatible/list", params={"host": nowhere()})
    assert (gone.status_code, gone.json()["code"]) == (503, "provider-failed")
    assert (await web.get("/models/openai-compatible/list")).status_code == 422
    assert (await web.get("/models/nobody/list")).status_code == 422


async def test_opening_uses_what_is_in_force_now(runtime: Runtime) -> None:
    choice = ModelChoice(provider="ollama", model="x")
    for host in ("http://one:1", "http://two:2"):
        await runtime.settings.change({"ollama_host": host})
        assert getattr(await open_model(runtime, choice), "host", None) == host
