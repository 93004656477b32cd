"""A chat model that reserves before each call and settles after it, whatever becomes of the call."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from luna.costs import store
from luna.costs.prices import NANOS, Price, usd
from luna.costs.pricing import price_of
from luna.costs.tables import LedgerEntryRow
from luna.kernel.database import Transaction
from luna.kernel.errors import BadInput, CapReached, LunaError, ProviderFault, Unavailable
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice, new_id, now
from luna.llm.model import VendorModel
from luna.llm.opening import open_model
from luna.llm.service import calibration_of, learn_tokens
from luna.llm.tokens import Calibration, count_tokens, message_overhead
from luna.llm.types import ChatReply, ChatRequest, ModelFault, TextDelta, Usage

log = logging.getLogger(__name__)

_UNBILLED = {
    ProviderFault.unauthorized,
    ProviderFault.missing_resource,
    ProviderFault.rate_limited,
    ProviderFault.unavailable,
    ProviderFault.out_of_memory,
}
"""Faults that nobody bills when no word had been written yet."""

_finishing: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Account:
    """Whom and what a call is for."""

    owner: str
    agent: str
    purpose: str
    story_id: str | None = None
    turn_id: str | None = None


class MeteredModel:
    """See `luna.costs.service.metered`."""

    def __init__(self, runtime: Runtime, account: Account, choice: ModelChoice) -> None:
        self._runtime = runtime
        self._account = account
        self._choice = choice

    @property
    def choice(self) -> ModelChoice:
        return self._choice

    async def complete(self, request: ChatRequest) -> ChatReply:
        async with aclosing(self.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ChatReply):
                    return piece
        raise ModelFault(ProviderFault.bad_output, "The answer had no end.", provider=self._choice.provider)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | ChatReply]:
        settings = await self._runtime.settings.current()
        call = await self._prepare(settings, request)
        try:
            await call.reserve(settings)
            async with aclosing(call.model.stream(request)) as pieces:
                async for piece in pieces:
                    await call.hear(piece)
                    yield piece
        except ModelFault as fault:
            call.fault = fault
            raise
        finally:
            await _to_the_end(call.settle())

    async def _prepare(self, settings: Settings, request: ChatRequest) -> "_Call":
        """Open the model. A choice that cannot be opened (unknown provider, no host, a key that cannot be
        read) is a fault of that choice, so that the chain's next one gets its turn."""
        runtime, choice = self._runtime, self._choice
        try:
            model = await open_model(runtime, choice)
            price = await price_of(runtime, choice, settings)
        except BadInput as error:
            kind = ProviderFault.missing_resource
            raise ModelFault(kind, error.message, provider=choice.provider, cause=error.code) from error
        except Unavailable as error:
            if error.code != "secret-changed":
                raise
            kind = ProviderFault.unauthorized
            raise ModelFault(kind, error.message, provider=choice.provider, cause=error.code) from error
        counter = await calibration_of(runtime, choice)
        return _Call(runtime, self._account, model, price, counter, request)


