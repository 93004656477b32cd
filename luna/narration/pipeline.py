"""The path of one turn, from a claimed branch to a kept turn. Read this first.

Values only move down. The database is read at the beginning and written at the end; no transaction is held
while a model works. What streams on the way goes out through `Progress`.
"""

import time
from contextlib import aclosing
from dataclasses import dataclass

from luna.continuity.check import check, possible_events
from luna.costs import service as costs
from luna.kernel.errors import Severity
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import Dice
from luna.memory import service as memory
from luna.narration.crew import Crew, forecast, gather
from luna.narration.keeping import Told, keep
from luna.narration.progress import Progress
from luna.narrator import service as narrator
from luna.room import dreamer, researcher, strategist, writer
from luna.room.types import Restart, Step, Words
from luna.story import service as story_service
from luna.story.types import Head, StoryParts, Telling, Turn
from luna.turns.events import WorldEvent, WorldState, rebuild
from luna.turns.types import Briefing, Draft, Finding, Plan, Situation


@dataclass(frozen=True)
class Start:
    """Everything a telling reads before it begins."""

    story: StoryParts
    head: Head
    settings: Settings
    crew: Crew
    first: tuple[WorldEvent, ...]
    situation: Situation


async def tell(runtime: Runtime, telling: Telling, progress: Progress) -> Turn:
    """Tell a turn and keep it."""
    begun = time.monotonic()
    progress.status("Looking back")
    start = await _begin(runtime, telling)
    expected = await forecast(runtime, start.settings)
    progress.estimate(expected)
    await costs.refuse_over_cap(runtime, telling.owner, telling.story_id, telling.turn_id, expected)

    situation = await _research(start, progress)
    plan = await _plan(start, situation, progress)
    draft = await _write(start, situation, plan, progress)
    draft, findings = await _check_and_repair(start, situation, plan, draft, progress)
    after = rebuild(situation.state, draft.events)
    suggestions = await _suggest(start, situation, after)

    progress.status("Keeping the turn")
    told = Told(
        start.story, start.head, situation, plan, draft, start.first, after, tuple(findings), suggestions
    )
    return await keep(runtime, start.settings, start.crew, progress, told, seconds=time.monotonic() - begun)


async def _begin(runtime: Runtime, telling: Telling) -> Start:
    """Read what the turn needs, then let go of the database."""
    settings = await runtime.settings.current()
    crew = await gather(runtime, settings, telling)
    action = telling.request.action
    async with runtime.db.read() as tx:
        story = await story_service.parts(tx, telling.owner, telling.story_id)
        head = await story_service.head_of(tx, story, telling.parent_id)
        briefing = Briefing(budget=settings.briefing_tokens)
        if head.turn_id is not None:
            briefing = await memory.brief(
                tx, story, head, action, settings.briefing_tokens, crew.counts["strategist"]
            )
    opens = action.mode == "opening"
    first = narrator.initial_events(story.world) if opens else ()
    situation = Situation(
        world=story.world,
        state=rebuild(head.state, first),
        action=action,
        number=head.number + 1,
        style=story.style,
        dice=action.dice(head.path, telling.request.retakes),
        briefing=briefing,
    )
    return Start(story, head, settings, crew, first, situation)


async def _research(start: Start, progress: Progress) -> Situation:
    progress.start("researcher")
    crew = start.crew
    step = await researcher.polish(
        start.situation, crew.models["researcher"], crew.prompts, crew.budget, crew.counts["strategist"]
    )
    progress.complete(step, tokens=step.value.tokens, items=len(step.value.items))
    return start.situation.model_copy(update={"briefing": step.value})


async def _plan(start: Start, situation: Situation, progress: Progress) -> Plan:
    progress.start("strategist")
    crew = start.crew
    step = await strategist.plan(
        situation, crew.models["strategist"], crew.prompts, crew.budget, crew.counts["strategist"]
    )
    changes = possible_events(step.value.changes, situation.state)
    plan = step.value.model_copy(update={"changes": changes})
    progress.plan = plan
    progress.complete(step, plan=plan.model_dump(mode="json", exclude={"moves"}))
    return plan


async def _write(
    start: Start, situation: Situation, plan: Plan, progress: Progress, repair: tuple[Finding, ...] = ()
) -> Draft:
    progress.start("writer")
    crew = start.crew
    pace = start.settings.builtin_words_per_second if progress.telling.request.paced else 0
    writing = writer.write(
        situation,
        plan,
        crew.models["writer"],
        crew.prompts,
        crew.budget,
        crew.counts["writer"],
        words_per_second=pace,
        repair=repair,
    )
    draft = Draft(text=progress.text, events=plan.changes)
    async with aclosing(writing):
        async for piece in writing:
            if isinstance(piece, Step):
                draft = piece.value
                progress.complete(piece, tokens=crew.counts["writer"](draft.text))
            else:
                progress.words(piece)
    return draft


async def _check_and_repair(
    start: Start, situation: Situation, plan: Plan, draft: Draft, progress: Progress
) -> tuple[Draft, list[Finding]]:
    """Hold the draft against the state. A model's grave fault gets one repair; what is left is shown."""
    findings = check(draft.text, draft.events, situation.state, situation.world, situation.action)
    grave = [f for f in findings if f.severity is Severity.error]
    by_model = progress.traces[-1].engine != "builtin"
    if not grave or not by_model or not start.settings.repair:
        return draft, findings
    first = progress.text
    progress.words(Restart("; ".join(f.message for f in grave)))
    repaired = await _write(start, situation, plan, progress, tuple(grave))
    left = check(repaired.text, repaired.events, situation.state, situation.world, situation.action)
    if progress.text and sum(f.severity is Severity.error for f in left) < len(grave):
        progress.messages.append(f"The writer repaired {len(grave)} fault(s).")
        return repaired, left
    progress.words(Restart("The repair was no better; the first version stands."))
    progress.words(Words(first))
    return draft, findings


async def _suggest(start: Start, situation: Situation, after: WorldState) -> tuple[str, ...]:
    """What to do next, from the built-in narrator; a model's suggestions come later, from the dreamer's job."""
    if start.settings.suggestions == "off":
        return ()
    later = situation.model_copy(update={"state": after, "dice": Dice(path=situation.dice.path)})
    return (await dreamer.suggest(later, (), start.crew.prompts, start.crew.budget)).value
