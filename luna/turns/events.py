"""What can happen in a story: typed world events, and the world state they add up to.

The state at a turn is what remains when all events from the opening to that turn are applied in order, so
a fork, an undo or a jump needs no bookkeeping: it only rebuilds from another place. Nothing here reads a
database or a clock.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from luna.kernel.values import Frozen

PLAYER = "player"
"""The id of the player's character in every world."""

NAME = Field(min_length=1, max_length=200)
TEXT = Field(max_length=2000)

Name = Annotated[str, NAME]
Text = Annotated[str, TEXT]


class Introduced(Frozen):
    """Somebody, something or somewhere enters the story. `at` is a place id, or for an item also a holder."""

    kind: Literal["introduced"] = "introduced"
    entity: Literal["character", "item", "place"]
    id: Name
    name: Name
    at: str | None = None


class Moved(Frozen):
    """Somebody goes to a place. What they carry goes along."""

    kind: Literal["moved"] = "moved"
    who: Name
    to: Name


class Took(Frozen):
    """Somebody now holds a thing."""

    kind: Literal["took"] = "took"
    who: Name
    item: Name


class Gave(Frozen):
    """A thing goes from one hand to another."""

    kind: Literal["gave"] = "gave"
    who: Name
    item: Name
    to: Name


class Dropped(Frozen):
    """A thing is left at a place."""

    kind: Literal["dropped"] = "dropped"
    who: Name
    item: Name
    at: Name


class Destroyed(Frozen):
    """A thing is used up, broken or gone for good."""

    kind: Literal["destroyed"] = "destroyed"
    item: Name
    how: Text = ""


class Died(Frozen):
    """Somebody is dead."""

    kind: Literal["died"] = "died"
    who: Name
    how: Text = ""


class Revived(Frozen):
    """Somebody who was dead is not any more, and the story said why."""

    kind: Literal["revived"] = "revived"
    who: Name
    how: Text = ""


class Learned(Frozen):
    """Somebody comes to know something. `fact` is an id of the world's or a sentence."""

    kind: Literal["learned"] = "learned"
    who: Name
    fact: Text
    source: str = ""


class RelationshipChanged(Frozen):
    """How `who` stands towards `toward`: changes of affinity and trust, each -100 to 100, and a kind."""

    kind: Literal["relationship_changed"] = "relationship_changed"
    who: Name
    toward: Name
    affinity: Annotated[int, Field(ge=-200, le=200)] = 0
    trust: Annotated[int, Field(ge=-200, le=200)] = 0
    bond: str | None = None
    cause: Text = ""


class MoodChanged(Frozen):
    """Somebody's mood, in a word or two."""

    kind: Literal["mood_changed"] = "mood_changed"
    who: Name
    mood: Name


class TraitChanged(Frozen):
    """A lasting trait is changed with a cause, for example hair that is dyed."""

    kind: Literal["trait_changed"] = "trait_changed"
    who: Name
    trait: Name
    value: Name
    cause: Text = ""


class TimePassed(Frozen):
    """Minutes go by."""

    kind: Literal["time_passed"] = "time_passed"
    minutes: Annotated[int, Field(ge=0, le=60 * 24 * 3660)]


class WeatherChanged(Frozen):
    """The weather turns."""

    kind: Literal["weather_changed"] = "weather_changed"
    weather: Name


class FlagSet(Frozen):
    """A named switch or number of the story is set. None removes it."""

    kind: Literal["flag_set"] = "flag_set"
    name: Name
    value: bool | int | str | None = True


class Noted(Frozen):
    """A teller's own bookkeeping (what was told already, which beat is done): keys replaced one by one.

    It travels with the turn like everything else, so an undo forgets it too. None removes a key.
    """

    kind: Literal["noted"] = "noted"
    teller: Name
    notes: dict[str, Any]


WorldEvent = Annotated[
    Introduced
    | Moved
    | Took
    | Gave
    | Dropped
    | Destroyed
    | Died
    | Revived
    | Learned
    | RelationshipChanged
    | MoodChanged
    | TraitChanged
    | TimePassed
    | WeatherChanged
    | FlagSet
    | Noted,
    Field(discriminator="kind"),
]

EVENTS: TypeAdapter[tuple[WorldEvent, ...]] = TypeAdapter(tuple[WorldEvent, ...])
"""Reads and writes a list of events as JSON values."""


class CharacterState(Frozen):
    """Where somebody is and how they are. `place` None means nobody knows."""

    name: str
    place: str | None = None
    alive: bool = True
    mood: str | None = None
    traits: dict[str, str] = {}


class ItemState(Frozen):
    """A thing: held by somebody, lying at a place, or gone."""

    name: str
    holder: str | None = None
    place: str | None = None
    gone: bool = False


class Bond(Frozen):
    """How one person stands towards another. Affinity and trust are kept within -100 to 100."""

    affinity: int = 0
    trust: int = 0
    kind: str | None = None


KNOWN_PER_PERSON = 200
"""How many learned facts per person stay in the state. Older ones remain in the turns and in memory."""


