"""What staging is given: a story's turns on one branch and on the branches that part from it, as values.

The loader fills these from the database; staging itself reads none.
"""

from typing import Annotated, Literal

from pydantic import Field

from luna.kernel.values import Frozen
from luna.scenes.types import Picture
from luna.turns.events import PLAYER
from luna.turns.types import Mode


class CastMember(Frozen):
    """Somebody who may speak. The player is in the cast too, with the id `PLAYER`.

    `name` is what others call them, `aliases` further names; `colour` (#rrggbb) is picked when empty.
    """

    id: str
    name: str
    full_name: str = ""
    aliases: tuple[str, ...] = ()
    pronouns: Literal["he", "she", "they", "it"] = "they"
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$")] = ""

    @property
    def is_player(self) -> bool:
        """Whether this is the player's character."""
        return self.id == PLAYER


class StagedPlace(Frozen):
    """Where a turn ends, as far as a painter and a reader care."""

    id: str
    name: str
    description: str = ""
    indoors: bool = False


class StagedTurn(Frozen):
    """A turn as told. `minutes` counts from midnight of the first day, as in the world state.

    `picture` is what was painted or asked for with the turn; without one a background of the place is
    asked for. `tension` is the plan's, from 0 to 10.
    """

    id: str
    parent_id: str | None
    number: int
    action: str = ""
    mode: Mode = "do"
    prose: str
    place: StagedPlace | None = None
    minutes: int = 12 * 60
    weather: str | None = None
    tension: int = 3
    picture: Picture | None = None


class StagedBranch(Frozen):
    """A named end of the tree: its turns are `head` and all its ancestors."""

    id: str
    name: str
    head: str


class StagedStory(Frozen):
    """A story to be staged.

    `turns` may be in any order and may hold more than the branches need: turns on no branch (takes) are left
    out. `branches` lists the branch that is staged first, then those that part from it, in the order
    their choices are offered. A single branch makes a story without choices. `person` is the style's: who
    "I" or "you" is. `seed` reaches the painter only.
    """

    id: str
    title: str
    seed: str = ""
    language: str = "en"
    person: Literal[1, 2, 3] = 2
    licence: str = ""
    cast: tuple[CastMember, ...] = ()
    turns: tuple[StagedTurn, ...]
    branches: tuple[StagedBranch, ...]
