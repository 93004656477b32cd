"""Verbs on turns that need no teller: read, undo, redo, delete after, choose a take, edit, carry over."""

from luna.kernel.database import Transaction
from luna.kernel.errors import Conflict, NotFound
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id, now
from luna.story import service, store, turn_store
from luna.story.tables import BranchRow, TurnRow
from luna.story.types import AgentTrace, Head, NewTurn, Turn, TurnEdit, TurnNotes
from luna.turns.events import EVENTS, WorldEvent, WorldState, rebuild
from luna.turns.types import Action


async def list_turns(
    runtime: Runtime,
    owner: str,
    story_id: str,
    *,
    branch_id: str | None = None,
    first: int | None = None,
    limit: int = 50,
) -> list[Turn]:
    """Turns of a branch (the active one unless named) in order: from number `first` on, or the last ones."""
    async with runtime.db.read() as tx:
        _, branch = await service.pick_branch(tx, owner, story_id, branch_id)
        if branch.head is None:
            return []
        head = await turn_store.get_turn(tx, story_id, branch.head)
        start = max(0, head.depth - limit + 1) if first is None else first
        past = await turn_store.lineage(tx, head)
        rows = await turn_store.turns_between(tx, past, start, start + limit - 1)
        return await _with_takes(tx, story_id, list(rows))


