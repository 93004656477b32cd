"""The desk: the tellings of one process. Starting, watching, stopping, and clearing up after a crash."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence

import psutil

from luna.kernel.errors import Conflict, LunaError, NotFound, Unavailable
from luna.kernel.live import LiveEvent
from luna.kernel.logs import trace as current_trace
from luna.kernel.runtime import Runtime
from luna.narration.keeping import keep_partial
from luna.narration.pipeline import tell
from luna.narration.progress import Progress, error_data, plan_of, prose_of
from luna.narrator import service as narrator
from luna.story import service as story_service
from luna.story import tellings, turns
from luna.story.types import Telling, TellingRequest, Turn
from luna.turns.events import WorldEvent

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.4
RENEW_SECONDS = 5.0
SWEEP_SECONDS = 5.0
PRUNE_SECONDS = 3600.0
INTERRUPTED = "The server stopped while this turn was told. What was written is kept."


class Desk:
    """Runs tellings as tasks of this process, so that a reader who leaves does not end them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.holder = f"{runtime.instance}:{runtime.boot}:{os.getpid()}"
        self._tasks: dict[str, asyncio.Task[Turn | None]] = {}
        self._duty: asyncio.Task[None] | None = None
        self._ending: set[str] = set()
        self._owed: dict[str, tuple[Telling, LunaError]] = {}
        self._orphans: dict[str, Telling] = {}
        self._warming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Clear up what an earlier process left, then keep watch. The narrator's words load meanwhile."""
        self._warming = asyncio.create_task(asyncio.to_thread(narrator.warm), name="warm-narrator")
        await self.recover(everything=self.runtime.db.is_sqlite)
        self._duty = asyncio.create_task(self._keep_watch(), name="desk")

    async def close(self) -> None:
        """Stop every telling, keeping what is written."""
        for task in (self._duty, self._warming):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        tasks = list(self._tasks.values())
        for turn_id in list(self._tasks):
            self._end(turn_id)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def act(
        self,
        owner: str,
        story_id: str,
        branch_id: str | None,
        request: TellingRequest,
        key: str | None = None,
    ) -> Telling:
        """Begin a turn, or find the one that was begun with the same key. Raises NotFound, Conflict."""
        async with self.runtime.db.begin() as tx:
            telling, fresh = await tellings.claim_turn(
                tx, owner, story_id, branch_id, request, holder=self.holder, key=key
            )
        return self._start(telling) if fresh else telling

    async def retake(
        self,
        owner: str,
        story_id: str,
        branch_id: str | None,
        turn_id: str | None,
        *,
        key: str | None = None,
        paced: bool = False,
        writer_model_override: str | None = None,
    ) -> Telling:
        """Begin another take of a turn of the branch. Raises NotFound, Conflict."""
        async with self.runtime.db.begin() as tx:
            telling, fresh = await tellings.claim_retake(
                tx,
                owner,
                story_id,
                branch_id,
                turn_id,
                holder=self.holder,
                key=key,
                paced=paced,
                writer_model_override=writer_model_override,
            )
        return self._start(telling) if fresh else telling

    async def get(self, owner: str, turn_id: str) -> Telling:
        """A telling of this owner. Raises NotFound."""
        async with self.runtime.db.read() as tx:
            return await tellings.get(tx, owner, turn_id)

    async def stop(self, owner: str, turn_id: str) -> Telling:
        """End a telling now; what is written becomes the turn. Raises NotFound."""
        async with self.runtime.db.begin() as tx:
            telling = await tellings.ask_stop(tx, owner, turn_id)
        task = self._tasks.get(turn_id)
        if task is not None:
            self._end(turn_id)
            await asyncio.wait([task])
        return await self.get(owner, telling.turn_id)

    async def wait(self, telling: Telling) -> Turn:
        """The turn of a telling, once it is kept. Raises what ended the telling when there is none."""
        task = self._tasks.get(telling.turn_id)
        if task is not None:
            await asyncio.wait([task])
        else:
            async for _ in self.follow(telling):
                pass
        if telling.turn_id in self._owed:
            raise self._owed[telling.turn_id][1]
        over = await self.get(telling.owner, telling.turn_id)
        if over.error is not None and over.status == "failed":
            raise _again(over.error)
        if over.status == "running":
            raise Unavailable("The turn is still being told elsewhere.", "Ask for it again in a moment.")
        return await turns.get_turn(self.runtime, telling.owner, telling.story_id, telling.turn_id)

    async def follow(self, telling: Telling, after: int = 0) -> AsyncIterator[Sequence[LiveEvent]]:
        """The events of a telling after a number, as they come. It never begins anything.

        What another server has only just begun may have no event written yet: then the first is waited for.
        """
        while True:
            heard = False
            async for batch in self.runtime.live.follow(telling.turn_id, after):
                heard = True
                yield batch
            if heard or (await self.get(telling.owner, telling.turn_id)).status != "running":
                return
            await asyncio.sleep(WATCH_SECONDS)
            yield ()

    async def recover(self, *, everything: bool) -> int:
        """Keep what tellings of dead processes had written, and free their branches. Returns how many."""
        async with self.runtime.db.begin() as tx:
            left = await tellings.take_orphans(tx, self.holder, self._is_dead, everything=everything)
        self._orphans.update({telling.turn_id: telling for telling in left})
        for telling in list(self._orphans.values()):
            await self._recover_one(telling)
            del self._orphans[telling.turn_id]
        return len(left)

    def _is_dead(self, holder: str) -> bool:
        """Whether a holder was a process on this data folder that does not run any more."""
        instance, _, process = holder.partition(":")
        pid = process.rpartition(":")[2]
        if instance != self.runtime.instance or not pid.isdigit():
            return False
        return int(pid) == os.getpid() or not psutil.pid_exists(int(pid))

    async def _recover_one(self, telling: Telling) -> None:
        events, closed = await self.runtime.live.read(telling.turn_id)
        progress = Progress(self.runtime.live, telling, text=prose_of(events), plan=plan_of(events))
        try:
            first = await self._first_events(telling)
            turn = await keep_partial(self.runtime, progress, "interrupted", first)
        except (NotFound, Conflict):  # its story was put away meanwhile, or its process was only slow
            turn = None
        if turn is None:
            await self._give_up(telling, Unavailable(INTERRUPTED, "Act again.", code="telling-interrupted"))
        if not closed:
            said = {"code": "telling-interrupted", "status": 503, "detail": INTERRUPTED, "hint": ""}
            last = [("done", {"turn": turn.model_dump(mode="json")})] if turn else []
            await self.runtime.live.finish(telling.turn_id, [("error", said), *last])

    async def _first_events(self, telling: Telling) -> tuple[WorldEvent, ...]:
        if telling.request.action.mode != "opening":
            return ()
        async with self.runtime.db.read() as tx:
            story = await story_service.parts(tx, telling.owner, telling.story_id)
        return narrator.initial_events(story.world)

    def _start(self, telling: Telling) -> Telling:
        progress = Progress(self.runtime.live, telling)
        progress.status("Begun")
        task = asyncio.create_task(self._run(telling, progress), name=f"telling {telling.turn_id}")
        self._tasks[telling.turn_id] = task
        task.add_done_callback(lambda _: self._forget(telling.turn_id))
        return telling

    def _end(self, turn_id: str) -> None:
        """Cancel a telling, once: a second cancellation would hit it while it keeps what is written."""
        task = self._tasks.get(turn_id)
        if task is not None and turn_id not in self._ending:
            self._ending.add(turn_id)
            task.cancel()

    def _forget(self, turn_id: str) -> None:
        self._tasks.pop(turn_id, None)
        self._ending.discard(turn_id)

    async def _run(self, telling: Telling, progress: Progress) -> Turn | None:
        """A telling from beginning to end. Every way out gives the branch back and closes the channel."""
        try:
            turn = await tell(self.runtime, telling, progress)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            return await self._stopped(telling, progress)
        except LunaError as error:
            await self._give_up(telling, error)
            progress.failed(error)
            return None
        except Exception:
            # The task's own edge, like the web edge and the job runner: nobody else will see it.
            trace = current_trace.get()
            log.exception("a telling failed: %s", telling.turn_id)
            error = Unavailable(
                "The turn could not be told because of a fault in the program.",
                "Try again; the log has more under the trace id.",
                code="internal-error",
            )
            await self._give_up(telling, error)
            progress.failed(error, trace)
            return None
        progress.done(turn)
        return turn

    async def _stopped(self, telling: Telling, progress: Progress) -> Turn | None:
        first = await self._first_events(telling)
        turn = await keep_partial(self.runtime, progress, "stopped", first)
        if turn is None:
            stopped = Conflict(
                "The turn was stopped before a word was written.", "Act again.", code="stopped"
            )
            await self._give_up(telling, stopped)
            progress.failed(stopped)
            return None
        progress.done(turn)
        return turn

    async def _give_up(self, telling: Telling, error: LunaError) -> None:
        """Note that a telling failed. Where that cannot be written (a full disk), it is owed until it can."""
        self._owed[telling.turn_id] = (telling, error)
        try:
            await self._pay(telling, error)
        except LunaError as refusal:
            log.warning("the end of a telling waits for the database: %s", refusal)

    async def _pay(self, telling: Telling, error: LunaError) -> None:
        async with self.runtime.db.begin() as tx:
            await tellings.finish(tx, telling.turn_id, "failed", error_data(error))
        self._owed.pop(telling.turn_id, None)

    async def _keep_watch(self) -> None:
        """Prolong leases, hear of stops asked elsewhere, clear up after processes that died."""
        ticks = 0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            ticks += 1
            try:
                for telling, error in list(self._owed.values()):
                    await self._pay(telling, error)
                if self._tasks:
                    await self._hear_stops(renew=ticks % int(RENEW_SECONDS / WATCH_SECONDS) == 0)
                if ticks % int(PRUNE_SECONDS / WATCH_SECONDS) == 1:
                    await self.runtime.live.prune()
                if not self.runtime.db.is_sqlite and ticks % int(SWEEP_SECONDS / WATCH_SECONDS) == 0:
                    await self.recover(everything=False)
            except LunaError as error:
                log.warning("the desk waits for the database: %s", error)

    async def _hear_stops(self, *, renew: bool) -> None:
        async with self.runtime.db.read() as tx:
            asked = await tellings.stops_asked(tx, self.holder)
        for turn_id in asked:
            self._end(turn_id)
        if renew:
            async with self.runtime.db.begin() as tx:
                await tellings.renew(tx, self.holder)


def _again(error: dict[str, object]) -> LunaError:
    """The refusal that ended a telling, for whoever asks later, with its facts for programs."""
    plain = ("code", "status", "detail", "hint", "trace")
    facts = {name: value for name, value in error.items() if name not in plain}
    raised = LunaError(
        str(error.get("detail", "")), str(error.get("hint", "")), code=str(error.get("code")), **facts
    )
    status = error.get("status")
    raised.status = status if isinstance(status, int) else 500
    return raised
