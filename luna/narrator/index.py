"""A world made ready for telling: names, facts, things to look at, voices. Built once per world and kept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from luna.narrator.address import PLAIN, marked
from luna.narrator.grammar import sentences, words_of
from luna.narrator.lexicon import ADDRESS, REGISTERS, STOP, SYNONYMS
from luna.narrator.nouns import Feature, features_of
from luna.narrator.phrases import Phrase, world_phrases
from luna.narrator.voice import registers_of
from luna.turns.world import Beat, Character, Item, Lore, Place, Thread, World

MAX_FACTS = 60
"""Facts kept per person, place or thing; which are told is a number of so many bits in the notes."""


@dataclass(frozen=True)
class Person:
    """Somebody who can be told of. `register` picks most of the lines they speak, `second` the others."""

    id: str
    name: str
    full: str
    names: tuple[str, ...]
    pronouns: str = "they"
    role: str = ""
    facts: tuple[str, ...] = ()
    register: str = "curt"
    second: str = "gruff"
    address: str = ""
    habits: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    knows: dict[str, str] = field(default_factory=dict[str, str])
    relations: dict[str, str] = field(default_factory=dict[str, str])
    home: str | None = None
    schedule: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Spot:
    """A place that can be told of."""

    id: str
    name: str
    names: tuple[str, ...]
    facts: tuple[str, ...] = ()
    senses: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()
    indoors: bool = False
    preposition: str = "in"
    plural: bool = False
    features: dict[str, Feature] = field(default_factory=dict[str, Feature])


@dataclass(frozen=True)
class Thing:
    """An item that can be told of. `later` are the names that a beat opens."""

    id: str
    name: str
    names: tuple[str, ...]
    facts: tuple[str, ...] = ()
    fixed: bool = False
    plural: bool = False
    later: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True)
class Index:
    """Everything derived from a world. The world's own order is kept throughout."""

    world: World
    people: dict[str, Person]
    spots: dict[str, Spot]
    things: dict[str, Thing]
    threads: dict[str, Thread]
    beats: dict[str, tuple[Thread, Beat]]
    topics: dict[str, frozenset[str]]
    vocabulary: frozenset[str]
    premise: str
    prose: str
    phrases: dict[str, list[Phrase]] = field(default_factory=dict[str, list[Phrase]])
    """The world's own variants of the packs' keys."""
    same: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Word → the words that mean the same, in the language or in this world."""


def build(world: World) -> Index:
    """The index of a world, made anew."""
    names = (world.player.name,)
    people = {c.id: _person(c, names) for c in world.characters}
    things = {i.id: _thing(i, names) for i in world.items}
    taken = {n for t in things.values() for name in t.names for n in name.split()}
    taken |= {n for p in people.values() for n in p.names}
    taken |= {n for p in world.places for n in _names(p.name, p.aliases)}
    prose = _prose(world)
    return Index(
        world=world,
        people=people,
        spots={p.id: _spot(p, taken, names) for p in world.places},
        things=things,
        threads={t.id: t for t in world.threads},
        beats={b.id: (t, b) for t in world.threads for b in t.beats},
        topics={t.id: _topics(t) for t in world.threads},
        vocabulary=frozenset(words_of(unmarked(prose)))
        | {w for c in world.characters for k in c.knows for w in words_of(k)}
        | {w for key, others in world.topics.items() for term in (key, *others) for w in words_of(term)},
        premise=_premise(world),
        prose=unmarked(prose),
        phrases=world_phrases(world.phrases),
        same=_same(world),
    )


def _same(world: World) -> dict[str, frozenset[str]]:
    """The world's synonyms, both ways, and those of the language."""
    found: dict[str, set[str]] = {}
    for key, others in (*SYNONYMS.items(), *world.topics.items()):
        group = {w for term in (key, *others) for w in words_of(term) if w not in STOP}
        for word in group:
            found.setdefault(word, set()).update(group)
    return {word: frozenset(group - {word}) for word, group in found.items()}


def _premise(world: World) -> str:
    """The premise with slots for the player, paragraph by paragraph."""
    parts = re.split(r"\n\s*\n", world.premise)
    return "\n\n".join(marked(" ".join(p.split()), (world.player.name,)) for p in parts if p.strip())


def unmarked(text: str) -> str:
    """Text without braces: `{be|s}` becomes `be`."""
    return re.sub(r"\{([^{}|.]+)[^{}]*\}", r"\1", text.removeprefix(PLAIN))


