"""Turns in the making: claiming a branch, keeping what a telling was asked, finding it again after a crash."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from luna.kernel.database import Transaction
from luna.kernel.errors import Conflict, NotFound
from luna.kernel.values import new_id, now
from luna.story import service, store, turn_store
from luna.story.tables import BranchRow, TellingRow
from luna.story.types import Telling, TellingRequest
from luna.turns.types import Action

LEASE_SECONDS = 20.0


async def claim_turn(
    tx: Transaction,
    owner: str,
    story_id: str,
    branch_id: str | None,
    request: TellingRequest,
    *,
    holder: str,
    key: str | None = None,
) -> tuple[Telling, bool]:
    """Begin a telling at the head of a branch, or find the one that had the same key.

    Returns it and whether it is new. Raises NotFound; Conflict, naming the turn in progress, when somebody is
    telling there already.
    """
    story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
    known = await _by_key(tx, story.id, key)
    if known is not None:
        return known, False
    return await _claim(tx, owner, branch, branch.head, request, holder, key), True


async def claim_retake(
    tx: Transaction,
    owner: str,
    story_id: str,
    branch_id: str | None,
    turn_id: str | None,
    *,
    holder: str,
    key: str | None = None,
    paced: bool = False,
    writer_model_override: str | None = None,
) -> tuple[Telling, bool]:
    """Begin another take of a turn of the branch (of its head unless named). Raises like `claim_turn`."""
    story, branch = await service.pick_branch(tx, owner, story_id, branch_id, lock=True)
    known = await _by_key(tx, story.id, key)
    if known is not None:
        return known, False
    if branch.head is None:
        raise Conflict("There is no turn to retake yet.", "Act first.", code="nothing-to-retake")
    turn = await turn_store.get_turn(tx, story.id, turn_id or branch.head)
    on_branch = await service.turn_rows(tx, owner, story.id, branch.id, turn.depth, turn.depth)
    if not on_branch or on_branch[0].parent_id != turn.parent_id:
        raise Conflict(
            "That turn is not on this branch.", "Switch to a branch that has it.", code="turn-elsewhere"
        )
    request = TellingRequest(
        action=Action.model_validate({"text": turn.action, "mode": turn.mode}),
        kind="retake",
        retakes=await turn_store.next_retake(tx, story.id, turn.parent_id, turn.action, turn.mode),
        writer_model_override=writer_model_override,
        paced=paced,
    )
    return await _claim(tx, owner, branch, turn.parent_id, request, holder, key), True


async def _by_key(tx: Transaction, story_id: str, key: str | None) -> Telling | None:
    if key is None:
        return None
    row = await tx.scalar(
        sa.select(TellingRow).where(TellingRow.story_id == story_id, TellingRow.idempotency_key == key)
    )
    return _shown(row) if row else None


async def _claim(
    tx: Transaction,
    owner: str,
    branch: BranchRow,
    parent_id: str | None,
    request: TellingRequest,
    holder: str,
    key: str | None,
) -> Telling:
    turn_id = new_id()
    if not await store.claim(tx, branch, turn_id, holder, LEASE_SECONDS):
        service.refuse_while_told(branch)
    row = TellingRow(
        id=turn_id,
        story_id=branch.story_id,
        branch_id=branch.id,
        owner=owner,
        parent_id=parent_id,
        request=request.model_dump(mode="json"),
        idempotency_key=key,
        status="running",
        stop_asked=False,
        holder=holder,
        created_at=now(),
    )
    tx.add(row)
    await tx.flush()
    return _shown(row)


async def get(tx: Transaction, owner: str, turn_id: str) -> Telling:
    """A telling of this owner. Raises NotFound."""
    row = await tx.get(TellingRow, turn_id)
    if row is None or row.owner != owner:
        raise NotFound("telling")
    return _shown(row)


async def ask_stop(tx: Transaction, owner: str, turn_id: str) -> Telling:
    """Note that a telling should stop, for whichever process is at it. Raises NotFound."""
    telling = await get(tx, owner, turn_id)
    if telling.status == "running":
        await tx.execute(sa.update(TellingRow).where(TellingRow.id == turn_id).values(stop_asked=True))
    return telling


async def stops_asked(tx: Transaction, holder: str) -> Sequence[str]:
    """The tellings of this holder that should stop."""
    rows = await tx.scalars(
        sa.select(TellingRow.id).where(
            TellingRow.status == "running", TellingRow.holder == holder, TellingRow.stop_asked.is_(True)
        )
    )
    return rows.all()


async def finish(tx: Transaction, turn_id: str, status: str, error: dict[str, object] | None = None) -> bool:
    """A telling is over: note how, and give the lease back. False when it was over already."""
    done = await tx.execute(
        sa.update(TellingRow)
        .where(TellingRow.id == turn_id, TellingRow.status == "running")
        .values(status=status, error=error, finished_at=now())
        .returning(TellingRow.id)
        .execution_options(synchronize_session=False)
    )
    over = done.scalar() is not None
    await store.release(tx, turn_id)
    return over


async def renew(tx: Transaction, holder: str) -> None:
    """Prolong the leases of this holder's tellings."""
    await store.renew(tx, holder, LEASE_SECONDS)


async def take_orphans(
    tx: Transaction, holder: str, is_dead: Callable[[str], bool], *, everything: bool
) -> Sequence[Telling]:
    """Tellings whose process is gone: known to be dead, or with a lease that ran out.

    They are this holder's from now on, so that of several servers one clears up. `everything` (a data folder
    that one process owns) takes all that are not of this holder.
    """
    late = sa.or_(BranchRow.lease_until < now(), BranchRow.lease_turn.is_distinct_from(TellingRow.id))
    rows = await tx.execute(
        sa.select(TellingRow, late)
        .join(BranchRow, BranchRow.id == TellingRow.branch_id)
        .where(TellingRow.status == "running", TellingRow.holder != holder)
    )
    gone = [row for row, is_late in rows if everything or is_late or is_dead(row.holder)]
    return [_shown(row) for row in gone if await _take(tx, row, holder)]


async def _take(tx: Transaction, row: TellingRow, holder: str) -> bool:
    """Become the holder of a telling and its lease, unless somebody else was quicker."""
    taken = await tx.execute(
        sa.update(TellingRow)
        .where(TellingRow.id == row.id, TellingRow.holder == row.holder, TellingRow.status == "running")
        .values(holder=holder)
        .returning(TellingRow.id)
        .execution_options(synchronize_session=False)
    )
    if taken.scalar() is None:
        return False
    await store.take_lease(tx, row.id, holder, LEASE_SECONDS)
    return True


def _shown(row: TellingRow) -> Telling:
    return Telling.model_validate(
        {
            "turn_id": row.id,
            "story_id": row.story_id,
            "branch_id": row.branch_id,
            "owner": row.owner,
            "parent_id": row.parent_id,
            "request": row.request,
            "status": row.status,
            "stop_asked": row.stop_asked,
            "error": row.error,
            "created_at": row.created_at,
        }
    )
