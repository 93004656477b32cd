"""The values the crew hands from one to the next: action, briefing, plan, draft, finding.

Each agent is a function from one of these to another. A model may make any of them; the built-in narrator
makes the same ones.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from luna.kernel.errors import Severity
from luna.kernel.values import Dice, Frozen
from luna.turns.events import WorldEvent, WorldState
from luna.turns.world import Style, World

MAX_ACTION = 5000
"""Longest action a player may send, in characters."""

Mode = Literal["do", "say", "write", "continue", "opening"]
"""do: an act; say: speech; write: the player's own prose, kept word for word; continue: go on without an
act; opening: turn 0."""


class Action(Frozen):
    """What the player sent."""

    text: Annotated[str, Field(max_length=MAX_ACTION)] = ""
    mode: Mode = "do"

    def dice(self, path: str, retakes: int) -> Dice:
        """The dice of the turn that this action makes below the turn whose dice have `path`."""
        return Dice(path=path).after(f"{self.mode}:{' '.join(self.text.split())}", retakes)


class RecentTurn(Frozen):
    """A turn just past, as the tellers are reminded of it."""

    number: int
    action: str
    prose: str


ItemKind = Literal["turn", "lore", "character", "place", "thing", "fact", "summary", "state"]


class BriefingItem(Frozen):
    """One piece of the briefing: what it says, where it comes from, and why it is there.

    `turns` are the numbers of the turns it rests on; `tokens` its size as counted offline.
    """

    kind: ItemKind
    source: str
    text: str
    reason: str
    score: float = 0.0
    turns: tuple[int, ...] = ()
    tokens: int = 0


class Briefing(Frozen):
    """What the next turn needs to know, within the researcher's budget (`budget`, in tokens).

    `tokens` counts what is in `items`; `dropped` is what did not fit, best first.
    """

    items: tuple[BriefingItem, ...] = ()
    dropped: tuple[BriefingItem, ...] = ()
    recent: tuple[RecentTurn, ...] = ()
    tokens: int = 0
    budget: int = 400


class PlanBeat(Frozen):
    """One thing that happens in the turn, in a plain sentence. `speaker` is a character id for speech."""

    what: Annotated[str, Field(min_length=1, max_length=400)]
    speaker: str | None = None
    quote: str = ""


class Move(Frozen):
    """One step of the built-in narrator's own plan, which its realiser turns into sentences."""

    kind: str
    key: str = ""
    args: dict[str, Any] = {}


class Plan(Frozen):
    """The strategist's plan of a turn (a `ResponseTemplate` in the sources): what will happen, not how it
    is told. A model's plan has beats and changes; the built-in one also has moves. Never without a beat."""

    beats: Annotated[tuple[PlanBeat, ...], Field(min_length=1, max_length=8)]
    intent: str = ""
    tension: Annotated[int, Field(ge=0, le=10)] = 3
    constraints: tuple[str, ...] = ()
    open_question: str = ""
    changes: tuple[WorldEvent, ...] = ()
    moves: tuple[Move, ...] = ()


class Draft(Frozen):
    """The prose of a turn and what it changed. Paragraphs are separated by one empty line."""

    text: str
    events: tuple[WorldEvent, ...] = ()


class Finding(Frozen):
    """Something in a draft that contradicts what is established, or oversteps. Both passages are named."""

    code: str
    severity: Severity
    passage: str
    against: str = ""
    message: str
    fix: str = ""


class Situation(Frozen):
    """Everything a teller may look at for one turn: the whole request in one value."""

    world: World
    state: WorldState
    action: Action
    number: int
    style: Style
    dice: Dice
    briefing: Briefing = Briefing()
