"""The price of a model now, and the history of the prices that were entered."""

import asyncio
from datetime import datetime, timedelta

from luna.costs import store
from luna.costs.prices import FREE, UNKNOWN, Price, bundled_price, is_own_machine, rate, usd
from luna.costs.tables import ModelPriceRow
from luna.costs.types import PriceEntry, PriceInForce, PriceShown
from luna.kernel.errors import BadInput
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice, new_id, now
from luna.llm.choices import AGENTS, choices_for
from luna.llm.providers import REGISTRY, facts_of, host_of

MOST_PRICES = 2000
LONGEST_AHEAD = timedelta(days=3660)


async def price_of(runtime: Runtime, choice: ModelChoice, settings: Settings | None = None) -> Price:
    """The price of a model now: entered, or nothing on one's own machines, or bundled, or a careful guess.

    Raises BadInput for an unknown provider.
    """
    settings = settings or await runtime.settings.current()
    facts, moment = facts_of(choice.provider), now()
    async with runtime.db.read() as tx:
        own = await store.price_at(tx, choice.provider, choice.model, moment)
    if own is not None:
        return own
    if facts.local and _at_home(settings, choice):
        return FREE
    # the first look into the bundled list reads all of it: not on the event loop
    return await asyncio.to_thread(bundled_price, facts, choice.model, moment) or UNKNOWN


async def enter_price(
    runtime: Runtime,
    provider: str,
    model: str,
    *,
    fresh_usd: float,
    output_usd: float,
    cached_usd: float | None = None,
    written_usd: float | None = None,
    valid_from: datetime | None = None,
    source: str = "",
) -> PriceEntry:
    """Enter a price in US dollars per million tokens; it holds from `valid_from` (now, when left out) on.

    Cached and cache-written tokens cost as much as fresh ones when nothing else is said. Calls already made
    keep their price. Raises BadInput for an unknown provider or an impossible date.
    """
    facts_of(provider)
    moment = now()
    begins = valid_from or moment
    if begins.tzinfo is None or begins > moment + LONGEST_AHEAD:
        raise BadInput("That date cannot be used.", "Give a date with a time zone, at most ten years ahead.")
    row = ModelPriceRow(
        id=new_id(),
        provider=provider,
        model=model,
        fresh=rate(fresh_usd),
        cached=rate(fresh_usd if cached_usd is None else cached_usd),
        written=rate(fresh_usd if written_usd is None else written_usd),
        output=rate(output_usd),
        valid_from=begins,
        source=source,
        created_at=moment,
    )
    async with runtime.db.begin() as tx:
        store.add_price(tx, row)
    return _entry(row)


async def prices(runtime: Runtime, owner: str) -> list[PriceInForce]:
    """The prices in force for every model that is configured, has been called by the owner, or has an
    entered price, with the history of entered ones."""
    settings = await runtime.settings.current()
    async with runtime.db.read() as tx:
        history = await store.price_history(tx, MOST_PRICES)
        used = await store.models_used(tx, owner)
    configured = [c for agent in AGENTS for c in choices_for(settings, agent)]
    hosts = {(c.provider, c.model): c.host for c in configured}
    known = {*hosts, *used, *((row.provider, row.model) for row in history)}
    names = sorted((provider, model) for provider, model in known if provider in REGISTRY)
    return [
        PriceInForce(
            provider=provider,
            model=model,
            price=shown(await price_of(runtime, _choice(provider, model, hosts), settings)),
            history=tuple(_entry(row) for row in history if (row.provider, row.model) == (provider, model)),
        )
        for provider, model in names
    ]


def shown(price: Price) -> PriceShown:
    """A price in US dollars per million tokens."""
    return PriceShown(
        fresh_usd=usd(price.fresh),
        cached_usd=usd(price.cached),
        written_usd=usd(price.written),
        output_usd=usd(price.output),
        source=price.source,
        local=price.source == "local",
        note=price.note,
    )


def _at_home(settings: Settings, choice: ModelChoice) -> bool:
    """Whether a local kind of server is on one's own machines; without a usable host it is nowhere else."""
    try:
        return is_own_machine(facts_of(choice.provider), host_of(settings, choice))
    except BadInput:
        return True


def _choice(provider: str, model: str, hosts: dict[tuple[str, str], str | None]) -> ModelChoice:
    return ModelChoice(provider=provider, model=model, host=hosts.get((provider, model)))


def _entry(row: ModelPriceRow) -> PriceEntry:
    return PriceEntry(
        id=row.id,
        provider=row.provider,
        model=row.model,
        price=shown(store.as_price(row)),
        valid_from=row.valid_from,
        source=row.source,
    )