class _Call:
    """One call on its way: what it may cost, what came of it."""

    def __init__(
        self,
        runtime: Runtime,
        account: Account,
        model: VendorModel,
        price: Price,
        counter: Calibration,
        request: ChatRequest,
    ) -> None:
        self.runtime = runtime
        self.account = account
        self.model = model
        self.price = price
        self.counter = counter
        self.request = request
        self.id = new_id()
        self.open = False
        self.fault: ModelFault | None = None
        self.reply: ChatReply | None = None
        self.heard: list[str] = []
        self.counted = count_tokens(request.prompt(), model.choice.model)
        self.prompt = round(self.counted * counter.factor) + message_overhead(request)

    async def reserve(self, settings: Settings) -> None:
        """Write the row with what the call costs at most. Raises CapReached, and then nothing is written."""
        most = Usage(self.prompt, 0, self.model.most_output(self.request), reported=False)
        nanos = self.price.cost(most)
        self.open = True
        try:
            async with self.runtime.db.begin() as tx:
                await check_caps(tx, settings, self.account, nanos)
                store.add_entry(tx, self._row(most, nanos))
        except LunaError:
            self.open = False
            raise

    async def hear(self, piece: TextDelta | ChatReply) -> None:
        """Take note of a piece; the last one settles the call, so that its cost is known when it arrives."""
        if isinstance(piece, ChatReply):
            self.reply = piece
            await _to_the_end(self.settle())
        else:
            self.heard.append(piece.text)

    async def settle(self) -> None:
        """Write what the call has used. Does nothing the second time."""
        if not self.open:
            return
        self.open = False
        used = self._used()
        fault = None if self.reply else (self.fault.kind.value if self.fault else "stopped")
        try:
            async with self.runtime.db.begin() as tx:
                await store.settle(
                    tx,
                    self.id,
                    fresh=used.fresh,
                    cached=used.cached,
                    written=used.written,
                    output=used.output,
                    cost_nanos=self.price.cost(used),
                    status="settled" if self.reply else "failed",
                    estimated=not used.reported,
                    fault=fault,
                )
            await self._learn(used)
        except LunaError as error:
            # the row stays reserved, and the next start counts it as lost
            log.warning("a model call could not be settled: %s", error.message)

    def _used(self) -> Usage:
        if self.reply:
            return self.reply.usage
        fault = self.fault
        if fault and fault.usage:
            return fault.usage
        text = "".join(self.heard) or (fault.raw if fault else "")
        if fault and not text and (fault.status is not None or fault.kind in _UNBILLED):
            return Usage(0, 0, 0, reported=True)
        return Usage(self.prompt, 0, self.counter.count(text), reported=False)

    async def _learn(self, used: Usage) -> None:
        """Compare our count of the prompt with the provider's. A schema may be told in words: not comparable."""
        if used.reported and self.reply and self.request.schema is None:
            reported = used.fresh + used.cached - message_overhead(self.request)
            await learn_tokens(self.runtime, self.model.choice, self.counter, self.counted, reported)

    def _row(self, most: Usage, nanos: int) -> LedgerEntryRow:
        moment, account, choice = now(), self.account, self.model.choice
        return LedgerEntryRow(
            id=self.id,
            owner=account.owner,
            story_id=account.story_id,
            turn_id=account.turn_id,
            agent=account.agent,
            purpose=account.purpose,
            provider=choice.provider,
            model=choice.model,
            month=store.month_of(moment),
            fresh=most.fresh,
            cached=0,
            written=0,
            output=most.output,
            price=self.price.model_dump(mode="json"),
            cost_nanos=nanos,
            status="reserved",
            estimated=True,
            boot=self.runtime.boot,
            created_at=moment,
        )


async def check_caps(tx: Transaction, settings: Settings, account: Account, nanos: int) -> None:
    """Raise CapReached when the call could pass a cap. A call that costs nothing always may.

    The monthly cap is the server's purse, so everybody's calls count towards it.
    """
    caps: list[tuple[str, float | None, dict[str, str]]] = [
        ("monthly", settings.cap_monthly_usd, {"month": store.month_of(now())}),
        ("story", settings.cap_story_usd, {"owner": account.owner, "story_id": account.story_id or ""}),
        ("turn", settings.cap_turn_usd, {"owner": account.owner, "turn_id": account.turn_id or ""}),
    ]
    in_force = [(kind, cap, where) for kind, cap, where in caps if cap is not None and all(where.values())]
    if not nanos or not in_force:
        return
    await store.lock_caps(tx)
    for kind, cap, where in in_force:
        spent = await store.nanos_spent(tx, **where)
        if spent + nanos > round(cap * NANOS):
            raise CapReached(
                f"This call may cost ${usd(nanos):.4f}, but ${usd(spent):.4f} of the {kind} cap"
                f" of ${cap:.2f} is spent or reserved.",
                f"Raise or clear cap_{kind}_usd in the settings, or use a local model, which costs nothing.",
                cap=kind,
                cap_usd=cap,
                spent_usd=usd(spent),
                needed_usd=usd(nanos),
            )


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do something to its end even when the task that asks for it is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    await asyncio.shield(task)
