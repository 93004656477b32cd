"""What was spent, and where it is heading. Everything is the owner's own; months are in UTC."""

import csv
import io
from calendar import monthrange
from collections.abc import AsyncIterator
from datetime import datetime

from luna.costs import store
from luna.costs.prices import NANOS, Price, usd
from luna.costs.pricing import shown
from luna.costs.store import Sums
from luna.costs.tables import LedgerEntryRow
from luna.costs.types import (
    AgentCost,
    CallCost,
    CapState,
    EntryStatus,
    MonthCost,
    Projection,
    Spent,
    StoryCost,
    Summary,
    TurnCost,
    TurnSpent,
)
from luna.kernel.runtime import Runtime
from luna.kernel.values import now

MOST_MONTHS = 120
MOST_TURNS = 1000
MOST_CALLS = 500
CSV_PAGE = 1000


def spent(sums: Sums) -> Spent:
    """Sums of the ledger as shown."""
    return Spent(
        calls=sums.calls,
        failed_calls=sums.failed,
        fresh_tokens=sums.fresh,
        cached_tokens=sums.cached,
        output_tokens=sums.output,
        cost_usd=usd(sums.nanos),
        estimated_usd=usd(sums.estimated_nanos),
    )


async def summary(runtime: Runtime, owner: str) -> Summary:
    """The owner's costs at a glance, with the caps in force."""
    settings = await runtime.settings.current()
    month = store.month_of(now())
    async with runtime.db.read() as tx:
        total = await store.sums(tx, owner)
        this_month = await store.sums(tx, owner, month=month)
        turns = await store.count_turns(tx, owner)
        in_turns = await store.nanos_in_turns(tx, owner)
        sources = await store.count_by_price(tx, owner)
        purse = await store.nanos_spent(tx, month=month)
    caps = [
        CapState(kind="monthly", cap_usd=settings.cap_monthly_usd, spent_usd=usd(purse))
        if settings.cap_monthly_usd is not None
        else None,
        CapState(kind="story", cap_usd=settings.cap_story_usd)
        if settings.cap_story_usd is not None
        else None,
        CapState(kind="turn", cap_usd=settings.cap_turn_usd) if settings.cap_turn_usd is not None else None,
    ]
    return Summary(
        total=spent(total),
        this_month=spent(this_month),
        turns=turns,
        average_turn_usd=_average(in_turns, turns),
        local_calls=sources.get("local", 0),
        unknown_price_calls=sources.get("unknown", 0),
        caps=tuple(cap for cap in caps if cap is not None),
    )


async def monthly(runtime: Runtime, owner: str, months: int = 12) -> list[MonthCost]:
    """The owner's costs by calendar month, the newest first. Months without a call are left out."""
    async with runtime.db.read() as tx:
        rows = await store.by_month(tx, owner, min(months, MOST_MONTHS))
    return [MonthCost(month=month, spent=spent(sums), turns=turns) for month, turns, sums in rows]


async def projection(runtime: Runtime, owner: str, moment: datetime | None = None) -> Projection:
    """Where the month is heading. In its first day the pace is that of a whole day, or one turn at midnight
    would look like a fortune."""
    moment = moment or now()
    settings = await runtime.settings.current()
    month = store.month_of(moment)
    async with runtime.db.read() as tx:
        so_far = await store.nanos_spent(tx, owner=owner, month=month)
        turns = await store.count_turns(tx, owner)
        in_turns = await store.nanos_in_turns(tx, owner)
    days = monthrange(moment.year, moment.month)[1]
    passed = (moment.day - 1) + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400
    projected = usd(so_far) * days / max(passed, 1.0)
    average = _average(in_turns, turns)
    cap = settings.cap_monthly_usd
    return Projection(
        month=month,
        spent_usd=usd(so_far),
        projected_usd=projected,
        days_passed=round(passed, 3),
        days_in_month=days,
        cap_usd=cap,
        passes_cap=cap is not None and projected > cap,
        average_turn_usd=average,
        usd_per_100_turns=average * 100,
        usd_per_1000_turns=average * 1000,
        usd_per_10000_turns=average * 10_000,
    )


async def by_agent(runtime: Runtime, owner: str, month: str | None = None) -> list[AgentCost]:
    """The owner's costs by agent and model, the dearest first; of one month ("2026-11") when given."""
    where = {"month": month} if month else {}
    async with runtime.db.read() as tx:
        return _agents(await store.by_agent(tx, owner, **where))


