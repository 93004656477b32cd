"""Verbs on branches: fork, list, tree, switch, rename, delete and restore, compare, checkpoints."""

from luna.kernel.errors import BadInput, Conflict, NotFound
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id, now
from luna.story import service, store, turn_store
from luna.story.tables import BranchRow, CheckpointRow, StoryRow, TurnRow
from luna.story.types import (
    Branch,
    BranchChange,
    BranchNode,
    BranchRequest,
    Checkpoint,
    Comparison,
    Lineage,
    Pair,
)

MOST_BRANCHES = 1000


async def list_branches(runtime: Runtime, owner: str, story_id: str) -> list[Branch]:
    """The branches of a story with their statistics, the oldest first. Raises NotFound."""
    async with runtime.db.read() as tx:
        story = await store.get_story(tx, owner, story_id)
        rows = await store.list_branches(tx, story_id)
        return [_shown(story, *row) for row in rows]


async def get_branch(runtime: Runtime, owner: str, story_id: str, branch_id: str | None) -> Branch:
    """One branch, or the active one. Raises NotFound."""
    found = await list_branches(runtime, owner, story_id)
    for branch in found:
        if branch.branch_id == branch_id or (branch_id is None and branch.is_active):
            return branch
    raise NotFound("branch")


async def tree(runtime: Runtime, owner: str, story_id: str) -> list[BranchNode]:
    """The branches as a tree: each below the one it was forked from. Raises NotFound."""
    branches = await list_branches(runtime, owner, story_id)
    known = {b.branch_id for b in branches}
    children: dict[str | None, list[Branch]] = {}
    for branch in branches:
        above = branch.parent_branch_id if branch.parent_branch_id in known else None
        children.setdefault(above, []).append(branch)

    def node(branch: Branch, path: tuple[str, ...]) -> BranchNode:
        here = (*path, branch.branch_name)
        below = tuple(node(b, here) for b in children.get(branch.branch_id, []))
        return BranchNode(branch=branch, depth=len(path), path=here, children=below)

    return [node(branch, ()) for branch in children.get(None, [])]


async def fork(runtime: Runtime, owner: str, story_id: str, request: BranchRequest) -> Branch:
    """A new branch from a turn: a name and nothing else is stored. Raises NotFound, BadInput."""
    async with runtime.db.begin() as tx:
        story = await store.get_story(tx, owner, story_id, lock=True)
        if len(await store.list_branches(tx, story_id)) >= MOST_BRANCHES:
            raise Conflict(f"A story has at most {MOST_BRANCHES} branches.", "Delete one you no longer need.")
        source = await store.get_branch(tx, story_id, request.from_branch_id or story.active_branch or "")
        turn_id = request.from_turn_id or source.head
        if request.checkpoint_id:
            turn_id = (await store.get_checkpoint(tx, story_id, request.checkpoint_id)).turn_id
        elif request.from_turn_id is None and request.from_turn_number is not None:
            n = request.from_turn_number
            found = await service.turn_rows(tx, owner, story_id, source.id, n, n)
            if not found:
                raise NotFound("turn", f"“{source.name}” has no turn {n}.")
            turn_id = found[0].id
        if turn_id is not None:
            await turn_store.get_turn(tx, story_id, turn_id)
        branch = await store.add_branch(
            tx, story_id, request.branch_name, request.description, source.id, turn_id
        )
        if request.make_active:
            story.active_branch = branch.id
        story.updated_at = now()
        made = branch.id
    return await get_branch(runtime, owner, story_id, made)


async def switch(runtime: Runtime, owner: str, story_id: str, branch_id: str) -> Branch:
    """Make a branch the active one. Raises NotFound."""
    async with runtime.db.begin() as tx:
        story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        story.active_branch = branch.id
        story.updated_at = now()
    return await get_branch(runtime, owner, story_id, branch_id)


async def change(runtime: Runtime, owner: str, story_id: str, branch_id: str, wanted: BranchChange) -> Branch:
    """Rename a branch or describe it anew. Raises NotFound."""
    async with runtime.db.begin() as tx:
        _, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        branch.name = wanted.branch_name or branch.name
        branch.description = branch.description if wanted.description is None else wanted.description
        branch.updated_at = now()
    return await get_branch(runtime, owner, story_id, branch_id)


async def delete(runtime: Runtime, owner: str, story_id: str, branch_id: str) -> None:
    """Put a branch away; its turns stay in the tree. Raises NotFound; Conflict for Main and the active one."""
    async with runtime.db.begin() as tx:
        story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
        service.refuse_while_told(branch)
        if branch.is_main:
            raise Conflict(
                "Main cannot be deleted.", "Delete another branch, or the story.", code="branch-is-main"
            )
        if story.active_branch == branch.id:
            raise Conflict(
                "The active branch cannot be deleted.",
                "Switch to another branch first.",
                code="branch-is-active",
            )
        branch.deleted_at = now()


