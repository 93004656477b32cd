"""Routes of stories, branches, turns as they stand, takes, checkpoints. Telling has routes of its own."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from luna.kernel.http import PROBLEMS, Asking, Running
from luna.story import branches, service, turns
from luna.story.types import (
    AgentTrace,
    Branch,
    BranchChange,
    BranchNode,
    BranchRequest,
    Checkpoint,
    Comparison,
    Name,
    Story,
    StoryChange,
    Turn,
)

router = APIRouter(prefix="/stories", responses=PROBLEMS)

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Number = Annotated[int, Path(ge=0, le=10_000_000)]
First = Annotated[
    int | None, Query(ge=0, le=10_000_000, description="First turn number; the last turns if left out.")
]
OnBranch = Annotated[str | None, Query(max_length=64, description="A branch; the active one if left out.")]


class SwitchRequest(BaseModel):
    """Which branch to make active."""

    branch_id: Annotated[str, Field(max_length=64)]


class CheckpointRequest(BaseModel):
    """A name for a turn; for the head of the active branch if no turn is named."""

    name: Name
    turn_id: Annotated[str, Field(max_length=64)] | None = None


class Deleted(BaseModel):
    """How many turns left the branch. `POST /narrates/stories/{id}/undo` brings them back."""

    deleted: int


class Revision(BaseModel):
    """One wording of a turn."""

    revision: int
    narrative_text: str


@router.get("", tags=["stories"])
async def list_stories(
    runtime: Running, asker: Asking, deleted: bool = False, limit: Limit = 50, offset: Offset = 0
) -> list[Story]:
    """Your stories, the last touched first; with `deleted` those that were put away."""
    return await service.list_stories(runtime, asker.id, deleted=deleted, limit=limit, offset=offset)


@router.get("/{story_id}", tags=["stories"])
async def get_story(runtime: Running, asker: Asking, story_id: str) -> Story:
    """One story."""
    return await service.get_story(runtime, asker.id, story_id)


@router.patch("/{story_id}", tags=["stories"])
async def change_story(runtime: Running, asker: Asking, story_id: str, change: StoryChange) -> Story:
    """Rename a story or change how it is told from the next turn on."""
    return await service.change_story(runtime, asker.id, story_id, change)


@router.delete("/{story_id}", tags=["stories"], status_code=204)
async def delete_story(runtime: Running, asker: Asking, story_id: str) -> None:
    """Put a story away. It can be restored."""
    await service.delete_story(runtime, asker.id, story_id)


@router.post("/{story_id}/restore", tags=["stories"])
async def restore_story(runtime: Running, asker: Asking, story_id: str) -> Story:
    """Bring a deleted story back."""
    return await service.restore_story(runtime, asker.id, story_id)


@router.get("/{story_id}/branches", tags=["branching"])
async def list_branches(runtime: Running, asker: Asking, story_id: str) -> list[Branch]:
    """All branches with statistics."""
    return await branches.list_branches(runtime, asker.id, story_id)


@router.post("/{story_id}/branches", tags=["branching"], status_code=201)
async def fork(runtime: Running, asker: Asking, story_id: str, request: BranchRequest) -> Branch:
    """A new branch from any turn. No turn is copied."""
    return await branches.fork(runtime, asker.id, story_id, request)


@router.get("/{story_id}/branches/tree", tags=["branching"])
async def tree(runtime: Running, asker: Asking, story_id: str) -> list[BranchNode]:
    """The branches as a tree, each below the one it was forked from."""
    return await branches.tree(runtime, asker.id, story_id)


@router.get("/{story_id}/branches/compare", tags=["branching"])
async def compare(
    runtime: Running,
    asker: Asking,
    story_id: str,
    left: Annotated[str, Query(max_length=64)],
    right: Annotated[str, Query(max_length=64)],
    limit: Limit = 50,
    offset: Offset = 0,
) -> Comparison:
    """Two branches turn by turn, from the first turn in which they differ."""
    return await branches.compare(runtime, asker.id, story_id, left, right, limit=limit, offset=offset)


@router.post("/{story_id}/branches/switch", tags=["branching"])
async def switch(runtime: Running, asker: Asking, story_id: str, request: SwitchRequest) -> Branch:
    """Make a branch the active one."""
    return await branches.switch(runtime, asker.id, story_id, request.branch_id)


@router.patch("/{story_id}/branches/{branch_id}", tags=["branching"])
async def change_branch(
    runtime: Running, asker: Asking, story_id: str, branch_id: str, change: BranchChange
) -> Branch:
    """Rename a branch or describe it anew."""
    return await branches.change(runtime, asker.id, story_id, branch_id, change)


@router.delete("/{story_id}/branches/{branch_id}", tags=["branching"], status_code=204)
async def delete_branch(runtime: Running, asker: Asking, story_id: str, branch_id: str) -> None:
    """Put a branch away; Main and the active branch are protected."""
    await branches.delete(runtime, asker.id, story_id, branch_id)


@router.post("/{story_id}/branches/{branch_id}/restore", tags=["branching"])
async def restore_branch(runtime: Running, asker: Asking, story_id: str, branch_id: str) -> Branch:
    """Bring a deleted branch back."""
    return await branches.restore(runtime, asker.id, story_id, branch_id)


@router.delete("/{story_id}/turns/after/{turn_number}", tags=["branching"])
async def delete_after(
    runtime: Running, asker: Asking, story_id: str, turn_number: Number, branch_id: OnBranch = None
) -> Deleted:
    """Go back to a turn: those after it leave the branch. Undo brings them back."""
    gone = await turns.delete_after(runtime, asker.id, story_id, turn_number, branch_id)
    return Deleted(deleted=gone)


@router.get("/{story_id}/checkpoints", tags=["branching"])
async def list_checkpoints(runtime: Running, asker: Asking, story_id: str) -> list[Checkpoint]:
    """The turns that were given names."""
    return await branches.list_checkpoints(runtime, asker.id, story_id)


@router.post("/{story_id}/checkpoints", tags=["branching"], status_code=201)
async def add_checkpoint(
    runtime: Running, asker: Asking, story_id: str, request: CheckpointRequest
) -> Checkpoint:
    """Name a turn. Fork with `checkpoint_id` to go on from it."""
    return await branches.add_checkpoint(runtime, asker.id, story_id, request.name, request.turn_id)


@router.delete("/{story_id}/checkpoints/{checkpoint_id}", tags=["branching"], status_code=204)
async def delete_checkpoint(runtime: Running, asker: Asking, story_id: str, checkpoint_id: str) -> None:
    """Forget the name; the turn stays."""
    await branches.delete_checkpoint(runtime, asker.id, story_id, checkpoint_id)


@router.get("/{story_id}/turns", tags=["turns"])
async def list_turns(
    runtime: Running,
    asker: Asking,
    story_id: str,
    branch_id: OnBranch = None,
    first: First = None,
    limit: Limit = 50,
) -> list[Turn]:
    """Turns of a branch in order."""
    return await turns.list_turns(runtime, asker.id, story_id, branch_id=branch_id, first=first, limit=limit)


@router.get("/{story_id}/turns/{turn_id}", tags=["turns"])
async def get_turn(runtime: Running, asker: Asking, story_id: str, turn_id: str) -> Turn:
    """One turn."""
    return await turns.get_turn(runtime, asker.id, story_id, turn_id)


@router.get("/{story_id}/turns/{turn_id}/takes", tags=["turns"])
async def list_takes(runtime: Running, asker: Asking, story_id: str, turn_id: str) -> list[Turn]:
    """All takes of a turn, in the order they were told."""
    return await turns.list_takes(runtime, asker.id, story_id, turn_id)


@router.post("/{story_id}/turns/{turn_id}/choose", tags=["turns"])
async def choose_take(
    runtime: Running, asker: Asking, story_id: str, turn_id: str, branch_id: OnBranch = None
) -> Turn:
    """Make another take of a turn the head of the branch."""
    return await turns.choose_take(runtime, asker.id, story_id, turn_id, branch_id)


@router.get("/{story_id}/turns/{turn_id}/revisions", tags=["turns"])
async def list_revisions(runtime: Running, asker: Asking, story_id: str, turn_id: str) -> list[Revision]:
    """All wordings of an edited turn, the first one first; empty when it was never edited."""
    found = await turns.list_revisions(runtime, asker.id, story_id, turn_id)
    return [Revision(revision=number, narrative_text=prose) for number, prose in found]


@router.get("/{story_id}/turns/{turn_id}/agents", tags=["turns"])
async def get_traces(runtime: Running, asker: Asking, story_id: str, turn_id: str) -> list[AgentTrace]:
    """What each agent was given and answered for a turn, with tokens, price and time."""
    return await turns.get_traces(runtime, asker.id, story_id, turn_id)
