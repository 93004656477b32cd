"""Summaries, projection, price history, CSV and the routes, each person seeing only what is theirs."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.responses import Response
from vendors import CACHED_TOKENS, OUTPUT_TOKENS, PROMPT_TOKENS, Vendors

from luna.costs import analytics
from luna.costs.prices import UNKNOWN, Price, bundled_price, is_own_machine, rate
from luna.costs.pricing import enter_price, price_of
from luna.costs.routes import router
from luna.costs.service import metered
from luna.costs.tables import LedgerEntryRow
from luna.kernel.errors import LunaError, NotFound
from luna.kernel.http import Asker, problem
from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice, new_id, now
from luna.llm.providers import REGISTRY
from luna.llm.types import ChatMessage, ChatRequest, Usage

NANO_DOLLAR = 1_000_000_000


async def add(runtime: Runtime, nanos: int, when: datetime | None = None, **more: Any) -> None:
    """Put a settled call into the ledger."""
    when = when or now()
    price = Price(fresh=1, cached=1, written=1, output=1, source=more.pop("source", "own"))
    values: dict[str, Any] = {
        "owner": "ann", "agent": "writer", "purpose": "turn", "provider": "anthropic", "model": "good",
        "fresh": 10, "cached": 4, "output": 5, "status": "settled", "estimated": False, "boot": "b1",
    }  # fmt: skip
    values.update(more)
    async with runtime.db.begin() as tx:
        tx.add(
            LedgerEntryRow(
                id=new_id(), month=when.strftime("%Y-%m"), created_at=when, settled_at=when, written=0,
                price=price.model_dump(), cost_nanos=nanos, **values,
            )
        )  # fmt: skip


@pytest_asyncio.fixture
async def web(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The routes alone. The header X-Who says who asks; "root" is the administrator."""
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(router)

    @app.middleware("http")
    async def who(request: Request, call_next: Any) -> Response:
        name = request.headers.get("x-who", "ann")
        request.state.asker = Asker(id=name, name=name, is_admin=name == "root")
        return await call_next(request)

    @app.exception_handler(LunaError)
    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, LunaError)
        return problem(error)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t/cost-analytics") as client:
        client.app = app  # type: ignore[attr-defined]
        yield client


async def test_an_old_call_keeps_its_price(runtime: Runtime, vendors: Vendors) -> None:
    choice = ModelChoice(provider="anthropic", model="good", host=vendors.url)
    request = ChatRequest(messages=(ChatMessage("user", "Go on."),))
    await enter_price(runtime, "anthropic", "good", fresh_usd=3, output_usd=15)
    for turn in ("t1", "t2"):
        await metered(runtime, "ann", agent="writer", choice=choice, turn_id=turn).complete(request)
        await enter_price(runtime, "anthropic", "good", fresh_usd=30, output_usd=150)
    old, new = [await analytics.turn_costs(runtime, "ann", turn) for turn in ("t1", "t2")]
    assert old.spent.cost_usd == (PROMPT_TOKENS * 3000 + OUTPUT_TOKENS * 15000) / NANO_DOLLAR
    assert new.spent.cost_usd == pytest.approx(old.spent.cost_usd * 10)
    assert old.calls[0].price.fresh_usd == 3.0
    assert old.calls[0].cached_tokens == CACHED_TOKENS


async def test_a_price_holds_from_its_date_on(runtime: Runtime) -> None:
    choice = ModelChoice(provider="anthropic", model="m")
    tomorrow, yesterday = now() + timedelta(days=1), now() - timedelta(days=1)
    await enter_price(runtime, "anthropic", "m", fresh_usd=9, output_usd=9, valid_from=tomorrow)
    assert (await price_of(runtime, choice)).source == "unknown"
    await enter_price(runtime, "anthropic", "m", fresh_usd=5, output_usd=9)
    await enter_price(runtime, "anthropic", "m", fresh_usd=1, output_usd=9, valid_from=yesterday)
    assert (await price_of(runtime, choice)).fresh == 5 * NANO_DOLLAR


