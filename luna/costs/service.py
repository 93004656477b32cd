"""The one door to chat models, what a turn will cost, and the leftovers of processes that died."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from luna.costs import store
from luna.costs.metering import Account, MeteredModel, check_caps
from luna.costs.prices import usd
from luna.costs.pricing import price_of
from luna.costs.types import Forecast, ForecastCall, ForecastLine
from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice, now
from luna.llm.types import ChatModel, Usage

DEAD_AFTER = timedelta(minutes=30)
"""A reservation of another process counts as lost after this time, when nobody says who is alive."""


def metered(
    runtime: Runtime,
    owner: str,
    *,
    agent: str,
    choice: ModelChoice,
    story_id: str | None = None,
    turn_id: str | None = None,
    purpose: str = "turn",
) -> ChatModel:
    """A chat model whose every call is a row of the ledger: reserved before, settled after.

    The calls raise CapReached (402, with the figures) where a cap could be passed, and ModelFault when the
    model fails or cannot be opened: what is wrong with one choice of a chain is no reason to end the turn.
    """
    return MeteredModel(runtime, Account(owner, agent, purpose, story_id, turn_id), choice)


async def forecast(runtime: Runtime, calls: Sequence[ForecastCall]) -> Forecast:
    """What a turn will cost at most, without any retry. Agents without a model cost nothing: leave them out."""
    if not calls:
        return Forecast(lines=(), total_usd=0.0, price_known=True)
    settings = await runtime.settings.current()
    lines: list[ForecastLine] = []
    total = 0
    for call in calls:
        choice = ModelChoice(provider=call.provider, model=call.model, host=call.host)
        price = await price_of(runtime, choice, settings)
        nanos = price.cost(Usage(call.prompt_tokens, 0, call.max_output, reported=False))
        total += nanos
        lines.append(
            ForecastLine(
                agent=call.agent,
                provider=call.provider,
                model=call.model,
                local=price.source == "local",
                price_known=price.source != "unknown",
                cost_usd=usd(nanos),
            )
        )
    known = all(line.price_known for line in lines)
    return Forecast(lines=tuple(lines), total_usd=usd(total), price_known=known)


async def recover(runtime: Runtime, alive: Collection[str] | None = None) -> int:
    """Mark what dead processes had reserved as lost, charged as estimated. Returns how many rows.

    `alive` are the boot ids of the processes that run. Without it, on PostgreSQL, only old reservations are
    taken for lost; on SQLite one process owns the data folder, so every other boot is dead.
    """
    boots = {runtime.boot, *(alive or ())}
    before = None if alive is not None or runtime.db.is_sqlite else now() - DEAD_AFTER
    async with runtime.db.begin() as tx:
        return await store.lose(tx, not_boots=boots, before=before)


async def turn_spent(runtime: Runtime, owner: str, turn_id: str) -> dict[str, int]:
    """What a turn has cost so far, by agent, in billionths of a dollar; retries included."""
    async with runtime.db.read() as tx:
        spent: dict[str, int] = {}
        for agent, _, _, _, sums in await store.by_agent(tx, owner, turn_id=turn_id):
            spent[agent] = spent.get(agent, 0) + sums.nanos
        return spent


async def refuse_over_cap(
    runtime: Runtime, owner: str, story_id: str, turn_id: str, expected: Forecast
) -> None:
    """Raises CapReached, with the figures, when a turn that costs what is expected would pass a cap."""
    nanos = round(expected.total_usd * 1e9)
    if nanos:
        settings = await runtime.settings.current()
        async with runtime.db.read() as tx:
            await check_caps(tx, settings, Account(owner, "turn", "turn", story_id, turn_id), nanos)