class WorldState(Frozen):
    """The world at one turn of one branch.

    `minutes` counts from midnight of the story's first day. `bonds` is keyed "who>toward".
    """

    minutes: int = 8 * 60
    weather: str | None = None
    characters: dict[str, CharacterState] = {}
    items: dict[str, ItemState] = {}
    places: dict[str, str] = {}
    bonds: dict[str, Bond] = {}
    known: dict[str, tuple[str, ...]] = {}
    flags: dict[str, bool | int | str] = {}
    notes: dict[str, dict[str, Any]] = {}

    def where(self, who: str) -> str | None:
        """The place somebody is at, or None."""
        person = self.characters.get(who)
        return person.place if person else None

    def present(self, place: str | None) -> list[str]:
        """The living people at a place, without the player, in the order they entered the story."""
        return [
            who
            for who, person in self.characters.items()
            if person.alive and person.place == place and place is not None and who != PLAYER
        ]

    def carried(self, who: str) -> list[str]:
        """The ids of the things somebody holds."""
        return [item for item, thing in self.items.items() if thing.holder == who and not thing.gone]

    def lying(self, place: str | None) -> list[str]:
        """The ids of the things that lie at a place."""
        return [i for i, t in self.items.items() if place is not None and t.place == place and not t.gone]


def rebuild(start: WorldState, events: Iterable[WorldEvent]) -> WorldState:
    """The state after `events`, from `start` on."""
    state = start
    for event in events:
        state = apply(state, event)
    return state


def apply(state: WorldState, event: WorldEvent) -> WorldState:
    """The state after one event. Unknown ids are entered under their own name: history is never refused."""
    match event:
        case Introduced():
            return _introduce(state, event)
        case Moved():
            return _person(state, event.who, place=event.to)
        case Took():
            return _thing(state, event.item, holder=event.who, place=None, gone=False)
        case Gave():
            return _thing(state, event.item, holder=event.to, place=None, gone=False)
        case Dropped():
            return _thing(state, event.item, holder=None, place=event.at, gone=False)
        case Destroyed():
            return _thing(state, event.item, holder=None, place=None, gone=True)
        case Died():
            return _person(state, event.who, alive=False)
        case Revived():
            return _person(state, event.who, alive=True)
        case Learned():
            return _learn(state, event)
        case RelationshipChanged():
            return _relate(state, event)
        case MoodChanged():
            return _person(state, event.who, mood=event.mood)
        case TraitChanged():
            person = state.characters.get(event.who) or CharacterState(name=event.who)
            return _person(state, event.who, traits={**person.traits, event.trait: event.value})
        case TimePassed():
            return state.model_copy(update={"minutes": state.minutes + event.minutes})
        case WeatherChanged():
            return state.model_copy(update={"weather": event.weather})
        case FlagSet():
            return state.model_copy(update={"flags": _set(state.flags, event.name, event.value)})
        case Noted():
            own = dict(state.notes.get(event.teller, {}))
            for key, value in event.notes.items():
                own = _set(own, key, value)
            return state.model_copy(update={"notes": {**state.notes, event.teller: own}})


def _set(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy with one key set, or removed when the value is None."""
    if value is None:
        return {k: v for k, v in values.items() if k != key}
    return {**values, key: value}


def _introduce(state: WorldState, event: Introduced) -> WorldState:
    if event.entity == "place":
        return state.model_copy(update={"places": {**state.places, event.id: event.name}})
    if event.entity == "character":
        person = CharacterState(name=event.name, place=event.at)
        return state.model_copy(update={"characters": {**state.characters, event.id: person}})
    held = event.at in state.characters
    thing = ItemState(name=event.name, holder=event.at if held else None, place=None if held else event.at)
    return state.model_copy(update={"items": {**state.items, event.id: thing}})


def _person(state: WorldState, who: str, **change: Any) -> WorldState:
    person = (state.characters.get(who) or CharacterState(name=who)).model_copy(update=change)
    return state.model_copy(update={"characters": {**state.characters, who: person}})


def _thing(state: WorldState, item: str, **change: Any) -> WorldState:
    thing = (state.items.get(item) or ItemState(name=item)).model_copy(update=change)
    return state.model_copy(update={"items": {**state.items, item: thing}})


def _learn(state: WorldState, event: Learned) -> WorldState:
    known = state.known.get(event.who, ())
    if event.fact in known:
        return state
    return state.model_copy(
        update={"known": {**state.known, event.who: (*known, event.fact)[-KNOWN_PER_PERSON:]}}
    )


def _relate(state: WorldState, event: RelationshipChanged) -> WorldState:
    key = f"{event.who}>{event.toward}"
    old = state.bonds.get(key, Bond())
    new = Bond(
        affinity=max(-100, min(100, old.affinity + event.affinity)),
        trust=max(-100, min(100, old.trust + event.trust)),
        kind=event.bond or old.kind,
    )
    return state.model_copy(update={"bonds": {**state.bonds, key: new}})