def facts_in(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """The sentences of a description that can be told; lists and sheets of attributes are passed over."""
    if "{" not in text:
        text = re.sub(r"\[[^\]]*\]", " ", text)
    return tuple([marked(s, names) for s in sentences(text) if tellable(s)][:MAX_FACTS])


def tellable(sentence: str) -> bool:
    """Whether a sentence reads as prose: it ends, is of some length, and is no list of attributes."""
    bare = unmarked(sentence)
    count = len(words_of(bare))
    return (
        2 <= count <= 60
        and bare.rstrip('”"').endswith((".", "!", "?", "…"))
        and not re.search(r"[\[\]<>*|=+]|\w: ?\w+;", bare)
    )


def _names(name: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """All names in lower case, longest first; "the X" is also known as "X"."""
    found: set[str] = set()
    for given in (name, *aliases):
        low = " ".join(given.lower().replace("’", "'").split())
        found |= {low, re.sub(r"^(the|a|an) ", "", low)}
    return tuple(sorted((n for n in found if n and n not in STOP), key=lambda n: (-len(n), n)))


def _person(c: Character, player: tuple[str, ...]) -> Person:
    first = c.name.split()[0] if c.name.split() else c.name
    registers, address = _voice(c)
    aliases = [*c.aliases, c.full_name]
    if (
        len(first) > 2
        and first.lower() not in STOP
        and first.lower() not in ("dame", "lady", "lord", "the", "old")
    ):
        aliases.append(first)
    return Person(
        id=c.id,
        name=c.name,
        full=c.full_name or c.name,
        names=_names(c.name, aliases),
        pronouns=c.pronouns,
        role=c.role,
        facts=facts_in(c.description, player),
        register=registers[0],
        second=registers[1],
        address=address,
        habits=c.habits,
        samples=c.samples,
        knows=c.knows,
        relations=c.relations,
        home=c.at,
        schedule={part.replace("_", " "): place for part, place in c.schedule.items()},
    )


def _voice(c: Character) -> tuple[tuple[str, str], str]:
    """The registers of somebody's lines, and the word they call people by ("love")."""
    given = [r for r in c.registers if r in REGISTERS]
    first, second = registers_of(c.personality, f"{c.role} {unmarked(c.description)} {c.name}", c.samples)
    if given:
        second = given[1] if len(given) > 1 else (second if second != given[0] else first)
        first = given[0]
    spoken = " ".join(c.samples).lower()
    return (first, second), next((a for a in ADDRESS if re.search(rf"\b{a}\b", spoken)), "")


def _spot(p: Place, taken: set[str], player: tuple[str, ...]) -> Spot:
    facts = facts_in(p.description, player)
    own = set(words_of(p.name))
    bare = re.sub(r"^the ", "", p.name.lower())

    def its_own_name(word: str, feature: Feature) -> bool:
        """Whether a feature is only a part of the place's name ("the noodle bar seats nine")."""
        return word in own and bare in unmarked(facts[feature.fact]).lower()

    features = {w: f for w, f in features_of(facts).items() if w not in taken and not its_own_name(w, f)}
    return Spot(
        id=p.id,
        name=p.name,
        names=_names(p.name, p.aliases),
        facts=facts,
        senses=p.senses[:MAX_FACTS],
        exits=p.exits,
        indoors=p.indoors,
        preposition=p.preposition or ("in" if p.indoors else "on"),
        plural=p.plural,
        features=features,
    )


def _thing(i: Item, player: tuple[str, ...]) -> Thing:
    return Thing(
        id=i.id,
        name=i.name,
        names=_names(i.name, i.aliases),
        facts=facts_in(i.description, player),
        fixed=i.fixed,
        plural=i.plural,
        later={beat: _names(names[0], names[1:]) for beat, names in i.aliases_after.items() if names},
    )


def _topics(thread: Thread) -> frozenset[str]:
    """The words a thread is about: what its beats wait for, its question, and its leads."""
    found = set(words_of(thread.question)) | set(words_of(thread.id.replace("_", " ")))
    for beat in thread.beats:
        found |= set(many(beat.when.get("topic")))
        for lead in beat.leads:
            found |= set(words_of(lead.topic))
    return frozenset(w for w in found if w not in STOP and len(w) > 2)


def many(value: object) -> tuple[str, ...]:
    """A condition's value as a tuple of words: nothing, one, or a list."""
    if value is None or value is False:
        return ()
    if isinstance(value, (list, tuple, dict)):
        return tuple(str(v) for v in cast(Iterable[object], value))
    return (str(value),)


def _prose(world: World) -> str:
    parts = [world.premise, world.opening]
    for p in world.places:
        parts += [p.name, *p.aliases, p.description, *p.senses]
    for c in world.characters:
        parts += [
            c.name,
            c.full_name,
            *c.aliases,
            c.role,
            c.description,
            *c.knows.values(),
            *c.samples,
        ]
    for i in world.items:
        parts += [i.name, *i.aliases, i.description]
    for entry in world.lore:
        parts += [entry.title, *entry.keys, entry.text]
    for t in world.threads:
        parts += [t.question, *t.plants]
        parts += [x for b in t.beats for x in (b.text, b.quote, b.question, b.memory)]
        parts += [x for b in t.beats for told in b.tellings for x in (told.text, told.quote)]
    return " ".join(parts)


def lore_about(world: World, topic: frozenset[str]) -> Lore | None:
    """The lore entry whose keys or title share the most words with a topic, or None."""
    best: tuple[int, int] = (0, 0)
    found: Lore | None = None
    for position, entry in enumerate(world.lore):
        named = {w for key in (*entry.keys, entry.title) for w in words_of(key) if w not in STOP}
        score = (len(named & topic), -position)
        if score[0] > best[0]:
            best, found = score, entry
    return found