async def get_turn(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> Turn:
    """One turn, by id. Raises NotFound."""
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        row = await turn_store.get_turn(tx, story_id, turn_id)
        return (await _with_takes(tx, story_id, [row]))[0]


async def list_takes(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> list[Turn]:
    """All takes of a turn, in the order they were told. Raises NotFound."""
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        row = await turn_store.get_turn(tx, story_id, turn_id)
        rows = list(await turn_store.siblings(tx, row))
        ids = [r.id for r in rows]
        return [service.shown_turn(r, ids) for r in rows]


async def list_revisions(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> list[tuple[int, str]]:
    """All wordings of a turn with their numbers; empty when it was never edited. Raises NotFound."""
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        await turn_store.get_turn(tx, story_id, turn_id)
        return [(r.number, r.prose) for r in await turn_store.revisions(tx, turn_id)]


async def get_traces(runtime: Runtime, owner: str, story_id: str, turn_id: str) -> list[AgentTrace]:
    """What each agent was given and answered for a turn. Raises NotFound."""
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        await turn_store.get_turn(tx, story_id, turn_id)
        return await turn_store.list_traces(tx, turn_id)


async def state_at(
    runtime: Runtime, owner: str, story_id: str, *, branch_id: str | None = None, number: int | None = None
) -> WorldState:
    """The world after a turn of a branch, or after its head. Raises NotFound."""
    async with runtime.db.read() as tx:
        _, branch = await service.pick_branch(tx, owner, story_id, branch_id)
        head = await turn_store.get_turn(tx, story_id, branch.head) if branch.head else None
        past = await turn_store.lineage(tx, head)
        if number is not None:
            found = await turn_store.turns_between(tx, past, number, number)
            if not found:
                raise NotFound("turn", f"“{branch.name}” has no turn {number}.")
            head = found[0]
        return await turn_store.state_after(tx, head, past)


async def undo(
    tx: Transaction, owner: str, story_id: str, branch_id: str | None
) -> tuple[Turn | None, Turn | None]:
    """Take the last step of a branch back.

    Returns the turn now at the head, and the turn whose wording changed, if that was the step. Raises
    Conflict at the beginning.
    """
    story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
    service.refuse_while_told(branch)
    move = await store.get_move(tx, branch, branch.journal) if branch.journal else None
    if move is None or (move.kind == "turn" and move.from_turn is None):
        raise Conflict("There is nothing to undo.", "The branch is where it began.", code="nothing-to-undo")
    branch.journal -= 1
    story.updated_at = now()
    return await _apply_move(tx, branch, move.from_turn, move.to_turn, move.from_revision)


async def redo(
    tx: Transaction, owner: str, story_id: str, branch_id: str | None
) -> tuple[Turn | None, Turn | None]:
    """Do the step again that was undone last. Returns as `undo`. Raises Conflict if there is none."""
    story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
    service.refuse_while_told(branch)
    move = await store.get_move(tx, branch, branch.journal + 1)
    if move is None:
        raise Conflict("There is nothing to redo.", "Nothing was undone here.", code="nothing-to-redo")
    branch.journal += 1
    story.updated_at = now()
    return await _apply_move(tx, branch, move.to_turn, move.to_turn, move.to_revision)


async def _apply_move(
    tx: Transaction, branch: BranchRow, head: str | None, edited: str | None, revision: int | None
) -> tuple[Turn | None, Turn | None]:
    changed = None
    if revision is None:
        branch.head = head
    else:
        row = await turn_store.get_turn(tx, branch.story_id, edited or "")
        await turn_store.show_revision(tx, row, revision)
        changed = service.shown_turn(row)
    branch.updated_at = now()
    await tx.flush()
    return await _head(tx, branch), changed


async def delete_after(
    runtime: Runtime, owner: str, story_id: str, number: int, branch_id: str | None = None
) -> int:
    """Go back to turn `number`: the turns after it leave the branch (undo brings them back).

    Returns how many left. Raises NotFound when the branch has no such turn.
    """
    async with runtime.db.begin() as tx:
        story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        service.refuse_while_told(branch)
        found = await service.turn_rows(tx, owner, story_id, branch.id, number, number)
        if not found or branch.head is None:
            raise NotFound("turn", f"“{branch.name}” has no turn {number}.")
        head = await turn_store.get_turn(tx, story_id, branch.head)
        if head.depth > number:
            await store.record_move(tx, branch, "delete", to_turn=found[0].id)
            story.updated_at = now()
        return head.depth - number


async def choose_take(
    runtime: Runtime, owner: str, story_id: str, turn_id: str, branch_id: str | None = None
) -> Turn:
    """Make another take of a turn the head of the branch. Raises NotFound; Conflict if it lies elsewhere.

    The take must have the same parent as a turn of the branch; what came after that turn stays in the tree.
    """
    async with runtime.db.begin() as tx:
        story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        service.refuse_while_told(branch)
        take = await turn_store.get_turn(tx, story_id, turn_id)
        here = await service.turn_rows(tx, owner, story_id, branch.id, take.depth, take.depth)
        if not here or here[0].parent_id != take.parent_id:
            raise Conflict(
                "That turn is not a take of a turn of this branch.",
                "Fork a branch from it instead.",
                code="take-elsewhere",
            )
        if branch.head != take.id:
            await store.record_move(tx, branch, "take", to_turn=take.id)
            story.updated_at = now()
        return (await _with_takes(tx, story_id, [take]))[0]


async def edit(
    tx: Transaction, owner: str, story_id: str, turn_id: str, wanted: TurnEdit, branch_id: str | None
) -> Turn:
    """Give a turn of the branch another wording, as a revision that undo takes back. Raises NotFound.

    Runs in the caller's transaction, because memory keeps the words too.
    """
    story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
    service.refuse_while_told(branch)
    turn = await turn_store.get_turn(tx, story_id, turn_id)
    events = None if wanted.events is None else list(EVENTS.dump_python(wanted.events, mode="json"))
    old, new = await turn_store.revise(tx, turn, wanted.narrative_text, events)
    await store.record_move(tx, branch, "edit", to_turn=turn.id, revisions=(old, new))
    story.updated_at = now()
    return (await _with_takes(tx, story_id, [turn]))[0]


def events_of(row: TurnRow) -> tuple[WorldEvent, ...]:
    """What a turn changed in the world; of an opening only the teller's notes, not the setting up."""
    events = EVENTS.validate_python(row.events)
    return tuple(e for e in events if e.kind == "noted") if row.parent_id is None else events


def carried(source: TurnRow, head: Head, events: tuple[WorldEvent, ...]) -> tuple[NewTurn, WorldState]:
    """A copy of a turn for the end of another branch, and the state after it.

    Its wording is kept; its dice are those of its new place; `events` is what of it can happen there.
    """
    notes = TurnNotes.model_validate(source.notes)
    action = Action.model_validate({"text": source.action, "mode": source.mode})
    new = NewTurn(
        turn_id=new_id(),
        parent_id=head.turn_id,
        action=action,
        retakes=source.retakes,
        path=action.dice(head.path, source.retakes).path,
        prose=source.prose,
        status="carried",
        events=events,
        notes=notes.model_copy(
            update={"messages": (*notes.messages, f"Carried over from turn {source.depth}.")}
        ),
    )
    return new, rebuild(head.state, events)


async def set_picture(tx: Transaction, story_id: str, turn_id: str, asset_id: str) -> None:
    """Hang a picture on a turn. Raises NotFound."""
    (await turn_store.get_turn(tx, story_id, turn_id)).picture = asset_id


async def _head(tx: Transaction, branch: BranchRow) -> Turn | None:
    if branch.head is None:
        return None
    row = await turn_store.get_turn(tx, branch.story_id, branch.head)
    return (await _with_takes(tx, branch.story_id, [row]))[0]


async def _with_takes(tx: Transaction, story_id: str, rows: list[TurnRow]) -> list[Turn]:
    ids = await turn_store.take_ids(tx, story_id, [row.parent_id for row in rows])
    return [service.shown_turn(row, ids.get(row.parent_id)) for row in rows]


async def set_suggestions(
    tx: Transaction,
    story_id: str,
    turn_id: str,
    suggestions: tuple[str, ...],
    trace: AgentTrace,
    cost_nanos: int,
) -> None:
    """Put later suggestions beside a turn, with their trace and what the turn costs now. Raises NotFound."""
    row = await turn_store.get_turn(tx, story_id, turn_id)
    row.notes = {**row.notes, "suggestions": list(suggestions)}
    row.cost_nanos = cost_nanos
    await turn_store.replace_traces(tx, turn_id, [*await turn_store.list_traces(tx, turn_id), trace])
