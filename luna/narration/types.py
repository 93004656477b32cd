"""Requests and answers of the narration routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from luna.kernel.values import Frozen
from luna.story.types import Turn
from luna.turns.types import MAX_ACTION
from luna.turns.world import Player, Style

Mode = Literal["do", "say", "write", "continue"]
ActionText = Annotated[str, Field(max_length=MAX_ACTION)]
IdList = Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=20)]
Override = Annotated[str, Field(max_length=200)]


class NewStory(Frozen):
    """A story to begin: an idea, a world, cards and lorebooks, in any mix. Turn 0 is told at once.

    `world_id` names a world that comes with the product or a saved one. `seed` makes it repeatable.
    """

    title: Annotated[str, Field(max_length=200)] = ""
    premise: Annotated[str, Field(max_length=20_000)] = ""
    world_id: Annotated[str, Field(max_length=64)] | None = None
    character_card_ids: IdList = ()
    lorebook_ids: IdList = ()
    player: Player | None = None
    style: Style | None = None
    seed: Annotated[str, Field(max_length=100)] | None = None
    writer_model_override: Override | None = None


class StoryBegun(BaseModel):
    """A new story with its opening."""

    story_id: str
    title: str
    branch_id: str
    turn: Turn


class TurnRequest(Frozen):
    """The next turn of a story, as document 001 asks for it."""

    story_id: Annotated[str, Field(max_length=64)]
    user_action: ActionText = ""
    mode: Mode = "do"
    branch_id: Annotated[str, Field(max_length=64)] | None = None
    writer_model_override: Override | None = None


class ActRequest(Frozen):
    """What the player does, or `retake_of`: the turn to tell again. `paced` streams the built-in words slowly."""

    action: ActionText = ""
    mode: Mode = "do"
    branch_id: Annotated[str, Field(max_length=64)] | None = None
    retake: bool = False
    retake_of: Annotated[str, Field(max_length=64)] | None = None
    writer_model_override: Override | None = None
    paced: bool = True


class AgentLine(BaseModel):
    """One agent's part in a turn."""

    agent: str
    engine: str
    seconds: float
    fresh_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float


class TurnTold(BaseModel):
    """A turn as POST /narrate/turn answers it."""

    turn_id: str
    story_id: str
    turn_number: int
    narrative_text: str
    total_cost_usd: float
    total_execution_time_seconds: float
    agents: list[AgentLine]
    suggestions: list[str]
    turn: Turn


class TellingView(BaseModel):
    """A turn in the making. Follow `events` to watch it."""

    turn_id: str
    story_id: str
    branch_id: str
    status: str
    action: str
    mode: str
    events: str


class PromptView(BaseModel):
    """The prompt file in use for an agent and style."""

    agent: str
    style: str
    file: str
    source: str


class PromptPreview(BaseModel):
    """A prompt as it would be sent for the next turn of a story."""

    agent: str
    file: str
    version: str
    rules: str
    story: str
    turn: str
    tokens: int


class Suggestions(BaseModel):
    """What the player might do next."""

    suggestions: list[str]


class WorldView(BaseModel):
    """The state of the world at a turn."""

    state: dict[str, Any]
    standing: str
