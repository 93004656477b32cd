"""Queries on stories and branches. Turns have a file of their own: `turn_store`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from luna.kernel.database import Transaction
from luna.kernel.errors import NotFound
from luna.kernel.values import new_id, now
from luna.story.tables import BranchRow, CheckpointRow, MoveRow, StoryRow, TellingRow, TurnRow
from luna.story.types import MoveKind
from luna.turns.world import Style, World


async def add_story(
    tx: Transaction, owner: str, title: str, premise: str, seed: str, world: World, style: Style
) -> StoryRow:
    """A new story with its Main branch, both without turns."""
    story = StoryRow(
        id=new_id(),
        owner=owner,
        title=title,
        premise=premise,
        seed=seed,
        world=world.model_dump(mode="json", exclude_defaults=True),
        style=style.model_dump(mode="json"),
    )
    tx.add(story)
    await tx.flush()
    main = BranchRow(id=new_id(), story_id=story.id, name="Main", is_main=True)
    story.active_branch = main.id
    tx.add(main)
    await tx.flush()
    return story


async def get_story(tx: Transaction, owner: str, story_id: str, *, lock: bool = False) -> StoryRow:
    """One story of this owner. Raises NotFound for another's. `lock` holds the row until the end."""
    query = sa.select(StoryRow).where(
        StoryRow.id == story_id, StoryRow.owner == owner, StoryRow.deleted_at.is_(None)
    )
    story = await tx.scalar(query.with_for_update() if lock else query)
    if story is None:
        raise NotFound("story")
    return story


async def world_of(tx: Transaction, story_id: str) -> object:
    """The world a story started from, as it was kept."""
    return await tx.scalar(sa.select(StoryRow.world).where(StoryRow.id == story_id))


async def get_deleted_story(tx: Transaction, owner: str, story_id: str) -> StoryRow:
    """A story of this owner that was deleted. Raises NotFound."""
    story = await tx.scalar(
        sa.select(StoryRow).where(
            StoryRow.id == story_id, StoryRow.owner == owner, StoryRow.deleted_at.is_not(None)
        )
    )
    if story is None:
        raise NotFound("deleted story")
    return story


async def is_owner(tx: Transaction, owner: str, kind: str, id_: str) -> bool:
    """Whether a "story" or "turn" is this owner's, deleted or not; a turn that was never kept counts too."""
    if kind == "story":
        query = sa.select(StoryRow.id).where(StoryRow.id == id_, StoryRow.owner == owner)
    else:
        kept = sa.select(TurnRow.id).join(StoryRow, StoryRow.id == TurnRow.story_id)
        begun = sa.select(TellingRow.id).where(TellingRow.id == id_, TellingRow.owner == owner)
        query = sa.union(kept.where(TurnRow.id == id_, StoryRow.owner == owner), begun)
    return (await tx.execute(query)).first() is not None


async def list_stories(
    tx: Transaction, owner: str, *, deleted: bool, limit: int, offset: int
) -> Sequence[tuple[StoryRow, TurnRow | None]]:
    """Stories of this owner, the last touched first, each with the turn at its active head."""
    gone = StoryRow.deleted_at.is_not(None) if deleted else StoryRow.deleted_at.is_(None)
    rows = await tx.execute(
        sa.select(StoryRow, TurnRow)
        .outerjoin(BranchRow, BranchRow.id == StoryRow.active_branch)
        .outerjoin(TurnRow, TurnRow.id == BranchRow.head)
        .where(StoryRow.owner == owner, gone)
        .order_by(StoryRow.updated_at.desc(), StoryRow.id)
        .limit(limit)
        .offset(offset)
    )
    return [(story, turn) for story, turn in rows]