async def restore(runtime: Runtime, owner: str, story_id: str, branch_id: str) -> Branch:
    """Bring a deleted branch back. Raises NotFound."""
    async with runtime.db.begin() as tx:
        await store.get_story(tx, owner, story_id, lock=True)
        branch = await tx.get(BranchRow, branch_id)
        if branch is None or branch.story_id != story_id or branch.deleted_at is None:
            raise NotFound("deleted branch")
        branch.deleted_at = None
    return await get_branch(runtime, owner, story_id, branch_id)


async def compare(
    runtime: Runtime, owner: str, story_id: str, left: str, right: str, *, limit: int, offset: int
) -> Comparison:
    """Two branches turn by turn, from the first turn in which they differ. Raises NotFound."""
    if left == right:
        raise BadInput("A branch cannot be compared with itself.", "Name two branches.")
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        pasts: list[Lineage] = []
        for branch_id in (left, right):
            branch = await store.get_branch(tx, story_id, branch_id)
            head = await tx.get(TurnRow, branch.head) if branch.head else None
            pasts.append(await turn_store.lineage(tx, head))
        common = common_depth(*pasts)
        first = common + 1 + offset
        sides = [await turn_store.turns_between(tx, past, first, first + limit - 1) for past in pasts]
        by_number = [{t.depth: service.shown_turn(t) for t in side} for side in sides]
    numbers = sorted(by_number[0].keys() | by_number[1].keys())
    return Comparison(
        left_branch_id=left,
        right_branch_id=right,
        common_turn=common if common >= 0 else None,
        pairs=tuple(
            Pair(turn_number=n, left=by_number[0].get(n), right=by_number[1].get(n)) for n in numbers
        ),
    )


def common_depth(left: Lineage, right: Lineage) -> int:
    """The number of the last turn that two pasts share, or -1."""
    upto = {p.segment: p.upto for p in right.parts}
    shared = [min(p.upto, upto[p.segment]) for p in left.parts if p.segment in upto]
    return max(shared, default=-1)


async def list_checkpoints(runtime: Runtime, owner: str, story_id: str) -> list[Checkpoint]:
    """The named turns of a story. Raises NotFound."""
    async with runtime.db.read() as tx:
        await store.get_story(tx, owner, story_id)
        rows = await store.list_checkpoints(tx, story_id)
    return [
        Checkpoint(
            checkpoint_id=c.id, name=c.name, turn_id=c.turn_id, turn_number=depth, created_at=c.created_at
        )
        for c, depth in rows
    ]


async def add_checkpoint(
    runtime: Runtime, owner: str, story_id: str, name: str, turn_id: str | None
) -> Checkpoint:
    """Name a turn, or the head of the active branch. Raises NotFound."""
    async with runtime.db.begin() as tx:
        _, branch = await service.pick_branch(tx, owner, story_id, None, lock=True)
        turn = await turn_store.get_turn(tx, story_id, turn_id or branch.head or "")
        row = CheckpointRow(id=new_id(), story_id=story_id, turn_id=turn.id, name=name, created_at=now())
        tx.add(row)
        return Checkpoint(
            checkpoint_id=row.id,
            name=name,
            turn_id=turn.id,
            turn_number=turn.depth,
            created_at=row.created_at,
        )


async def delete_checkpoint(runtime: Runtime, owner: str, story_id: str, checkpoint_id: str) -> None:
    """Forget the name; the turn stays. Raises NotFound."""
    async with runtime.db.begin() as tx:
        await store.get_story(tx, owner, story_id, lock=True)
        await tx.delete(await store.get_checkpoint(tx, story_id, checkpoint_id))


def _shown(story: StoryRow, branch: BranchRow, head: int, fork: int | None, moves: int) -> Branch:
    return Branch(
        branch_id=branch.id,
        story_id=story.id,
        branch_name=branch.name,
        description=branch.description,
        parent_branch_id=branch.parent_branch,
        is_main=branch.is_main,
        is_active=story.active_branch == branch.id,
        head_turn_id=branch.head,
        forked_from_turn=fork,
        turn_count=max(head, 0),
        own_turns=max(head - fork, 0) if fork is not None else head + 1,
        can_undo=branch.journal > 0,
        can_redo=branch.journal < moves,
        busy_turn_id=branch.lease_turn if store.is_leased(branch, now()) else None,
        created_at=branch.created_at,
        updated_at=branch.updated_at,
    )
