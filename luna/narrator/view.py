"""The world as it stands at one turn: the told world (index) and what happened since (state), seen as one.

Whoever and whatever entered in play, and is in no world file, is known here by the name it entered with.
Nothing depends on the order of keys in the state: it may have been through a database.
"""

import re
from collections.abc import Mapping
from typing import Any

from luna.narrator.grammar import lower_first, words_of
from luna.narrator.index import Index, Person, Spot, Thing
from luna.narrator.realiser import Noun
from luna.turns.events import PLAYER, WorldState

TELLER = "narrator"


class View:
    """Questions about the present. Read only; made anew whenever the state changes."""

    def __init__(self, index: Index, state: WorldState, notes: Mapping[str, Any] | None = None) -> None:
        self.index = index
        self.state = state
        self.notes: Mapping[str, Any] = state.notes.get(TELLER, {}) if notes is None else notes

    # -- who and what there is
    def person(self, who: str) -> Person:
        """Somebody by id; made up from the state's name when the world does not know them."""
        if who in self.index.people:
            return self.index.people[who]
        entered = self.state.characters.get(who)
        name = entered.name if entered else who
        return Person(id=who, name=name, full=name, names=(name.lower(),))

    def spot(self, where: str | None = None) -> Spot:
        """A place by id; without one, where the player is."""
        where = where or self.here
        if where in self.index.spots:
            return self.index.spots[where]
        name = self.state.places.get(where, where.replace("_", " ").replace("-", " ")) or "this place"
        back = tuple(s for s in self.index.spots if s != where)[:1]
        return Spot(id=where, name=name, names=(name.lower(), re.sub(r"^the ", "", name.lower())), exits=back)

    def thing(self, what: str) -> Thing:
        """A thing by id, under the name it has by now."""
        if what in self.index.things:
            thing = self.index.things[what]
            opened = [names for beat, names in thing.later.items() if beat in self.done]
            if not opened:
                return thing
            names = tuple(n for group in opened for n in group)
            name = "the " + max(opened[-1], key=len).removeprefix("the ")
            return Thing(thing.id, name, names + thing.names, thing.facts, thing.fixed, thing.plural)
        entered = self.state.items.get(what)
        name = entered.name if entered else what
        return Thing(id=what, name=name, names=(name.lower(), re.sub(r"^(the|a|an) ", "", name.lower())))

    def ordered(self, kind: str) -> list[str]:
        """All ids of a kind ("people", "spots", "things"): the world's order, then what entered in play by id."""
        known: Mapping[str, object] = getattr(self.index, kind)
        entered: Mapping[str, object] = {
            "people": self.state.characters,
            "spots": self.state.places,
            "things": self.state.items,
        }[kind]
        return [*known, *sorted(k for k in entered if k not in known and k != PLAYER)]

    # -- where
    @property
    def here(self) -> str:
        """The id of the place the player is at."""
        return (
            self.state.where(PLAYER) or self.index.world.start_place or next(iter(self.index.spots), "here")
        )

    def where(self, who: str) -> str | None:
        """Where somebody is, if anybody knows and they live."""
        person = self.state.characters.get(who)
        return person.place if person and person.alive else None

    def present(self, who: str) -> bool:
        """Whether somebody is alive and at the player's place."""
        return who != PLAYER and self.where(who) == self.here

    def company(self) -> list[str]:
        """The living people at the player's place."""
        return [who for who in self.ordered("people") if self.present(who)]

    def dead(self, who: str) -> bool:
        """Whether somebody is known to be dead."""
        person = self.state.characters.get(who)
        return person is not None and not person.alive

    def carried(self) -> list[str]:
        """What the player holds."""
        return [i for i in self.ordered("things") if self.has(i)]

    def has(self, item: str) -> bool:
        """Whether the player holds a thing."""
        thing = self.state.items.get(item)
        return thing is not None and not thing.gone and thing.holder == PLAYER

    def holder(self, item: str) -> str | None:
        """Who holds a thing, or None."""
        thing = self.state.items.get(item)
        return thing.holder if thing and not thing.gone else None

    def lying(self) -> list[str]:
        """The things that lie where the player is."""
        here = self.here
        items = self.state.items
        return [
            i for i in self.ordered("things") if i in items and items[i].place == here and not items[i].gone
        ]

    def reachable(self, item: str) -> bool:
        """Whether a thing is in the player's hands, lies here, or is held by somebody here."""
        thing = self.state.items.get(item)
        if thing is None or thing.gone:
            return False
        return thing.holder == PLAYER or thing.place == self.here or (thing.holder or "") in self.company()

    def route(self, start: str, end: str) -> list[str]:
        """The places on the way from one place to another, the last included; empty when there is no way."""
        ways, seen = [[start]], {start}
        while ways:
            way = ways.pop(0)
            for step in self.spot(way[-1]).exits:
                if step == end:
                    return [*way[1:], end]
                if step not in seen:
                    seen.add(step)
                    ways.append([*way, step])
        return [end] if end in self.state.places and end not in self.index.spots and start != end else []

    # -- how things stand
    def trust(self, who: str) -> int:
        """How far somebody trusts the player, in tens: -10 to 10."""
        bond = self.state.bonds.get(f"{who}>{PLAYER}")
        return round(bond.trust / 10) if bond else 0

    @property
    def phase(self) -> str:
        """The time of day in words."""
        hour = self.state.minutes // 60 % 24
        for end, name in ((5, "small hours"), (12, "morning"), (17, "afternoon"), (21, "evening")):
            if hour < end:
                return name
        return "night"

    def note(self, key: str, default: Any = None) -> Any:
        """A value of the narrator's own bookkeeping."""
        return self.notes.get(key, default)

    @property
    def done(self) -> Mapping[str, int]:
        """Beats that have happened, with the turn."""
        return self.note("done", {})

    def told(self, entity: str, fact: int) -> bool:
        """Whether a fact about somebody or something was told."""
        return bool(int(self.note(f"told:{entity}", 0)) >> fact & 1)

    def untold(self, entity: str, facts: tuple[str, ...]) -> int | None:
        """The number of the next fact nobody told yet."""
        return next((n for n in range(len(facts)) if not self.told(entity, n)), None)

    # -- names in text
    def names(self, kind: str) -> dict[str, tuple[str, ...]]:
        """Id → names in lower case, longest first."""
        single = {"people": self.person, "spots": self.spot, "things": self.thing}[kind]
        return {i: single(i).names for i in self.ordered(kind)}

    def find(self, kind: str, text: str) -> str | None:
        """The entity whose longest name stands in a lower-case text."""
        best: tuple[int, str] | None = None
        for entity, names in self.names(kind).items():
            for name in names:
                known = name in text and (best is None or len(name) > best[0])
                if known and re.search(rf"(?<!\w){re.escape(name)}(?:'s|s)?(?!\w)", text):
                    best = (len(name), entity)
        return best[1] if best else None

    # -- as nouns
    def noun(self, who: str) -> Noun:
        """A person as a noun."""
        person = self.person(who)
        return Noun(person.name, full=person.full, pronouns=person.pronouns)

    def thing_noun(self, what: str) -> Noun:
        """A thing as a noun."""
        thing = self.thing(what)
        return Noun(
            lower_first(thing.name) if thing.name.startswith("The ") else thing.name, plural=thing.plural
        )

    def spot_noun(self, where: str | None = None) -> Noun:
        """A place as a noun."""
        spot = self.spot(where)
        return Noun(
            lower_first(spot.name) if spot.name.startswith("The ") else spot.name,
            plural=spot.plural,
            proper=True,
        )

    def question(self) -> str:
        """The open question of the story, "" when all are answered."""
        asked = self.note("question")
        if asked is not None:
            return str(asked)
        return next((t.question for t in self.index.world.threads if t.question), "")

    def known_noun(self, word: str) -> bool:
        """Whether the world's own text knows a word."""
        return word in self.index.vocabulary or any(word in words_of(n) for n in self.state.places.values())
