"""What the operations routes show of the slices: the counters of turns, and the last known state of engines."""

import asyncio
import time

from luna.app.operations import Engine, Metrics
from luna.kernel.runtime import Runtime
from luna.llm.detect import detect
from luna.story import service as stories

FRESH_SECONDS = 30.0
COUNTED_SECONDS = 5.0


class Measures:
    """Counts and looks at most every few seconds, however often it is asked."""

    def __init__(self) -> None:
        self._engines: list[Engine] = []
        self._looked = 0.0
        self._metrics = Metrics()
        self._counted = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def metrics(self, runtime: Runtime) -> Metrics:
        """The counters of turns, at most some seconds old."""
        if time.monotonic() - self._counted > COUNTED_SECONDS:
            turns, seconds, dollars, agents = await stories.totals(runtime)
            self._metrics = Metrics(
                total_turns_generated=turns,
                avg_turn_time_seconds=seconds,
                avg_turn_cost_usd=dollars,
                preprocessor_avg_time=agents.get("researcher", 0.0),
                strategist_avg_time=agents.get("strategist", 0.0),
                writer_avg_time=agents.get("writer", 0.0),
            )
            self._counted = time.monotonic()
        return self._metrics

    async def engines(self, runtime: Runtime) -> list[Engine]:
        """The last known state of the tellers. Looking anew happens behind the answer."""
        idle = self._looking is None or self._looking.done()
        if idle and time.monotonic() - self._looked > FRESH_SECONDS:
            self._looking = asyncio.create_task(self._look(runtime), name="look-for-models")
        narrator = Engine(name="narrator", kind="narrator", state="ready", detail="built in, needs no model")
        return [narrator, *self._engines]

    async def _look(self, runtime: Runtime) -> None:
        found = await detect(await runtime.settings.current())
        self._engines = [
            Engine(
                name=place.provider,
                kind="models",
                state="ready" if place.reachable else "away",
                detail=f"{place.host}: {', '.join(place.models[:8])}" if place.reachable else place.host,
            )
            for place in found
        ]
        self._looked = time.monotonic()
