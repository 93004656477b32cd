"""Verbs around telling that span slices: beginning a story, editing, carrying over, undoing, looking at prompts."""

from luna.characters import service as characters
from luna.continuity.check import possible_events
from luna.kernel.database import Transaction
from luna.kernel.errors import BadInput
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id
from luna.llm.tokens import count_tokens
from luna.memory import service as memory
from luna.narration.crew import budget_of
from luna.narration.desk import Desk
from luna.narration.types import NewStory, PromptPreview, PromptView, Suggestions, WorldView
from luna.narrator import service as narrator
from luna.room.prompting import AGENTS, Prompts
from luna.room.standing import prompt_for, standing
from luna.story import service as story_service
from luna.story import turns
from luna.story.types import Telling, TellingRequest, Turn, TurnEdit
from luna.turns.types import Action, Briefing, Plan, PlanBeat, Situation
from luna.turns.world import Character, Lore, Player, Style, World
from luna.worlds import service as worlds
from luna.worlds.build import build_world

LONGEST_TITLE = 80


async def begin_story(
    runtime: Runtime, desk: Desk, owner: str, new: NewStory, *, paced: bool = False
) -> Telling:
    """Make a story of an idea, a world, cards and lorebooks, and begin its opening.

    Raises NotFound for an id that is not the owner's, BadInput when there is nothing to tell of.
    """
    world, style = await _world_for(runtime, owner, new)
    seed = new.seed or new_id()
    async with runtime.db.begin() as tx:
        story = await story_service.create(tx, owner, world.title, world.premise, seed, world, style)
    request = TellingRequest(
        action=Action(mode="opening"), writer_model_override=new.writer_model_override, paced=paced
    )
    return await desk.act(owner, story.story_id, None, request)


async def _world_for(runtime: Runtime, owner: str, new: NewStory) -> tuple[World, Style]:
    """The compiled world of a new story and the style it is told in."""
    base = await worlds.world_of(runtime, owner, new.world_id) if new.world_id else None
    if base is None and not (new.title.strip() or new.premise.strip() or new.character_card_ids):
        raise BadInput(
            "There is nothing to tell of yet.",
            "Give a title or a premise, choose a world, or name a character card.",
            code="empty-story",
        )
    player = new.player or (base.player if base else Player())
    cast: list[Character] = list(base.characters if base else ())
    lore: list[Lore] = list(base.lore if base else ())
    premises = [new.premise.strip(), base.premise if base else ""]
    openings = [base.opening if base else ""]
    for card_id in new.character_card_ids:
        member = await characters.cast_of(runtime, owner, card_id, player=player.name)
        cast.append(member.character)
        lore.extend(member.lore)
        premises.append(member.premise)
        openings.append(member.opening)
    for book_id in new.lorebook_ids:
        name = cast[0].name if cast else ""
        lore.extend(await worlds.lore_of(runtime, owner, book_id, char=name, user=player.name))
    premise = "\n\n".join(dict.fromkeys(p for p in premises if p))
    style = new.style or Style(tone=base.tone if base else "plain")
    title = new.title.strip() or (base.title if base else "") or _title_of(premise, cast)
    opening = next((o for o in openings if o), "")
    world = build_world(title, premise, cast, lore, style, opening=opening, player=player)
    if base is not None:
        kept = base.model_dump(exclude=set(World.model_fields) & _OWN)
        world = World.model_validate({**world.model_dump(exclude=set(kept)), **kept})
    return narrator.compile_world(world), style


_OWN = {"title", "premise", "opening", "player", "characters", "lore", "language", "tone"}
"""The parts of a world that a new story may add to; the rest stays as the world has it."""


