"""The built-in narrator: from a world, a state and an action to a turn, without model, network or clock.

Everything is a pure function. What the narrator keeps in mind lives in `WorldState.notes["narrator"]` and
changes only through `Noted` events, so the same situation gives the same text, byte for byte.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from luna.kernel.values import Dice
from luna.narrator import composer, planner, readable, suggestions, worldfile
from luna.narrator.compiler import compiled
from luna.narrator.entities import ids_in
from luna.narrator.index import Index, build
from luna.narrator.suggestions import feasible as _feasible
from luna.narrator.understanding import Understood
from luna.narrator.understanding import understand as _understand
from luna.narrator.view import View
from luna.turns.events import PLAYER, Introduced, WeatherChanged, WorldEvent, WorldState
from luna.turns.events import TimePassed as _TimePassed
from luna.turns.types import Draft, Plan, Situation
from luna.turns.world import World

load_world = worldfile.load_world
builtin_worlds = worldfile.builtin_worlds
builtin_world = worldfile.builtin_world
readable_text = readable.readable_text


T = TypeVar("T")
_indices: dict[int, tuple[World, Index]] = {}
_readables: dict[int, tuple[World, World]] = {}


@lru_cache(16)
def _index(text: str) -> Index:
    return build(compiled(World.model_validate_json(text)))


def index_of(world: World) -> Index:
    """The index of a world, compiled if it is not yet. The worlds used last are kept."""
    return _kept(_indices, world, lambda: _index(world.model_dump_json()))


def _kept(seen: dict[int, tuple[World, T]], world: World, make: Callable[[], T]) -> T:
    """What was made of this very object before: writing a world down, only to look it up, takes longer."""
    known = seen.get(id(world))
    if known is not None and known[0] is world:
        return known[1]
    made = make()
    if len(seen) >= 16:
        seen.pop(next(iter(seen)))
    seen[id(world)] = (world, made)
    return made


@lru_cache(16)
def _readable(text: str) -> World:
    return readable.readable_world(World.model_validate_json(text))


def readable_world(world: World) -> World:
    """The same world in plain prose, for readers that do not know our slots. The worlds used last are kept."""
    return _kept(_readables, world, lambda: _readable(world.model_dump_json()))


def compile_world(world: World) -> World:
    """A world that can be told, made from any world: at least one place, a start, everybody somewhere."""
    return index_of(world).world


def initial_events(world: World) -> tuple[WorldEvent, ...]:
    """The events from an empty state to the moment before turn 0."""
    world = compile_world(world)
    events: list[WorldEvent] = []
    for place in world.places:
        events.append(Introduced(entity="place", id=place.id, name=place.name))
    events.append(
        Introduced(entity="character", id=PLAYER, name=world.player.name or "you", at=world.start_place)
    )
    for person in world.characters:
        events.append(Introduced(entity="character", id=person.id, name=person.name, at=person.at))
    for item in world.items:
        events.append(Introduced(entity="item", id=item.id, name=item.name, at=item.at))
    if world.weather:
        events.append(WeatherChanged(weather=world.weather[0]))
    ahead = (world.start_minutes - WorldState().minutes) % (24 * 60)
    if ahead:
        events.append(_TimePassed(minutes=ahead))
    return tuple(events)


def plan_opening(situation: Situation) -> Plan:
    """The plan of turn 0."""
    return planner.plan_opening(index_of(situation.world), situation)


def plan(situation: Situation) -> Plan:
    """The plan of a turn: what the act comes to, what the world does, and every event of the turn."""
    if situation.action.mode == "opening":
        return plan_opening(situation)
    return planner.plan_turn(index_of(situation.world), situation)


def tell(situation: Situation, plan: Plan) -> Draft:
    """The text of a plan, our own or a model's, and the events: the plan's and our bookkeeping."""
    return composer.compose(index_of(situation.world), situation, plan)


def suggest(world: World, state: WorldState, dice: Dice) -> list[str]:
    """Three to five things to do next; each can be done in this state."""
    return suggestions.suggestions(View(index_of(world), state), dice)


def feasible(world: World, state: WorldState, text: str) -> bool:
    """Whether a text parses to acts that can be done in this state."""
    return _feasible(View(index_of(world), state), text)


def understand(world: World, state: WorldState, text: str) -> list[Understood]:
    """What a player's line is taken for in this state: intent and target of each act, in order."""
    return _understand(View(index_of(world), state), text)


def entities(world: World, text: str) -> list[str]:
    """The ids of everybody and everything a text names, in the world's order."""
    return ids_in(index_of(world), text)


def warm() -> None:
    """Load the word tables now (about half a second), so that the first turn does not pay for it."""
    from luna.narrator.grammar import inflect, parts_of_speech, verb_lemma

    parts_of_speech("light"), verb_lemma("goes"), inflect("go", "VBD")  # pyright: ignore[reportUnusedExpression]
