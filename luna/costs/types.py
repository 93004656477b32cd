"""What the costs look like from outside. Money is in US dollars, exact to a billionth."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from luna.costs.prices import PriceSource
from luna.kernel.values import Frozen

EntryStatus = Literal["reserved", "settled", "failed", "lost"]
"""reserved: under way; settled: answered; failed: broken or stopped, charged for what was written; lost: its
process died, charged as estimated."""


class Spent(Frozen):
    """Calls, tokens and money of some set of ledger rows. `estimated_usd` is the part that was counted here
    because the provider reported nothing."""

    calls: int = 0
    failed_calls: int = 0
    fresh_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    estimated_usd: float = 0.0


class PriceShown(Frozen):
    """A price in US dollars per million tokens, and whether it is one's own, bundled, nothing or unknown."""

    fresh_usd: float
    cached_usd: float
    written_usd: float
    output_usd: float
    source: PriceSource
    local: bool
    note: str = ""


class CallCost(Frozen):
    """One row of the ledger."""

    id: str
    story_id: str | None
    turn_id: str | None
    agent: str
    purpose: str
    provider: str
    model: str
    fresh_tokens: int
    cached_tokens: int
    written_tokens: int
    output_tokens: int
    price: PriceShown
    cost_usd: float
    status: EntryStatus
    estimated: bool
    fault: str | None
    created_at: datetime
    settled_at: datetime | None


class AgentCost(Frozen):
    """What an agent used of a model. `local` says that the model ran on one's own machines, for nothing."""

    agent: str
    provider: str
    model: str
    local: bool
    spent: Spent


class TurnCost(Frozen):
    """What a turn cost, call by call: retries are calls of their own."""

    turn_id: str
    spent: Spent
    calls: tuple[CallCost, ...]


class TurnSpent(Frozen):
    """What one turn of a story cost."""

    turn_id: str
    spent: Spent


class StoryCost(Frozen):
    """What a story cost, by agent and by turn. Calls without a turn (wizards, background) count in `spent`."""

    story_id: str
    spent: Spent
    agents: tuple[AgentCost, ...]
    turns: tuple[TurnSpent, ...]
    more_turns: bool = False


class MonthCost(Frozen):
    """What a calendar month cost, in UTC, for example "2026-11"."""

    month: str
    spent: Spent
    turns: int


class CapState(Frozen):
    """A cap in force, and how much of it is spent or reserved."""

    kind: Literal["monthly", "story", "turn"]
    cap_usd: float
    spent_usd: float | None = None


class Summary(Frozen):
    """The costs at a glance. `average_turn_usd` is over the turns that called any model."""

    total: Spent
    this_month: Spent
    turns: int
    average_turn_usd: float
    local_calls: int
    unknown_price_calls: int
    caps: tuple[CapState, ...]


class Projection(Frozen):
    """Where the month is heading, at the pace of its days so far, and what so many turns cost at the average."""

    month: str
    spent_usd: float
    projected_usd: float
    days_passed: float
    days_in_month: int
    cap_usd: float | None
    passes_cap: bool
    average_turn_usd: float
    usd_per_100_turns: float
    usd_per_1000_turns: float
    usd_per_10000_turns: float


class ForecastCall(Frozen):
    """A call that is planned: whose, of which model, how long its prompt and at most its answer, in tokens."""

    agent: Annotated[str, Field(max_length=40)]
    provider: Annotated[str, Field(min_length=1, max_length=60)]
    model: Annotated[str, Field(max_length=200)]
    host: Annotated[str | None, Field(max_length=300)] = None
    prompt_tokens: Annotated[int, Field(ge=0, le=10_000_000)]
    max_output: Annotated[int, Field(ge=0, le=1_000_000)]


class ForecastLine(Frozen):
    """What a planned call will cost at most."""

    agent: str
    provider: str
    model: str
    local: bool
    price_known: bool
    cost_usd: float


class Forecast(Frozen):
    """What a turn will cost at most, before it is told. Without models it is nothing."""

    lines: tuple[ForecastLine, ...]
    total_usd: float
    price_known: bool


class PriceEntry(Frozen):
    """A price somebody entered, and from when it holds."""

    id: str
    provider: str
    model: str
    price: PriceShown
    valid_from: datetime
    source: str


class PriceInForce(Frozen):
    """The price that a call would be charged now, and the entered prices before it, newest first."""

    provider: str
    model: str
    price: PriceShown
    history: tuple[PriceEntry, ...]
