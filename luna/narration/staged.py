"""Loading a story for staging: its turns on a branch and the branches that part from it, as values."""

from luna.kernel.errors import BadInput
from luna.kernel.runtime import Runtime
from luna.scenes.types import Picture
from luna.staging.types import CastMember, StagedBranch, StagedPlace, StagedStory, StagedTurn
from luna.story import service as story_service
from luna.story.service import turn_state_parts
from luna.story.types import StoryParts
from luna.turns.events import PLAYER, WorldState
from luna.turns.types import Action
from luna.turns.world import World

USUAL_TENSION = 3


async def load_staged(
    runtime: Runtime, owner: str, story_id: str, branch_id: str | None = None, *, alone: bool = False
) -> StagedStory:
    """A story as staging wants it: the named branch (the active one if none) first, then all others.

    `alone` leaves the other branches out. Raises NotFound, BadInput for a branch without turns.
    """
    async with runtime.db.read() as tx:
        _, branch = await story_service.pick_branch(tx, owner, story_id, branch_id)
        story = await story_service.parts(tx, owner, story_id)
        if branch.head is None:
            raise BadInput("This branch has no turn yet.", "Tell its opening first.", code="empty-branch")
        names, turns = await story_service.ways_to_heads(tx, story_id, branch, alone=alone)
    states: dict[str | None, WorldState] = {None: WorldState()}
    staged: list[StagedTurn] = []
    for row in turns:
        state, tension = turn_state_parts(states[row.parent_id], row)
        states[row.id] = state
        staged.append(
            StagedTurn(
                id=row.id,
                parent_id=row.parent_id,
                number=row.depth,
                action=row.action,
                mode=Action.model_validate({"mode": row.mode}).mode,
                prose=row.prose,
                place=_place(story.world, state),
                minutes=state.minutes,
                weather=state.weather,
                tension=tension if tension is not None else USUAL_TENSION,
                picture=Picture(asset_id=row.picture) if row.picture else None,
            )
        )
    return StagedStory(
        id=story.story_id,
        title=story.title,
        seed=story.seed,
        language=story.style.language,
        person=story.style.person,
        licence=story.world.licence,
        cast=_cast(story),
        turns=tuple(staged),
        branches=tuple(StagedBranch(id=head, name=name, head=head) for head, name in names.items()),
    )


def _cast(story: StoryParts) -> tuple[CastMember, ...]:
    player = story.world.player
    return (
        CastMember(id=PLAYER, name=player.name, pronouns=player.pronouns),
        *(
            CastMember(id=c.id, name=c.name, full_name=c.full_name, aliases=c.aliases, pronouns=c.pronouns)
            for c in story.world.characters
        ),
    )


def _place(world: World, state: WorldState) -> StagedPlace | None:
    place = world.place(state.where(PLAYER))
    if place is None:
        return None
    return StagedPlace(id=place.id, name=place.name, description=place.description, indoors=place.indoors)
