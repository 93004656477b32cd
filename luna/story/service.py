"""Stories and what every telling starts from: the head of a branch and the world's state there."""

from luna.kernel.database import Transaction
from luna.kernel.errors import Conflict, NotFound
from luna.kernel.runtime import Runtime
from luna.kernel.values import Dice, now
from luna.story import store, turn_store
from luna.story.tables import BranchRow, StoryRow, TurnRow
from luna.story.types import (
    AgentTrace,
    Head,
    Lineage,
    NewTurn,
    Story,
    StoryChange,
    StoryParts,
    Turn,
    TurnNotes,
)
from luna.turns.events import WorldState
from luna.turns.types import RecentTurn
from luna.turns.world import Style, World

BUSY_HINT = "Wait for it, watch it, or stop it: `turn_id` names the turn in progress."


async def create(
    tx: Transaction, owner: str, title: str, premise: str, seed: str, world: World, style: Style
) -> StoryParts:
    """A new story with an empty Main branch."""
    return _parts_of(await store.add_story(tx, owner, title, premise, seed, world, style), world)


async def parts(tx: Transaction, owner: str, story_id: str) -> StoryParts:
    """What a telling needs of a story. Raises NotFound."""
    row = await store.get_story(tx, owner, story_id)
    world = _worlds.get(story_id)
    if world is None:
        world = World.model_validate(await store.world_of(tx, story_id))
        if len(_worlds) >= WORLDS_KEPT:
            _worlds.pop(next(iter(_worlds)))
        _worlds[story_id] = world
    return _parts_of(row, world)


WORLDS_KEPT = 64
_worlds: dict[str, World] = {}
"""The worlds of the stories told last. A story's world never changes, and reading a rich one takes a while."""


def _parts_of(row: StoryRow, world: World) -> StoryParts:
    return StoryParts(
        story_id=row.id,
        owner=row.owner,
        title=row.title,
        seed=row.seed,
        world=world,
        style=Style.model_validate(row.style),
        corrections=row.corrections,
    )


async def list_stories(
    runtime: Runtime, owner: str, *, deleted: bool = False, limit: int = 50, offset: int = 0
) -> list[Story]:
    """The owner's stories, the last touched first."""
    async with runtime.db.read() as tx:
        rows = await store.list_stories(tx, owner, deleted=deleted, limit=limit, offset=offset)
        return [_shown(story, turn) for story, turn in rows]


async def get_story(runtime: Runtime, owner: str, story_id: str) -> Story:
    """One story. Raises NotFound."""
    async with runtime.db.read() as tx:
        story = await store.get_story(tx, owner, story_id)
        branch = await store.get_branch(tx, story_id, _active(story))
        turn = await tx.get(TurnRow, branch.head) if branch.head else None
        return _shown(story, turn)


async def refuse_anothers(runtime: Runtime, owner: str, kind: str, id_: str) -> None:
    """Raises NotFound when the "story" or "turn" of that id is not this owner's. The web app gives it to
    slices below that keep ids of stories and turns without knowing them."""
    async with runtime.db.read() as tx:
        if not await store.is_owner(tx, owner, kind, id_):
            raise NotFound(kind)


async def change_story(runtime: Runtime, owner: str, story_id: str, change: StoryChange) -> Story:
    """Rename a story, or change how it is told from the next turn on. Raises NotFound."""
    async with runtime.db.begin() as tx:
        story = await store.get_story(tx, owner, story_id, lock=True)
        if change.title is not None:
            story.title = change.title
        if change.style is not None:
            story.style = change.style.model_dump(mode="json")
        story.updated_at = now()
    return await get_story(runtime, owner, story_id)


async def delete_story(runtime: Runtime, owner: str, story_id: str) -> None:
    """Put a story away; `restore_story` brings it back. Raises NotFound, Conflict while a turn is told."""
    async with runtime.db.begin() as tx:
        story = await store.get_story(tx, owner, story_id, lock=True)
        for branch, *_ in await store.list_branches(tx, story_id):
            refuse_while_told(branch)
        story.deleted_at = now()


async def restore_story(runtime: Runtime, owner: str, story_id: str) -> Story:
    """Bring a deleted story back. Raises NotFound."""
    async with runtime.db.begin() as tx:
        (await store.get_deleted_story(tx, owner, story_id)).deleted_at = None
    return await get_story(runtime, owner, story_id)


async def pick_branch(
    tx: Transaction, owner: str, story_id: str, branch_id: str | None, *, lock: bool = False
) -> tuple[StoryRow, BranchRow]:
    """The story and the branch meant: the named one, or the active one. Raises NotFound.

    With `lock` both rows are held until the transaction ends, the story first, so that two writers on one
    story take turns.
    """
    story = await store.get_story(tx, owner, story_id, lock=lock)
    return story, await store.get_branch(tx, story_id, branch_id or _active(story), lock=lock)


async def head_of(tx: Transaction, story: StoryParts, turn_id: str | None) -> Head:
    """Where a telling below this turn starts from. Raises NotFound."""
    if turn_id is None:
        return Head(
            turn_id=None,
            number=-1,
            path=Dice.seeded(story.seed).path,
            state=WorldState(),
            lineage=Lineage(),
        )
    turn = await turn_store.get_turn(tx, story.story_id, turn_id)
    past = await turn_store.lineage(tx, turn)
    state = _states.get((turn.id, story.corrections))
    if state is None:
        state = await turn_store.state_after(tx, turn, past)
        _remember(turn.id, story.corrections, state)
    return Head(turn_id=turn.id, number=turn.depth, path=turn.path, state=state, lineage=past)


STATES_KEPT = 256
_states: dict[tuple[str, int], WorldState] = {}
"""The states after the turns told or asked for last, by turn and by how often the story was corrected: with
that, another process's correction is noticed too."""


