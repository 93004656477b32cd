"""The metered door: every call is a row, no cap is passed, and what was produced is paid."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from vendors import CACHED_TOKENS, OUTPUT_TOKENS, PROMPT_TOKENS, Vendors

from luna.costs.service import forecast, metered, recover
from luna.costs.types import ForecastCall
from luna.kernel.errors import CapReached, ProviderFault
from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice
from luna.llm.types import ChatMessage, ChatModel, ChatRequest, ModelFault, TextDelta


def ask(text: str = "Go on.", **more: Any) -> ChatRequest:
    return ChatRequest(
        messages=(ChatMessage("user", text),), **{"max_tokens": 100, "timeout_seconds": 5.0, **more}
    )


def claude(runtime: Runtime, vendors: Vendors, model: str = "good", **more: Any) -> ChatModel:
    choice = ModelChoice(provider="anthropic", model=model, host=vendors.url)
    return metered(runtime, more.pop("owner", "ann"), agent="writer", choice=choice, **more)


def local(runtime: Runtime, model: str = "good", **more: Any) -> ChatModel:
    choice = ModelChoice(provider="openai-compatible", model=model)
    return metered(runtime, more.pop("owner", "ann"), agent="writer", choice=choice, **more)


async def price(
    runtime: Runtime, model: str = "good", fresh: float = 3.0, output: float = 15.0, **more: Any
) -> None:
    from luna.costs.pricing import enter_price

    await enter_price(runtime, "anthropic", model, fresh_usd=fresh, output_usd=output, **more)


async def test_a_call_is_a_row_with_the_cached_tokens_priced_as_such(
    runtime: Runtime, vendors: Vendors, rows: Any
) -> None:
    await price(runtime, cached_usd=0.3)
    await claude(runtime, vendors, story_id="s", turn_id="t", purpose="turn").complete(ask())
    (row,) = await rows()
    fresh = PROMPT_TOKENS - CACHED_TOKENS
    assert row["cost_nanos"] == fresh * 3000 + CACHED_TOKENS * 300 + OUTPUT_TOKENS * 15000
    assert (row["fresh"], row["cached"], row["output"]) == (fresh, CACHED_TOKENS, OUTPUT_TOKENS)
    assert (row["status"], row["estimated"], row["fault"]) == ("settled", False, None)
    assert (row["story_id"], row["turn_id"], row["agent"], row["owner"]) == ("s", "t", "writer", "ann")
    assert row["settled_at"] is not None


async def test_local_models_cost_nothing_and_say_so(runtime: Runtime, vendors: Vendors, rows: Any) -> None:
    await runtime.settings.change({"cap_monthly_usd": 0.0})
    await local(runtime).complete(ask())
    (row,) = await rows()
    assert row["cost_nanos"] == 0
    assert row["price"]["source"] == "local"
    calls = [ForecastCall(agent="writer", provider="ollama", model="x", prompt_tokens=900, max_output=700)]
    told = await forecast(runtime, calls)
    assert told.total_usd == 0
    assert told.lines[0].local


async def test_a_local_kind_of_server_out_on_the_internet_is_not_free(runtime: Runtime) -> None:
    call = ForecastCall(
        agent="writer", provider="openai-compatible", model="x", host="https://llm.example.com/v1",
        prompt_tokens=1_000_000, max_output=0,
    )  # fmt: skip
    told = await forecast(runtime, [call])
    assert (told.total_usd, told.price_known, told.lines[0].local) == (15.0, False, False)


async def test_every_try_is_a_row_of_its_own(runtime: Runtime, vendors: Vendors, rows: Any) -> None:
    await price(runtime, "broken")
    model = claude(runtime, vendors, "broken", turn_id="t")
    for _ in range(3):
        with pytest.raises(ModelFault):
            await model.complete(ask())
    found = await rows(turn_id="t")
    assert [row["status"] for row in found] == ["failed"] * 3
    assert [row["fault"] for row in found] == ["unavailable"] * 3
    assert sum(row["cost_nanos"] for row in found) == 0, "nobody bills an error before the first word"


async def test_an_unusable_answer_is_paid_as_reported(runtime: Runtime, vendors: Vendors, rows: Any) -> None:
    from pydantic import BaseModel

    class Plan(BaseModel):
        title: str

    await price(runtime)
    with pytest.raises(ModelFault):
        await claude(runtime, vendors).complete(ask(schema=Plan))
    (row,) = await rows()
    assert (row["status"], row["fault"], row["estimated"]) == ("failed", "bad_output", False)
    assert row["output"] == OUTPUT_TOKENS
    assert row["cost_nanos"] > 0


async def test_a_stopped_call_pays_for_what_was_written(
    runtime: Runtime, vendors: Vendors, rows: Any
) -> None:
    await price(runtime, "endless")
    heard = 0

    async def read() -> None:
        nonlocal heard
        async with aclosing(claude(runtime, vendors, "endless").stream(ask(max_tokens=5000))) as stream:
            async for piece in stream:
                heard += isinstance(piece, TextDelta)

    task = asyncio.create_task(read())
    await asyncio.sleep(0.6)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (row,) = await rows()
    assert heard > 5
    assert (row["status"], row["fault"], row["estimated"]) == ("failed", "stopped", True)
    assert heard < row["output"] < heard * 4
    assert row["cost_nanos"] == row["fresh"] * 3000 + row["output"] * 15000


async def test_leaving_early_settles_too(runtime: Runtime, vendors: Vendors, rows: Any) -> None:
    await price(runtime, "endless")
    async with aclosing(claude(runtime, vendors, "endless").stream(ask())) as stream:
        async for _ in stream:
            break
    (row,) = await rows()
    assert row["status"] == "failed"
    assert 0 < row["output"] < 10


@pytest.mark.parametrize("kind", ["monthly", "story", "turn"])
async def test_twenty_at_once_never_pass_a_cap(
    runtime: Runtime, vendors: Vendors, rows: Any, kind: str
) -> None:
    """Each call may cost a little over 1.5 cents; the cap leaves room for three."""
    await price(runtime, fresh=0.0, output=15.0)
    await runtime.settings.change({f"cap_{kind}_usd": 0.05})
    model = claude(runtime, vendors, story_id="s", turn_id="t")
    outcomes = await asyncio.gather(
        *(model.complete(ask(max_tokens=1000)) for _ in range(20)), return_exceptions=True
    )
    refused = [o for o in outcomes if isinstance(o, CapReached)]
    assert not [o for o in outcomes if isinstance(o, BaseException) and not isinstance(o, CapReached)]
    assert len(refused) == 20 - len(await rows())
    assert sum(row["cost_nanos"] for row in await rows()) <= 50_000_000
    assert refused


async def test_twenty_reservations_held_at_once_never_pass_the_cap(
    runtime: Runtime, vendors: Vendors, rows: Any
) -> None:
    """The calls hang at the vendor, so that all reservations stand at the same time."""
    await price(runtime, "slow", fresh=0.0, output=15.0)
    await runtime.settings.change({"cap_monthly_usd": 0.05})
    tasks = [
        asyncio.create_task(claude(runtime, vendors, "slow").complete(ask(max_tokens=1000)))
        for _ in range(20)
    ]
    await asyncio.wait(tasks, timeout=0.1)
    for _ in range(500):
        if sum(task.done() for task in tasks) == 17:
            break
        await asyncio.sleep(0.02)
    reserved = await rows()
    assert len(reserved) == 3
    assert {row["status"] for row in reserved} == {"reserved"}
    assert sum(row["cost_nanos"] for row in reserved) <= 50_000_000
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {row["status"] for row in await rows()} == {"failed"}


async def test_the_refusal_has_the_figures(runtime: Runtime, vendors: Vendors) -> None:
    await price(runtime)
    await runtime.settings.change({"cap_story_usd": 0.001})
    before = len(vendors.requests)
    with pytest.raises(CapReached) as caught:
        await claude(runtime, vendors, story_id="s").complete(ask())
    assert caught.value.status == 402
    assert caught.value.extra["cap"] == "story"
    assert caught.value.extra["cap_usd"] == 0.001
    assert caught.value.extra["needed_usd"] > 0.001
    assert "0.0015" in caught.value.message
    assert len(vendors.requests) == before, "nothing was sent"


async def test_an_unknown_price_is_counted_like_a_dear_one(
    runtime: Runtime, vendors: Vendors, rows: Any
) -> None:
    await claude(runtime, vendors).complete(ask())
    (row,) = await rows()
    assert row["price"]["source"] == "unknown"
    assert "unknown" in row["price"]["note"]
    assert row["cost_nanos"] == PROMPT_TOKENS * 15_000 + OUTPUT_TOKENS * 75_000
    await runtime.settings.change({"cap_turn_usd": 0.005})
    with pytest.raises(CapReached):
        await claude(runtime, vendors, turn_id="t2").complete(ask())


async def test_what_dead_processes_reserved_counts_as_lost(
    runtime: Runtime, vendors: Vendors, rows: Any
) -> None:
    """A killed process leaves its reservation; the next one charges it as estimated. One's own stay."""
    import sqlalchemy as sa

    from luna.costs.tables import LedgerEntryRow

    await price(runtime, "slow")
    task = asyncio.create_task(claude(runtime, vendors, "slow").complete(ask()))
    for _ in range(500):
        if await rows(status="reserved"):
            break
        await asyncio.sleep(0.02)
    assert await recover(runtime, alive=[]) == 0
    async with runtime.db.begin() as tx:
        await tx.execute(sa.update(LedgerEntryRow).values(boot="killed"))
    assert await recover(runtime, alive=["killed"]) == 0
    cost = (await rows())[0]["cost_nanos"]
    assert await recover(runtime, alive=[]) == 1
    (row,) = await rows()
    assert (row["status"], row["estimated"], row["cost_nanos"]) == ("lost", True, cost)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await rows())[0]["status"] == "lost", "a settled row does not change any more"