def _title_of(premise: str, cast: list[Character]) -> str:
    """A title for a story that was given none: its first words, or who it is about."""
    first = premise.split("\n")[0].split(". ")[0].strip().rstrip(".")
    if not first:
        return cast[0].name if cast else "Untitled"
    return first if len(first) <= LONGEST_TITLE else first[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


async def discard_story(runtime: Runtime, owner: str, story_id: str) -> None:
    """Put a story away whose opening could not be told, so that nothing half-begun is left."""
    await story_service.delete_story(runtime, owner, story_id)


async def title_of(runtime: Runtime, owner: str, story_id: str) -> str:
    """The title of a story of this owner. Raises NotFound."""
    return (await story_service.get_story(runtime, owner, story_id)).title


async def edit_turn(
    runtime: Runtime, owner: str, story_id: str, turn_id: str, wanted: TurnEdit, branch_id: str | None
) -> Turn:
    """Give a turn another wording; undo takes it back. Raises NotFound, Conflict."""
    async with runtime.db.begin() as tx:
        turn = await turns.edit(tx, owner, story_id, turn_id, wanted, branch_id)
        await memory.revise(tx, turn)
        return turn


async def undo(runtime: Runtime, owner: str, story_id: str, branch_id: str | None) -> Turn | None:
    """Take the last step of a branch back. Raises NotFound, Conflict when there is none."""
    async with runtime.db.begin() as tx:
        turn, edited = await turns.undo(tx, owner, story_id, branch_id)
        if edited is not None:
            await memory.revise(tx, edited)
        return turn


async def redo(runtime: Runtime, owner: str, story_id: str, branch_id: str | None) -> Turn | None:
    """Do the step again that was undone last. Raises NotFound, Conflict when there is none."""
    async with runtime.db.begin() as tx:
        turn, edited = await turns.redo(tx, owner, story_id, branch_id)
        if edited is not None:
            await memory.revise(tx, edited)
        return turn


async def carry_over(runtime: Runtime, owner: str, story_id: str, branch_id: str, turn_id: str) -> Turn:
    """Append a copy of a turn, from wherever in the story, to the head of a branch. Raises NotFound, Conflict.

    Its wording is kept; what cannot happen there is not repeated.
    """
    async with runtime.db.begin() as tx:
        _, branch = await story_service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        story_service.refuse_while_told(branch)
        story = await story_service.parts(tx, owner, story_id)
        source = await story_service.turn_row(tx, story_id, turn_id)
        head = await story_service.head_of(tx, story, branch.head)
        events = possible_events(turns.events_of(source), head.state)
        new, after = turns.carried(source, head, events)
        turn, segment = await story_service.append(
            tx, owner, story_id, branch_id, new, after, [], kind="carry"
        )
        await memory.absorb(tx, turn, segment)
        return turn


async def situation_at(
    tx: Transaction,
    owner: str,
    story_id: str,
    branch_id: str | None,
    action: Action,
    *,
    briefing_tokens: int | None = None,
) -> Situation:
    """What the tellers would be given for an action at the head of a branch. Raises NotFound.

    Memory is asked only when `briefing_tokens` says how much it may say.
    """
    _, branch = await story_service.pick_branch(tx, owner, story_id, branch_id)
    story = await story_service.parts(tx, owner, story_id)
    head = await story_service.head_of(tx, story, branch.head)
    briefing = Briefing()
    if briefing_tokens is not None:
        briefing = await memory.brief(tx, story, head, action, briefing_tokens, count_tokens)
    return Situation(
        world=story.world,
        state=head.state,
        action=action,
        number=head.number + 1,
        style=story.style,
        dice=action.dice(head.path, 0),
        briefing=briefing,
    )


async def suggestions(runtime: Runtime, owner: str, story_id: str, branch_id: str | None) -> Suggestions:
    """What the player might do next, from the built-in narrator. Raises NotFound."""
    async with runtime.db.read() as tx:
        now = await situation_at(tx, owner, story_id, branch_id, Action(mode="continue"))
    return Suggestions(suggestions=narrator.suggest(now.world, now.state, now.dice))


async def world_view(
    runtime: Runtime, owner: str, story_id: str, branch_id: str | None, number: int | None
) -> WorldView:
    """The state of the world after a turn, for programs and in words. Raises NotFound."""
    state = await turns.state_at(runtime, owner, story_id, branch_id=branch_id, number=number)
    async with runtime.db.read() as tx:
        now = await situation_at(tx, owner, story_id, branch_id, Action(mode="continue"))
    shown = now.model_copy(update={"state": state})
    return WorldView(state=state.model_dump(mode="json", exclude={"notes"}), standing=standing(shown))


async def show_prompt(runtime: Runtime, agent: str, style: str) -> PromptView:
    """The prompt file in use for an agent and a style. Raises BadInput for an unknown agent."""
    settings = await runtime.settings.current()
    file, source = Prompts(settings.prompts_dir).source(agent, style)
    return PromptView(agent=agent, style=style, file=file, source=source)


async def list_prompts(runtime: Runtime, style: str) -> list[PromptView]:
    """The prompt files in use for every agent in a style."""
    return [await show_prompt(runtime, agent, style) for agent in AGENTS]


async def preview_prompt(
    runtime: Runtime, owner: str, story_id: str, agent: str, action: Action, branch_id: str | None
) -> PromptPreview:
    """The prompt an agent would be sent for an action, without sending it. Raises NotFound, BadInput."""
    settings = await runtime.settings.current()
    async with runtime.db.read() as tx:
        situation = await situation_at(
            tx, owner, story_id, branch_id, action, briefing_tokens=settings.briefing_tokens
        )
    budget = budget_of(settings)
    ceiling = {"researcher": budget.briefing, "strategist": budget.plan}.get(agent, budget.prose)
    plan = Plan(beats=(PlanBeat(what="(The strategist's beats stand here.)"),))
    prompt = prompt_for(agent, situation, Prompts(settings.prompts_dir), budget=ceiling, plan=plan)
    return PromptPreview(
        agent=agent,
        file=prompt.file,
        version=prompt.version,
        rules=prompt.rules,
        story=prompt.story,
        turn=prompt.turn,
        tokens=sum(count_tokens(part) for part in (prompt.rules, prompt.story, prompt.turn)),
    )