def test_bundled_prices_know_the_default_models() -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    for facts in REGISTRY.values():
        for model in filter(None, (facts.default_model, facts.small_model)):
            price = bundled_price(facts, model, moment)
            assert price is not None, f"{facts.name} {model}"
            assert 0 < price.cached < price.fresh < price.output
    assert bundled_price(REGISTRY["anthropic"], "no-such-model", moment) is None
    assert bundled_price(REGISTRY["ollama"], "claude-sonnet-5-5", moment) is None


def test_costs_are_whole_nano_dollars_rounded_up() -> None:
    price = Price(fresh=rate(3), cached=rate(0.3), written=rate(3.75), output=rate(15), source="own")
    assert price.cost(Usage(1000, 500, 100, True)) == 3_000_000 + 150_000 + 1_500_000
    assert price.cost(Usage(1000, 0, 0, True, written=400)) == 600 * 3000 + 400 * 3750
    assert Price(fresh=1, cached=0, written=0, output=0, source="own").cost(Usage(1, 0, 0, True)) == 1
    assert UNKNOWN.cost(Usage(1_000_000, 0, 1_000_000, True)) == 90 * NANO_DOLLAR
    assert rate(0.075) == 75_000_000


def test_what_one_owns() -> None:
    ollama = REGISTRY["ollama"]
    for host in (
        "http://localhost:11434", "http://127.0.0.1:1", "http://192.168.1.9", "http://100.90.184.52:11434",
        "http://gpu", "http://gpu.local", "http://[::1]:1",
    ):  # fmt: skip
        assert is_own_machine(ollama, host), host
    for host in ("https://api.example.com", "http://8.8.8.8", "https://ollama.com"):
        assert not is_own_machine(ollama, host), host
    assert not is_own_machine(REGISTRY["openai"], "http://localhost")


async def test_summary_and_months(runtime: Runtime) -> None:
    last_month = now().replace(day=1) - timedelta(days=3)
    await add(runtime, 2_000_000, turn_id="t1", story_id="s1")
    await add(runtime, 3_000_000, turn_id="t1", story_id="s1", agent="strategist", estimated=True)
    await add(runtime, 0, turn_id="t2", story_id="s1", source="local", model="darkplanet", provider="ollama")
    await add(runtime, 4_000_000, last_month, turn_id="t0", story_id="s0", status="failed")
    await add(runtime, 7_000_000, owner="bob")
    await runtime.settings.change({"cap_monthly_usd": 5.0})
    told = await analytics.summary(runtime, "ann")
    assert (told.total.calls, told.total.failed_calls, told.total.cost_usd) == (4, 1, 0.009)
    assert (told.this_month.cost_usd, told.this_month.estimated_usd) == (0.005, 0.003)
    assert (told.turns, told.local_calls) == (3, 1)
    assert told.average_turn_usd == pytest.approx(0.003)
    assert told.caps[0].spent_usd == 0.012
    months = await analytics.monthly(runtime, "ann")
    assert [(m.spent.cost_usd, m.turns) for m in months] == [(0.005, 2), (0.004, 1)]
    agents = await analytics.by_agent(runtime, "ann", now().strftime("%Y-%m"))
    assert [(a.agent, a.spent.cost_usd, a.local) for a in agents] == [
        ("strategist", 0.003, False),
        ("writer", 0.002, False),
        ("writer", 0.0, True),
    ]
    story = await analytics.story_costs(runtime, "ann", "s1")
    assert story.spent.cost_usd == 0.005
    assert {t.turn_id: t.spent.cost_usd for t in story.turns} == {"t1": 0.005, "t2": 0.0}


async def test_projection(runtime: Runtime) -> None:
    tenth = datetime(2026, 11, 11, tzinfo=UTC)  # ten days have passed
    await add(runtime, NANO_DOLLAR, tenth - timedelta(days=2), turn_id="t")
    await runtime.settings.change({"cap_monthly_usd": 2.5})
    told = await analytics.projection(runtime, "ann", tenth)
    assert (told.spent_usd, told.days_passed, told.days_in_month) == (1.0, 10.0, 30)
    assert abs(told.projected_usd - 3.0) < 1e-9
    assert told.passes_cap
    assert told.usd_per_1000_turns == 1000.0
    first = await analytics.projection(runtime, "ann", datetime(2026, 12, 1, 0, 5, tzinfo=UTC))
    assert (first.spent_usd, first.projected_usd) == (0.0, 0.0)