async def test_old_leftovers_are_found_without_knowing_who_lives(runtime: Runtime) -> None:
    from datetime import timedelta

    from luna.costs import store
    from luna.costs.tables import LedgerEntryRow
    from luna.kernel.values import new_id, now

    for age in (timedelta(hours=2), timedelta(0)):
        async with runtime.db.begin() as tx:
            tx.add(
                LedgerEntryRow(
                    id=new_id(), owner="ann", agent="writer", purpose="turn", provider="anthropic", model="x",
                    month=store.month_of(now()), price={}, cost_nanos=1, status="reserved", boot="other",
                    created_at=now() - age,
                )
            )  # fmt: skip
    assert await recover(runtime) == (2 if runtime.db.is_sqlite else 1)


async def test_an_unknown_provider_leaves_no_row(runtime: Runtime, rows: Any) -> None:
    model = metered(runtime, "ann", agent="writer", choice=ModelChoice(provider="nobody", model="x"))
    with pytest.raises(ModelFault) as caught:
        await model.complete(ask())
    assert caught.value.kind is ProviderFault.missing_resource
    assert "nobody" in caught.value.message
    assert await rows() == []


async def test_the_counter_learns_from_what_is_reported(runtime: Runtime, vendors: Vendors) -> None:
    """The fake vendor always reports 100 tokens; a prompt of about 200 is then half as many there."""
    from luna.llm.service import calibration_of

    model = local(runtime)
    for _ in range(4):
        await model.complete(ask("The rain had not stopped for three days, it seemed. " * 16))
    known = await calibration_of(runtime, model.choice)
    assert known.samples == 4
    assert 0.5 <= known.factor < 0.6
    untouched = await calibration_of(runtime, ModelChoice(provider="anthropic", model="good"))
    assert untouched.factor == 1.0


async def test_a_missing_key_is_a_failed_row_that_cost_nothing(
    runtime: Runtime, vendors: Vendors, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ModelFault) as caught:
        await claude(runtime, vendors).complete(ask())
    assert caught.value.kind is ProviderFault.unauthorized
    (row,) = await rows()
    assert (row["status"], row["cost_nanos"], row["fault"]) == ("failed", 0, "unauthorized")
