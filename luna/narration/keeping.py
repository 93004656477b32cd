"""Keeping a turn: the only write of a telling, whole or cut short."""

from dataclasses import dataclass

from luna.costs import service as costs
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.memory import service as memory
from luna.narration.crew import Crew
from luna.narration.progress import Progress
from luna.room.reading import whole_sentences
from luna.room.strategist import size_of
from luna.story import service as story_service
from luna.story import tellings
from luna.story.types import AgentTrace, Head, NewTurn, StoryParts, Telling, Turn, TurnNotes, TurnStatus
from luna.turns.events import WorldEvent, WorldState, rebuild
from luna.turns.types import Draft, Finding, Plan, Situation


@dataclass(frozen=True)
class Told:
    """A turn as it was told, before it is kept. `first` are the events that set the world up, in turn 0."""

    story: StoryParts
    head: Head
    situation: Situation
    plan: Plan
    draft: Draft
    first: tuple[WorldEvent, ...]
    after: WorldState
    findings: tuple[Finding, ...]
    suggestions: tuple[str, ...]


async def keep(
    runtime: Runtime, settings: Settings, crew: Crew, progress: Progress, told: Told, *, seconds: float
) -> Turn:
    """Write the turn with everything that hangs on it, in one transaction, and say so."""
    telling, briefing = progress.telling, told.situation.briefing
    notes = TurnNotes(
        engines={trace.agent: trace.engine for trace in progress.traces},
        findings=told.findings,
        suggestions=told.suggestions,
        messages=tuple(progress.messages),
        briefing=briefing.model_dump(mode="json", exclude={"recent"}),
        tokens={
            "briefing": briefing.tokens,
            "briefing_ceiling": settings.briefing_tokens,
            "plan": size_of(told.plan, crew.counts["strategist"]),
            "plan_ceiling": settings.plan_tokens,
            "prose": crew.counts["writer"](told.draft.text),
            "prose_ceiling": settings.prose_tokens,
        },
        plan=told.plan,
        agent_seconds={trace.agent: trace.seconds for trace in progress.traces},
    )
    return await _write(
        runtime,
        settings,
        progress,
        _new_turn(telling, told.head.path, told.draft.text, "done", (*told.first, *told.draft.events), notes),
        told.after,
        seconds,
    )


async def keep_partial(
    runtime: Runtime, progress: Progress, status: TurnStatus, first: tuple[WorldEvent, ...]
) -> Turn | None:
    """Keep what was written when a telling was stopped or its process died; None when nothing was.

    What was planned to change has changed: the beginning of the prose usually tells it.
    """
    telling = progress.telling
    prose = whole_sentences(progress.text).strip() or progress.text.strip()
    if not prose:
        return None
    settings = await runtime.settings.current()
    plan = progress.plan
    events = (*first, *(plan.changes if plan else ()))
    async with runtime.db.read() as tx:
        story = await story_service.parts(tx, telling.owner, telling.story_id)
        head = await story_service.head_of(tx, story, telling.parent_id)
    notes = TurnNotes(
        engines={trace.agent: trace.engine for trace in progress.traces},
        messages=(*progress.messages, f"This turn was {status} before its end."),
        plan=plan,
        agent_seconds={trace.agent: trace.seconds for trace in progress.traces},
    )
    return await _write(
        runtime,
        settings,
        progress,
        _new_turn(telling, head.path, prose, status, events, notes),
        rebuild(head.state, events),
        0.0,
    )


def _new_turn(
    telling: Telling,
    path: str,
    prose: str,
    status: TurnStatus,
    events: tuple[WorldEvent, ...],
    notes: TurnNotes,
) -> NewTurn:
    request = telling.request
    return NewTurn(
        turn_id=telling.turn_id,
        parent_id=telling.parent_id,
        action=request.action,
        retakes=request.retakes,
        path=request.action.dice(path, request.retakes).path,
        prose=prose,
        status=status,
        events=events,
        notes=notes,
    )


async def _write(
    runtime: Runtime, settings: Settings, progress: Progress, new: NewTurn, after: WorldState, seconds: float
) -> Turn:
    telling = progress.telling
    # a telling that was cut short has no trace of the call it was cut in
    asked = new.status != "done" or any(trace.attempts for trace in progress.traces)
    spent = await costs.turn_spent(runtime, telling.owner, telling.turn_id) if asked else {}
    new = new.model_copy(update={"cost_nanos": sum(spent.values()), "seconds": round(seconds, 4)})
    traces = [_priced(trace, spent) for trace in progress.traces]
    status = "done" if new.status == "done" else new.status
    async with runtime.db.begin() as tx:
        turn, segment = await story_service.append(
            tx,
            telling.owner,
            telling.story_id,
            telling.branch_id,
            new,
            after,
            traces,
            kind=telling.request.kind,
        )
        await memory.absorb(tx, turn, segment)
        await tellings.finish(tx, telling.turn_id, status)
        if settings.enable_image_generation or settings.suggestions == "model":
            await runtime.jobs.enqueue(
                tx,
                telling.owner,
                "pictures",
                "dream",
                story_id=telling.story_id,
                turn_id=turn.turn_id,
            )
    return turn


def _priced(trace: AgentTrace, spent: dict[str, int]) -> AgentTrace:
    return trace.model_copy(update={"cost_usd": spent.get(trace.agent, 0) / 1e9})
