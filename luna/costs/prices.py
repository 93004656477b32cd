"""What a token costs: own prices first, then the bundled list, nothing for local machines, and a careful guess.

Amounts are whole numbers of nano-dollars (a billionth of a US dollar); rates are nano-dollars per million
tokens, so that a price like $0.075 is exact.
"""

from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from luna.kernel.values import Frozen
from luna.llm.providers import ProviderFacts
from luna.llm.types import Usage

NANOS = 1_000_000_000
MILLION = 1_000_000
Rate = Annotated[int, Field(ge=0, le=10**15)]
PriceSource = Literal["own", "bundled", "local", "unknown"]


class Price(Frozen):
    """Rates of a model, in nano-dollars per million tokens, and where they come from.

    `unknown` means that nobody knows: the rates are then those of a dear model, so that a cap holds anyway.
    """

    fresh: Rate
    cached: Rate
    written: Rate
    output: Rate
    source: PriceSource
    note: str = ""

    def cost(self, usage: Usage) -> int:
        """What a call costs, in nano-dollars, rounded up."""
        written = min(usage.written, usage.fresh)
        total = (
            (usage.fresh - written) * self.fresh
            + written * self.written
            + usage.cached * self.cached
            + usage.output * self.output
        )
        return -(-total // MILLION)


FREE = Price(fresh=0, cached=0, written=0, output=0, source="local", note="runs on your own machines")
UNKNOWN = Price(
    fresh=15 * NANOS,
    cached=15 * NANOS,
    written=20 * NANOS,
    output=75 * NANOS,
    source="unknown",
    note="price unknown: counted like a dear model ($15 in, $75 out per million tokens); enter the real price",
)


def usd(nanos: int) -> float:
    """Nano-dollars as US dollars."""
    return nanos / NANOS


def rate(usd_per_million: float | Decimal) -> int:
    """A rate from US dollars per million tokens, exact to nine decimals."""
    return int((Decimal(str(usd_per_million)) * NANOS).to_integral_value())


def is_own_machine(facts: ProviderFacts, host: str) -> bool:
    """Whether calls cost nothing: a local kind of server, at an address that is not out on the internet."""
    if not facts.local:
        return False
    name = urlsplit(host).hostname or ""
    try:
        address = ip_address(name)
    except ValueError:
        return "." not in name or name.endswith((".local", ".lan", ".home.arpa", ".internal", ".localhost"))
    # 100.64/10 is what private overlay networks use; it is not routed on the internet
    return address.is_loopback or address.is_private or not address.is_global


def bundled_price(facts: ProviderFacts, model: str, when: datetime) -> Price | None:
    """The price of a model in the list that ships with the product, as of a time. No network."""
    if not facts.prices_as:
        return None
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    try:
        found = calc_price(
            PricedUsage(input_tokens=1, output_tokens=1),
            model,
            provider_id=facts.prices_as,
            genai_request_timestamp=when,
        )
    except (LookupError, ValueError):
        return None
    fresh, output = (_base(getattr(found.model_price, name, None)) for name in ("input_mtok", "output_mtok"))
    if fresh is None and output is None:
        return Price(fresh=0, cached=0, written=0, output=0, source="bundled", note="free of charge")
    if fresh is None or output is None:
        return None
    cached = _base(getattr(found.model_price, "cache_read_mtok", None))
    written = _base(getattr(found.model_price, "cache_write_mtok", None))
    return Price(
        fresh=rate(fresh),
        cached=rate(fresh if cached is None else cached),
        written=rate(fresh if written is None else written),
        output=rate(output),
        source="bundled",
    )


def _base(price: object) -> Decimal | None:
    """A rate of the list. Steps for very long prompts are left aside: turns are short."""
    value = getattr(price, "base", price)
    return value if isinstance(value, Decimal) else None
