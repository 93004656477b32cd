"""HTTP routes of the costs. Everything is the asker's own; prices are entered by the administrator."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from luna.costs import analytics, pricing, service
from luna.costs.types import (
    AgentCost,
    Forecast,
    ForecastCall,
    MonthCost,
    PriceEntry,
    PriceInForce,
    Projection,
    StoryCost,
    Summary,
    TurnCost,
)
from luna.kernel.http import PROBLEMS, Admin, Asking, Running
from luna.kernel.runtime import Runtime

router = APIRouter(prefix="/cost-analytics", tags=["costs"], responses=PROBLEMS)

Month = Annotated[
    str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="A month in UTC, such as 2026-11")
]
Id = Annotated[str, Path(min_length=1, max_length=64)]
UsdPerMillion = Annotated[float, Field(ge=0, le=100_000)]
Guard = Callable[[Runtime, str, str, str], Awaitable[None]]
"""Raises NotFound when "story" or "turn" (the third argument) of that id (the fourth) is not the owner's."""

CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ledger, a call a line", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


class PriceGiven(BaseModel):
    """A price in US dollars per million tokens. Cached and cache-written tokens cost like fresh ones when
    nothing is said. It holds from `valid_from`, or from now."""

    provider: Annotated[str, Field(min_length=1, max_length=60)]
    model: Annotated[str, Field(min_length=1, max_length=200)]
    fresh_usd: UsdPerMillion
    output_usd: UsdPerMillion
    cached_usd: UsdPerMillion | None = None
    written_usd: UsdPerMillion | None = None
    valid_from: AwareDatetime | None = None
    source: Annotated[str, Field(max_length=200)] = ""


class ForecastAsked(BaseModel):
    """The calls that a turn would make."""

    calls: Annotated[list[ForecastCall], Field(max_length=20)]


async def _guard(request: Request, owner: str, kind: str, id_: str) -> None:
    """Ask whoever knows stories and turns whether this one is the owner's; costs come below them, so the web
    app puts that function on the application."""
    guard: Guard | None = getattr(request.app.state, "cost_guard", None)
    if guard is not None:
        await guard(request.app.state.runtime, owner, kind, id_)


@router.get("/summary")
async def show_summary(runtime: Running, asker: Asking) -> Summary:
    """Costs at a glance: in all, this month, per turn, and the caps in force."""
    return await analytics.summary(runtime, asker.id)


@router.get("/monthly")
async def list_months(
    runtime: Running, asker: Asking, months: Annotated[int, Query(ge=1, le=analytics.MOST_MONTHS)] = 12
) -> list[MonthCost]:
    """Costs by calendar month, the newest first."""
    return await analytics.monthly(runtime, asker.id, months)


@router.get("/projection")
async def show_projection(runtime: Running, asker: Asking) -> Projection:
    """Where this month is heading, and what so many turns cost."""
    return await analytics.projection(runtime, asker.id)


@router.get("/by-agent")
async def list_agents(runtime: Running, asker: Asking, month: Month = None) -> list[AgentCost]:
    """Costs by agent and model, the dearest first."""
    return await analytics.by_agent(runtime, asker.id, month)


@router.get("/stories/{story_id}")
async def show_story(runtime: Running, asker: Asking, request: Request, story_id: Id) -> StoryCost:
    """What a story has cost, by agent and by turn."""
    await _guard(request, asker.id, "story", story_id)
    return await analytics.story_costs(runtime, asker.id, story_id)


@router.get("/turns/{turn_id}")
async def show_turn(runtime: Running, asker: Asking, request: Request, turn_id: Id) -> TurnCost:
    """What a turn has cost, call by call."""
    await _guard(request, asker.id, "turn", turn_id)
    return await analytics.turn_costs(runtime, asker.id, turn_id)


@router.get("/pricing")
async def list_prices(runtime: Running, asker: Asking) -> list[PriceInForce]:
    """The prices in force of the models in use, with the history of those that were entered."""
    return await pricing.prices(runtime, asker.id)


@router.put("/pricing")
async def enter_price(runtime: Running, admin: Admin, given: PriceGiven) -> PriceEntry:
    """Enter a price. It is added to the history: calls already made keep theirs."""
    return await pricing.enter_price(runtime, **dict(given))


@router.post("/forecast")
async def forecast_calls(runtime: Running, asker: Asking, asked: ForecastAsked) -> Forecast:
    """What such calls would cost at most."""
    return await service.forecast(runtime, asked.calls)


@router.get("/export.csv", response_class=StreamingResponse, responses=CSV)
async def export_ledger(runtime: Running, asker: Asking, month: Month = None) -> StreamingResponse:
    """The ledger as a CSV file, every call a line."""
    name = f"luna-costs-{month}.csv" if month else "luna-costs.csv"
    return StreamingResponse(
        analytics.csv_lines(runtime, asker.id, month),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