async def get_branch(tx: Transaction, story_id: str, branch_id: str, *, lock: bool = False) -> BranchRow:
    """One branch of the story. Raises NotFound. With `lock` it is read afresh and held until the end."""
    query = sa.select(BranchRow).where(
        BranchRow.id == branch_id, BranchRow.story_id == story_id, BranchRow.deleted_at.is_(None)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    branch = await tx.scalar(query)
    if branch is None:
        raise NotFound("branch")
    return branch


async def list_branches(tx: Transaction, story_id: str) -> Sequence[tuple[BranchRow, int, int | None, int]]:
    """The branches of a story with the number of their head, of their fork, and the length of their journal."""
    head, fork = aliased(TurnRow), aliased(TurnRow)
    moves = sa.func.coalesce(
        sa.select(sa.func.max(MoveRow.position)).where(MoveRow.branch_id == BranchRow.id).scalar_subquery(), 0
    )
    rows = await tx.execute(
        sa.select(BranchRow, sa.func.coalesce(head.depth, -1), fork.depth, moves)
        .outerjoin(head, head.id == BranchRow.head)
        .outerjoin(fork, fork.id == BranchRow.forked_at)
        .where(BranchRow.story_id == story_id, BranchRow.deleted_at.is_(None))
        .order_by(BranchRow.created_at, BranchRow.id)
    )
    return [(branch, depth, forked, longest) for branch, depth, forked, longest in rows]


async def add_branch(
    tx: Transaction, story_id: str, name: str, description: str, parent: str | None, turn_id: str | None
) -> BranchRow:
    """A branch whose head is an existing turn."""
    branch = BranchRow(
        id=new_id(),
        story_id=story_id,
        name=name,
        description=description,
        parent_branch=parent,
        head=turn_id,
        forked_at=turn_id,
    )
    tx.add(branch)
    await tx.flush()
    return branch


async def record_move(
    tx: Transaction,
    branch: BranchRow,
    kind: MoveKind,
    *,
    to_turn: str | None,
    revisions: tuple[int, int] | None = None,
) -> None:
    """Do a step that can be undone: the head goes to `to_turn`, or a turn changes its wording.

    What had been undone before can no longer be redone; its turns stay in the tree.
    """
    await tx.execute(
        sa.delete(MoveRow).where(MoveRow.branch_id == branch.id, MoveRow.position > branch.journal)
    )
    branch.journal += 1
    tx.add(
        MoveRow(
            branch_id=branch.id,
            position=branch.journal,
            kind=kind,
            from_turn=to_turn if revisions else branch.head,
            to_turn=to_turn,
            from_revision=revisions[0] if revisions else None,
            to_revision=revisions[1] if revisions else None,
        )
    )
    if not revisions:
        branch.head = to_turn
    branch.updated_at = now()
    await tx.flush()


async def get_move(tx: Transaction, branch: BranchRow, position: int) -> MoveRow | None:
    """The step at a position of the branch's journal, if there is one."""
    return await tx.get(MoveRow, (branch.id, position))


async def claim(tx: Transaction, branch: BranchRow, turn_id: str, holder: str, seconds: float) -> bool:
    """Take the lease of a branch for telling a turn. False when somebody else holds it."""
    moment = now()
    claimed = await tx.execute(
        sa.update(BranchRow)
        .where(
            BranchRow.id == branch.id,
            sa.or_(BranchRow.lease_turn.is_(None), BranchRow.lease_until < moment),
        )
        .values(lease_turn=turn_id, lease_holder=holder, lease_until=moment + timedelta(seconds=seconds))
        .returning(BranchRow.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.scalar() is not None


async def renew(tx: Transaction, holder: str, seconds: float) -> None:
    """Prolong every lease of this holder."""
    await tx.execute(
        sa.update(BranchRow)
        .where(BranchRow.lease_holder == holder)
        .values(lease_until=now() + timedelta(seconds=seconds))
    )


async def take_lease(tx: Transaction, turn_id: str, holder: str, seconds: float) -> None:
    """Take over the lease of a telling whose process is gone, if the branch still has it."""
    await tx.execute(
        sa.update(BranchRow)
        .where(BranchRow.lease_turn == turn_id)
        .values(lease_holder=holder, lease_until=now() + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )


async def release(tx: Transaction, turn_id: str) -> None:
    """Give the lease of a telling back."""
    await tx.execute(
        sa.update(BranchRow)
        .where(BranchRow.lease_turn == turn_id)
        .values(lease_turn=None, lease_holder=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def is_leased(branch: BranchRow, moment: datetime) -> bool:
    """Whether a turn is being told on the branch."""
    return branch.lease_turn is not None and branch.lease_until is not None and branch.lease_until >= moment


async def list_checkpoints(tx: Transaction, story_id: str) -> Sequence[tuple[CheckpointRow, int]]:
    """The checkpoints of a story with the numbers of their turns."""
    rows = await tx.execute(
        sa.select(CheckpointRow, TurnRow.depth)
        .join(TurnRow, TurnRow.id == CheckpointRow.turn_id)
        .where(CheckpointRow.story_id == story_id)
        .order_by(CheckpointRow.created_at, CheckpointRow.id)
    )
    return [(checkpoint, depth) for checkpoint, depth in rows]


async def get_checkpoint(tx: Transaction, story_id: str, checkpoint_id: str) -> CheckpointRow:
    """One checkpoint of a story. Raises NotFound."""
    row = await tx.get(CheckpointRow, checkpoint_id)
    if row is None or row.story_id != story_id:
        raise NotFound("checkpoint")
    return row