async def story_costs(runtime: Runtime, owner: str, story_id: str) -> StoryCost:
    """What a story has cost its owner until now. A story that called no model has cost nothing."""
    async with runtime.db.read() as tx:
        total = await store.sums(tx, owner, story_id=story_id)
        agents = await store.by_agent(tx, owner, story_id=story_id)
        turns = await store.by_turn(tx, owner, story_id, MOST_TURNS + 1)
    return StoryCost(
        story_id=story_id,
        spent=spent(total),
        agents=tuple(_agents(agents)),
        turns=tuple(TurnSpent(turn_id=turn, spent=spent(sums)) for turn, sums in turns[:MOST_TURNS]),
        more_turns=len(turns) > MOST_TURNS,
    )


async def turn_costs(runtime: Runtime, owner: str, turn_id: str) -> TurnCost:
    """What a turn has cost, call by call, at the prices that held then."""
    async with runtime.db.read() as tx:
        total = await store.sums(tx, owner, turn_id=turn_id)
        rows = await store.entries(tx, owner, limit=MOST_CALLS, turn_id=turn_id)
    return TurnCost(turn_id=turn_id, spent=spent(total), calls=tuple(call_cost(row) for row in rows))


CSV_COLUMNS = (
    "created_at", "story_id", "turn_id", "agent", "purpose", "provider", "model", "fresh_tokens",
    "cached_tokens", "written_tokens", "output_tokens", "fresh_usd_per_million", "cached_usd_per_million",
    "output_usd_per_million", "price_source", "cost_usd", "status", "estimated", "fault",
)  # fmt: skip


async def csv_lines(runtime: Runtime, owner: str, month: str | None = None) -> AsyncIterator[str]:
    """The owner's ledger as CSV, a page of rows at a time; of one month when given."""
    where = {"month": month} if month else {}
    yield _csv([CSV_COLUMNS])
    after: tuple[datetime, str] | None = None
    while True:
        async with runtime.db.read() as tx:
            rows = await store.entries(tx, owner, limit=CSV_PAGE, after=after, **where)
        if rows:
            yield _csv([_csv_row(row) for row in rows])
            after = (rows[-1].created_at, rows[-1].id)
        if len(rows) < CSV_PAGE:
            return


def call_cost(row: LedgerEntryRow) -> CallCost:
    """A ledger row as shown."""
    return CallCost(
        id=row.id,
        story_id=row.story_id,
        turn_id=row.turn_id,
        agent=row.agent,
        purpose=row.purpose,
        provider=row.provider,
        model=row.model,
        fresh_tokens=row.fresh,
        cached_tokens=row.cached,
        written_tokens=row.written,
        output_tokens=row.output,
        price=shown(Price.model_validate(row.price)),
        cost_usd=usd(row.cost_nanos),
        status=_STATUS[row.status],
        estimated=row.estimated,
        fault=row.fault,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )


_STATUS: dict[str, EntryStatus] = {
    "reserved": "reserved", "settled": "settled", "failed": "failed", "lost": "lost"
}  # fmt: skip


def _csv_row(row: LedgerEntryRow) -> tuple[str | int | bool | None, ...]:
    price = Price.model_validate(row.price)
    return (
        row.created_at.isoformat(), row.story_id, row.turn_id, _safe(row.agent), _safe(row.purpose),
        _safe(row.provider), _safe(row.model), row.fresh, row.cached, row.written, row.output,
        _exact(price.fresh), _exact(price.cached), _exact(price.output), price.source,
        _exact(row.cost_nanos), row.status, row.estimated, row.fault,
    )  # fmt: skip


def _exact(nanos: int) -> str:
    """Dollars to the last billionth, without an exponent."""
    return f"{nanos // NANOS}.{nanos % NANOS:09d}"


def _safe(text: str) -> str:
    """Spreadsheets run what begins like a formula; a model's name could."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _csv(rows: list[tuple[str | int | bool | None, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _average(nanos: int, turns: int) -> float:
    return usd(nanos) / turns if turns else 0.0


def _agents(rows: list[tuple[str, str, str, str, Sums]]) -> list[AgentCost]:
    return [
        AgentCost(agent=agent, provider=provider, model=model, local=source == "local", spent=spent(sums))
        for agent, provider, model, source, sums in rows
    ]
