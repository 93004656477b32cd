"""The dreamer's job: after a turn is kept, paint where we are, and ask a model what might come next."""

from luna.costs import service as costs
from luna.imaging import service as imaging
from luna.kernel.jobs import JobContext, job
from luna.kernel.runtime import Runtime
from luna.llm.choices import choices_for
from luna.llm.tokens import count_tokens
from luna.memory import service as memory
from luna.narration.crew import budget_of
from luna.room import dreamer
from luna.room.prompting import Prompts
from luna.story import service as story_service
from luna.story import turns
from luna.turns.types import Action, Plan, PlanBeat, Situation


@job("dream", title="Picture of a turn")
async def dream(context: JobContext, *, story_id: str, turn_id: str) -> str | None:
    """Paint the picture of a turn and hang it there; then let a model suggest, if one is set to."""
    runtime, owner = context.runtime, context.owner
    wanted = await context.step("settings", _wanted, runtime)
    asset_id = None
    if wanted["picture"]:
        await context.progress(0, 2, "Painting")
        asset_id = await context.step("paint", _paint, runtime, owner, story_id, turn_id)
    if wanted["suggestions"]:
        await context.progress(1, 2, "Thinking of what might come next")
        await context.step("suggest", _suggest, runtime, owner, story_id, turn_id)
    await context.progress(2, 2, "Done")
    return asset_id


async def _wanted(runtime: Runtime) -> dict[str, bool]:
    """What the settings ask for. A step of its own: after a crash the job must go the same way again."""
    settings = await runtime.settings.current()
    return {"picture": settings.enable_image_generation, "suggestions": settings.suggestions == "model"}


async def _situation(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> tuple[Situation, Plan]:
    """How things stand after a turn. Raises NotFound."""
    settings = await runtime.settings.current()
    async with runtime.db.read() as tx:
        story = await story_service.parts(tx, owner, story_id)
        row = await story_service.turn_row(tx, story_id, turn_id)
        head = await story_service.head_of(tx, story, turn_id)
        action = Action(mode="continue")
        briefing = await memory.brief(tx, story, head, action, settings.briefing_tokens, count_tokens)
    situation = Situation(
        world=story.world,
        state=head.state,
        action=action,
        number=head.number + 1,
        style=story.style,
        dice=action.dice(head.path, 0),
        briefing=briefing,
    )
    kept = row.notes.get("plan")
    plan = Plan.model_validate(kept) if kept else Plan(beats=(PlanBeat(what="Nothing was planned."),))
    return situation, plan


async def _paint(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> str | None:
    situation, plan = await _situation(runtime, owner, story_id, turn_id)
    request = dreamer.picture(situation, plan)
    if request is None:
        return None
    asset_id = await imaging.picture(runtime, owner, request, turn_id=turn_id)
    async with runtime.db.begin() as tx:
        await turns.set_picture(tx, story_id, turn_id, asset_id)
    return asset_id


async def _suggest(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> list[str]:
    settings = await runtime.settings.current()
    situation, _ = await _situation(runtime, owner, story_id, turn_id)
    models = [
        costs.metered(
            runtime,
            owner,
            agent="suggester",
            choice=choice,
            story_id=story_id,
            turn_id=turn_id,
            purpose="suggestions",
        )
        for choice in choices_for(settings, "suggester")
    ]
    step = await dreamer.suggest(situation, models, Prompts(settings.prompts_dir), budget_of(settings))
    spent = await costs.turn_spent(runtime, owner, turn_id)
    async with runtime.db.begin() as tx:
        await turns.set_suggestions(tx, story_id, turn_id, step.value, step.trace, sum(spent.values()))
    return list(step.value)