async def test_csv_is_whole_and_harmless(runtime: Runtime, monkeypatch: Any) -> None:
    monkeypatch.setattr(analytics, "CSV_PAGE", 3)
    same = now()
    for number in range(8):
        await add(runtime, number, same if number < 5 else None, model='=cmd|"x"' if number == 7 else "m")
    await add(runtime, 1, owner="bob")
    text = "".join([line async for line in analytics.csv_lines(runtime, "ann")])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["cost_usd"] for row in rows) == [f"0.00000000{n}" for n in range(8)]
    assert [row["model"] for row in rows if row["cost_usd"].endswith("7")] == ['\'=cmd|"x"']


async def test_routes_show_only_ones_own(runtime: Runtime, web: httpx.AsyncClient) -> None:
    await add(runtime, 5_000_000, story_id="s", turn_id="t")
    for path, field in (
        ("/summary", lambda j: j["total"]["cost_usd"]),
        ("/monthly", lambda j: sum(m["spent"]["cost_usd"] for m in j)),
        ("/projection", lambda j: j["spent_usd"]),
        ("/by-agent", lambda j: sum(a["spent"]["cost_usd"] for a in j)),
        ("/stories/s", lambda j: j["spent"]["cost_usd"]),
        ("/turns/t", lambda j: j["spent"]["cost_usd"]),
    ):
        for who, cost in (("ann", 0.005), ("bob", 0.0)):
            answer = await web.get(path, headers={"x-who": who})
            assert answer.status_code == 200, path
            assert field(answer.json()) == cost, (path, who)
    assert len((await web.get("/export.csv")).text.splitlines()) == 2
    assert len((await web.get("/export.csv", headers={"x-who": "bob"})).text.splitlines()) == 1
    assert [p["model"] for p in (await web.get("/pricing")).json()] == ["good"]
    assert (await web.get("/pricing", headers={"x-who": "bob"})).json() == []


async def test_the_guard_of_stories_is_asked(runtime: Runtime, web: httpx.AsyncClient) -> None:
    async def guard(_runtime: Runtime, owner: str, kind: str, id_: str) -> None:
        if owner != "ann":
            raise NotFound(kind)

    web.app.state.cost_guard = guard  # type: ignore[attr-defined]
    assert (await web.get("/stories/s")).status_code == 200
    for path in ("/stories/s", "/turns/t"):
        assert (await web.get(path, headers={"x-who": "bob"})).status_code == 404


async def test_only_the_administrator_enters_prices(web: httpx.AsyncClient) -> None:
    price = {"provider": "anthropic", "model": "m", "fresh_usd": 2, "output_usd": 8, "cached_usd": 0.2}
    assert (await web.put("/pricing", json=price)).status_code == 403
    answer = await web.put("/pricing", json=price, headers={"x-who": "root"})
    assert answer.status_code == 200
    assert answer.json()["price"]["cached_usd"] == 0.2
    shown = (await web.get("/pricing")).json()
    assert [(p["model"], p["price"]["source"], len(p["history"])) for p in shown] == [("m", "own", 1)]
    for bad in (
        {**price, "fresh_usd": -1}, {**price, "provider": "nobody"}, {**price, "fresh_usd": "much"},
        {**price, "valid_from": "2026-01-01T00:00:00"}, {**price, "valid_from": "2999-01-01T00:00:00Z"},
    ):  # fmt: skip
        assert (await web.put("/pricing", json=bad, headers={"x-who": "root"})).status_code == 422, bad


async def test_bad_questions_are_refused(web: httpx.AsyncClient) -> None:
    for path in ("/monthly?months=0", "/monthly?months=x", "/by-agent?month=2026-13", "/stories/" + "x" * 65):
        assert (await web.get(path)).status_code == 422, path
    call = {"agent": "writer", "provider": "anthropic", "model": "claude-sonnet-5-5", "prompt_tokens": 1000}
    told = await web.post("/forecast", json={"calls": [{**call, "max_output": 700}]})
    assert 0.001 < told.json()["total_usd"] < 0.1
    assert (await web.post("/forecast", json={"calls": [{**call, "max_output": -1}]})).status_code == 422