def _remember(turn_id: str, corrections: int, state: WorldState) -> None:
    if len(_states) >= STATES_KEPT:
        _states.pop(next(iter(_states)))
    _states[turn_id, corrections] = state


async def append(
    tx: Transaction,
    owner: str,
    story_id: str,
    branch_id: str,
    new: NewTurn,
    state: WorldState,
    traces: list[AgentTrace],
    *,
    kind: str,
) -> tuple[Turn, str]:
    """Keep a turn that was told and move the branch's head to it.

    What a dead process had begun stays a take beside the others when the branch went on without it. Returns
    the turn and its segment: with its number, that is its place in the tree for the rows of other slices.
    """
    story, branch = await pick_branch(tx, owner, story_id, branch_id, lock=True)
    if await turn_store.is_kept(tx, new.turn_id):
        raise Conflict("This turn was kept by another server.", "Look at the branch again.", code="turn-kept")
    row = await turn_store.append(tx, story_id, new, state)
    _remember(row.id, story.corrections, state)
    await turn_store.add_traces(tx, row.id, traces)
    move = "retake" if kind == "retake" else "carry" if kind == "carry" else "turn"
    if new.status != "interrupted" or branch.lease_turn == row.id:
        await store.record_move(tx, branch, move, to_turn=row.id)
    story.updated_at = now()
    return shown_turn(row), row.segment


async def turn_rows(
    tx: Transaction, owner: str, story_id: str, branch_id: str | None, first: int, last: int
) -> list[TurnRow]:
    """The turns of a branch numbered `first` to `last`. Raises NotFound."""
    _, branch = await pick_branch(tx, owner, story_id, branch_id)
    head = await turn_store.get_turn(tx, story_id, branch.head) if branch.head else None
    past = await turn_store.lineage(tx, head)
    return list(await turn_store.turns_between(tx, past, first, last))


def refuse_while_told(branch: BranchRow) -> None:
    """Raises Conflict, naming the turn in progress, when a turn is being told on the branch."""
    if store.is_leased(branch, now()):
        raise Conflict(
            f"A turn is being told on the branch “{branch.name}”.",
            BUSY_HINT,
            code="turn-in-progress",
            turn_id=branch.lease_turn,
        )


def shown_turn(row: TurnRow, take_ids: list[str] | None = None) -> Turn:
    """A turn as it is read; `take_ids` are all takes of it in the order they were told."""
    notes = TurnNotes.model_validate(row.notes)
    takes = take_ids or [row.id]
    return Turn.model_validate(
        {
            "turn_id": row.id,
            "story_id": row.story_id,
            "parent_id": row.parent_id,
            "turn_number": row.depth,
            "action": row.action,
            "mode": row.mode,
            "narrative_text": row.prose,
            "status": row.status,
            "revision": row.revision,
            "takes": len(takes),
            "take": takes.index(row.id) + 1,
            "engines": notes.engines,
            "findings": notes.findings,
            "suggestions": notes.suggestions,
            "messages": notes.messages,
            "briefing": notes.briefing,
            "tokens": notes.tokens,
            "picture": row.picture,
            "total_cost_usd": row.cost_nanos / 1e9,
            "total_execution_time_seconds": row.seconds,
            "created_at": row.created_at,
        }
    )


def _active(story: StoryRow) -> str:
    if story.active_branch is None:
        raise NotFound("branch")
    return story.active_branch


def _shown(story: StoryRow, turn: TurnRow | None) -> Story:
    lines = turn.prose.strip().splitlines() if turn else []
    return Story(
        story_id=story.id,
        title=story.title,
        premise=story.premise,
        style=Style.model_validate(story.style),
        seed=story.seed,
        active_branch_id=_active(story),
        turn_count=turn.depth if turn else 0,
        last_line=lines[-1][:300] if lines else "",
        picture=turn.picture if turn else None,
        created_at=story.created_at,
        updated_at=story.updated_at,
    )


async def recent(tx: Transaction, story_id: str, past: Lineage, last: int, most: int) -> list[RecentTurn]:
    """The `most` turns up to number `last` of a past, in order, as the tellers are reminded of them."""
    rows = await turn_store.turns_between(tx, past, max(0, last - most + 1), last)
    return [RecentTurn(number=row.depth, action=row.action, prose=row.prose) for row in rows]


def turn_state_parts(before: WorldState, row: TurnRow) -> tuple[WorldState, int | None]:
    """The state after a turn whose parent's state is known, and the tension it was planned with, if any."""
    plan = TurnNotes.model_validate(row.notes).plan
    return turn_store.replay(before, [row]), plan.tension if plan else None


async def turn_row(tx: Transaction, story_id: str, turn_id: str) -> TurnRow:
    """A turn with everything that is kept of it. Raises NotFound."""
    return await turn_store.get_turn(tx, story_id, turn_id)


async def ways_to_heads(
    tx: Transaction, story_id: str, first: BranchRow, *, alone: bool
) -> tuple[dict[str, str], list[TurnRow]]:
    """The names of branches by their heads, `first` before all others, and every turn on the ways to them.

    `alone` leaves the other branches out. Branches without a turn are left out; two with one head count once.
    """
    others = [] if alone else [row for row, *_ in await store.list_branches(tx, story_id)]
    names: dict[str, str] = {}
    for branch in (first, *others):
        if branch.head is not None:
            names.setdefault(branch.head, branch.name)
    return names, list(await turn_store.turns_towards(tx, story_id, list(names)))


async def totals(runtime: Runtime) -> tuple[int, float, float, dict[str, float]]:
    """Over all owners: turns told, seconds and dollars per turn, and seconds per agent, on average."""
    async with runtime.db.read() as tx:
        return await turn_store.totals(tx)
