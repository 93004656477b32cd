"""Values of the story slice: stories, branches, turns, and the way back from a turn to the opening."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from luna.kernel.values import Frozen
from luna.turns.events import WorldEvent, WorldState
from luna.turns.types import Action, Finding, Mode, Plan
from luna.turns.world import Style, World

SNAPSHOT_EVERY = 20
"""A turn whose number is a multiple of this keeps the whole world state, so no rebuild is longer."""

TurnStatus = Literal["done", "stopped", "interrupted", "carried"]
MoveKind = Literal["turn", "retake", "take", "delete", "edit", "carry"]


class Part(Frozen):
    """A stretch of a segment: its turns with `after` < number ≤ `upto`."""

    segment: str
    after: int
    upto: int


class Lineage(Frozen):
    """The past of a turn: stretches of segments, newest first. Other slices filter by it."""

    parts: tuple[Part, ...] = ()

    def within(self, first: int, last: int) -> list[Part]:
        """The parts cut to the turn numbers `first` to `last`, newest first."""
        return [
            Part(segment=p.segment, after=max(p.after, first - 1), upto=min(p.upto, last))
            for p in self.parts
            if p.upto >= first and p.after < last
        ]


class Story(Frozen):
    """A story as lists show it."""

    story_id: str
    title: str
    premise: str
    style: Style
    seed: str
    active_branch_id: str
    turn_count: int = Field(description="Turns on the active branch, the opening not counted.")
    last_line: str = ""
    picture: str | None = None
    created_at: datetime
    updated_at: datetime


class StoryParts(Frozen):
    """What the pipeline needs of a story: everything that stays the same from turn to turn."""

    story_id: str
    owner: str
    title: str
    seed: str
    world: World
    style: Style
    corrections: int = Field(0, description="How often what had happened was corrected by an edit.")


class Branch(Frozen):
    """A branch with its statistics."""

    branch_id: str
    story_id: str
    branch_name: str
    description: str
    parent_branch_id: str | None
    is_main: bool
    is_active: bool
    head_turn_id: str | None
    forked_from_turn: int | None = Field(description="The last turn shared with where it came from.")
    turn_count: int = Field(description="Turns from the opening to the head, the opening not counted.")
    own_turns: int = Field(description="Turns after the fork.")
    can_undo: bool
    can_redo: bool
    busy_turn_id: str | None = None
    created_at: datetime
    updated_at: datetime


class BranchNode(Frozen):
    """A branch in the tree view: how deep it hangs and the names on the way to it."""

    branch: Branch
    depth: int
    path: tuple[str, ...]
    children: tuple["BranchNode", ...] = ()


class Turn(Frozen):
    """One turn as it is read."""

    turn_id: str
    story_id: str
    parent_id: str | None
    turn_number: int
    action: str
    mode: Mode
    narrative_text: str
    status: TurnStatus
    revision: int
    takes: int = Field(1, description="How many takes there are of this turn, itself included.")
    take: int = Field(1, description="Which of them this is, in the order they were told.")
    engines: dict[str, str] = Field({}, description="Who did the work: agent → 'builtin' or provider/model.")
    findings: tuple[Finding, ...] = ()
    suggestions: tuple[str, ...] = ()
    messages: tuple[str, ...] = Field((), description="What went wrong on the way and how it was mended.")
    briefing: dict[str, Any] = Field({}, description="What the researcher chose to remember, and why.")
    tokens: dict[str, int] = Field({}, description="Size of briefing, plan and prose against their ceilings.")
    picture: str | None = None
    total_cost_usd: float = 0.0
    total_execution_time_seconds: float = 0.0
    created_at: datetime


class TurnNotes(Frozen):
    """What is kept beside a turn for showing: the parts of `Turn` that no query looks into."""

    engines: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    suggestions: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    briefing: dict[str, Any] = {}
    tokens: dict[str, int] = {}
    plan: Plan | None = None
    agent_seconds: dict[str, float] = {}


class NewTurn(Frozen):
    """A turn about to be appended below `parent_id`."""

    turn_id: str
    parent_id: str | None
    action: Action
    retakes: int
    path: str
    prose: str
    status: TurnStatus
    events: tuple[WorldEvent, ...]
    notes: TurnNotes
    cost_nanos: int = 0
    seconds: float = 0.0


class Head(Frozen):
    """Where a telling starts: the turn that will be the parent, and the state of the world after it."""

    turn_id: str | None
    number: int
    path: str
    state: WorldState
    lineage: Lineage


class AgentTrace(Frozen):
    """What one agent was given, thought and returned for a turn (row A11)."""

    agent: str
    engine: str
    given: Any
    answered: Any
    attempts: tuple[dict[str, Any], ...] = ()
    prompt_version: str = ""
    seconds: float = 0.0
    fresh_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class Checkpoint(Frozen):
    """A named turn."""

    checkpoint_id: str
    name: str
    turn_id: str
    turn_number: int
    created_at: datetime


class Pair(Frozen):
    """One row of a comparison: the turns with the same number on both branches."""

    turn_number: int
    left: Turn | None
    right: Turn | None


class Comparison(Frozen):
    """Two branches beside each other, from the first turn that differs."""

    left_branch_id: str
    right_branch_id: str
    common_turn: int | None = Field(description="The last turn both share; None when they share none.")
    pairs: tuple[Pair, ...]


Name = Annotated[str, Field(min_length=1, max_length=120)]


class BranchRequest(Frozen):
    """Fork: from a turn number of a branch (the active one unless named), a turn, or a checkpoint."""

    branch_name: Name
    from_turn_number: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    from_branch_id: str | None = None
    from_turn_id: str | None = None
    checkpoint_id: str | None = None
    make_active: bool = False
    description: Annotated[str, Field(max_length=2000)] = ""


class BranchChange(Frozen):
    """A new name or description."""

    branch_name: Name | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None


class StoryChange(Frozen):
    """A new title or style; the style holds from the next turn on."""

    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    style: Style | None = None


class TurnEdit(Frozen):
    """Another wording of a turn. With `events` what it changed in the world is corrected too."""

    narrative_text: Annotated[str, Field(min_length=1, max_length=100_000)]
    events: tuple[WorldEvent, ...] | None = None


class TellingRequest(Frozen):
    """What a telling was asked to do, kept so that it can be told to whoever asks."""

    action: Action
    kind: Literal["turn", "retake"] = "turn"
    retakes: int = 0
    writer_model_override: str | None = None
    paced: bool = False


class Telling(Frozen):
    """A turn in the making. `turn_id` is the id the turn will have."""

    turn_id: str
    story_id: str
    branch_id: str
    owner: str
    parent_id: str | None
    request: TellingRequest
    status: Literal["running", "done", "stopped", "failed", "interrupted"]
    stop_asked: bool = False
    error: dict[str, Any] | None = None
    created_at: datetime
