"""Making any world tellable: a premise alone, a card alone, a lorebook alone. Deterministic; adds no facts.

What is added is only what telling needs: a place (named in the text where one is), a start, exits both ways,
ids, and everybody somewhere.
"""

import re
from collections.abc import Iterable
from typing import TypeVar

from luna.narrator.address import mark_player
from luna.narrator.grammar import MODALS, sentences, verb_lemma, words_of
from luna.narrator.lexicon import OUTDOORS, PERSON_NOUNS, PLACE_NOUNS, STOP
from luna.narrator.readable import readable_text
from luna.narrator.realiser import YOU_FORMS
from luna.turns.events import PLAYER
from luna.turns.world import Character, Item, Lore, Place, Telling, Thread, World

SLOT_NAMES = frozenset(
    (*YOU_FORMS, "you.two", "n", "n.full", "he", "him", "his", "hers", "himself", "place", "in_place")
)
FALLBACK_PLACE = "this place"
MORE_PLACES = 2
_DETERMINERS = r"the|a|an|his|her|their|your|my|this|[A-Z]\w+['’]s"
_NOUNS = "|".join(n for noun in sorted(PLACE_NOUNS) for n in (noun, noun.capitalize()))
_PLACE = re.compile(
    r"\b(?P<prep>in|inside|at|into|to|on|onto|through|near|within|across|beyond|behind|beneath|under|of|enters?|reach(?:es|ed)?)\s+"
    rf"(?P<det>{_DETERMINERS})\s+(?P<middle>(?:[\w-]+\s){{0,2}}?)(?P<noun>{_NOUNS})(?![\w-])"
)
_PROPER = re.compile(r"\b(?P<name>(?:[A-Z][\w'’]+ ){1,2}(?P<noun>[A-Z]\w+))\b")
_MACRO_CHAR = re.compile(r"\{\{char\}\}|<char>|<bot>", re.I)
_MACRO_USER = re.compile(r"\{\{user\}\}|<user>", re.I)
_MARKUP = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"[a-z_]+(\.[a-z]+)?( [a-z]+)?(\|[a-z0-9]+)?")


def compiled(world: World) -> World:
    """The world made tellable. Compiling twice changes nothing."""
    characters = _characters(world)
    characters += _people_of_lore(world, characters)
    name = characters[0].name if len(characters) == 1 else ""
    player = world.player.name
    premise = clean(world.premise, name, player)
    opening = _macros(world.opening, name, player)
    places = list(_unique(world.places))
    places += _places_of_lore(world, places)
    if not world.places:
        places = _derived_places(premise, opening, characters, places) + places
    named = [p.id for p in places if p.id == world.start_place]
    start = named[0] if named else places[0].id
    places = _connected([_clean_place(p, name, player) for p in places], start)
    ids = {p.id for p in places}
    people = [c if c.at in ids else c.model_copy(update={"at": start}) for c in characters]
    items = _placed_items(world, ids | {c.id for c in people}, start)
    return world.model_copy(
        update={
            "premise": premise,
            "opening": opening,
            "start_place": start,
            "start_minutes": world.start_minutes % (24 * 60),
            "places": tuple(places),
            "characters": tuple(people),
            "items": tuple(items),
            "threads": tuple(_clean_thread(t, name, player) for t in world.threads),
            "lore": tuple(e.model_copy(update={"text": clean(e.text, name, player)}) for e in world.lore),
        }
    )


def clean(text: str, character: str = "", player: str = "you") -> str:
    """Card text without macros, markdown stars and stray braces; known slots stay."""
    spoken_to = bool(_MACRO_USER.search(text)) and (player or "you") == "you"
    text = _macros(text, character, player)
    text = _MARKUP.sub(lambda m: f"\ue000{m[1]}\ue001" if _is_slot(m[1]) else m[1], text)
    text = re.sub(r"[{}]", "", text).replace("\ue000", "{").replace("\ue001", "}")
    if spoken_to and "{" not in text:
        text = readable_text(mark_player(text))
    return re.sub(r"(?<!\w)[*_~`]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}(?!\w)", "", text).strip()


def _is_slot(inside: str) -> bool:
    """Whether what stands in braces is a slot of ours: the player, a pronoun, or a verb's base form."""
    if not _SLOT.fullmatch(inside):
        return False
    name = inside.split("|")[0]
    verb = name.split(" ")[0]
    return name in SLOT_NAMES or verb in MODALS or verb_lemma(verb) == verb


def _macros(text: str, character: str, player: str) -> str:
    text = _MACRO_CHAR.sub(character or "they", text)
    text = _MACRO_USER.sub(player or "you", text)
    return re.sub(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)", "", text)


Entry = TypeVar("Entry", Place, Character, Item)


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    seen: set[str] = {PLAYER}
    kept: list[Entry] = []
    for entry in entries:
        if entry.id not in seen:
            seen.add(entry.id)
            kept.append(entry)
    return kept


# -- people
def _characters(world: World) -> list[Character]:
    return [_character(c, world.player.name) for c in _unique(world.characters)]


def _character(c: Character, player: str) -> Character:
    description = clean(c.description, c.name, player)
    whole = f"{description} {clean(c.personality, c.name, player)}"
    samples = [s for s in (_sample(x, c.name, player) for x in c.samples) if s]
    return c.model_copy(
        update={
            "description": description,
            "pronouns": _pronouns(whole) if c.pronouns == "they" else c.pronouns,
            "role": clean(c.role, c.name, player) or role_in(description, c.name),
            "samples": tuple(dict.fromkeys(samples)),
            "knows": {k: clean(v, c.name, player) for k, v in c.knows.items() if v.strip()},
        }
    )


def _pronouns(text: str) -> str:
    listed = words_of(text)
    she = sum(w in ("she", "her", "hers", "herself") for w in listed)
    he = sum(w in ("he", "him", "his", "himself") for w in listed)
    they = sum(w in ("they", "them", "their") for w in listed)
    if she > max(he, they):
        return "she"
    return "he" if he > max(she, they) else "they"


def role_in(description: str, name: str) -> str:
    """ "a forest guardian" from "Mira is a forest guardian who …"; "" when the text does not say so plainly."""
    first = re.escape(name.split()[0]) if name.split() else "She"
    found = re.search(
        rf"\b(?:{first}[\w ]{{0,30}}|She|He|They) (?:is|are) ((?:an?|the) [^.,;:!?()\n]{{3,60}})", description
    )
    if not found:
        return ""
    role = re.split(r"\b(?:who|that|which|with|and|from|living|known|named)\b", found[1])[0].strip()
    last = set(words_of(role)[-3:])
    return role if last & PERSON_NOUNS or re.search(r"(er|or|ist|ian|ess|man|woman)$", role) else ""


def _sample(text: str, name: str, player: str) -> str:
    """A line of example speech without names, stars and marks; "" when it is narration or the player's."""
    text = _macros(text, name, player).replace("<START>", "").strip()
    text = re.sub(rf"^{re.escape(name)}\s*:\s*", "", text)
    if re.match(rf"^(?:{re.escape(player)}|you)\s*:", text, re.I):
        return ""
    quoted = re.findall(r"[“\"]([^”\"]+)[”\"]", text)
    text = " ".join((quoted[0] if quoted else text).split())
    ends = text.endswith((".", "!", "?", "…"))
    return text if ends and 2 <= len(words_of(text)) <= 40 and not re.search(r"[{}\[\]<>*:|]", text) else ""


def _people_of_lore(world: World, known: list[Character]) -> list[Character]:
    """People whom a lore entry introduces outright ("Edda is a ferrywoman …"), somewhere away from the start."""
    places = [p for p in world.places if p.id != world.start_place]
    found: list[Character] = []
    names = {n for c in known for n in words_of(f"{c.name} {' '.join(c.aliases)}")}
    for entry in world.lore[:200]:
        name = _named(entry)
        role = role_in(entry.text, name) if name else ""
        if not name or not role or set(words_of(name)) & names or not places:
            continue
        ids = {c.id for c in (*known, *found)}
        where = next(
            (p for p in world.places if p.name.lower().removeprefix("the ") in entry.text.lower()), None
        )
        if where is None:
            continue
        made = Character(id=identifier(name, ids), name=name, role=role, description=entry.text, at=where.id)
        found.append(_character(made, world.player.name))
        names |= set(words_of(name))
    return found


def _named(entry: Lore) -> str:
    """The proper name a lore entry is about, or ""."""
    for candidate in (entry.title, *entry.keys):
        words = candidate.split()
        if 1 <= len(words) <= 3 and all(w[:1].isupper() for w in words) and entry.text.startswith(words[0]):
            return candidate
    return ""


# -- places
def _derived_places(premise: str, opening: str, people: list[Character], known: list[Place]) -> list[Place]:
    """The place the text speaks of first, and up to two more it names."""
    narrated = re.sub(r"[“\"][^”\"]*[”\"]", " ", f"{premise} {opening}")
    narrated = re.sub(r"\{([^{}|.]+)[^{}]*\}", r"\1", narrated)
    owner = people[0].name if len(people) == 1 else ""
    names = list(place_names(narrated, owner))[: MORE_PLACES + 1]
    if not names and known:
        return []
    names = names or [FALLBACK_PLACE]
    described = [s for s in sentences(premise) if len(words_of(s)) <= 40][:8]
    ids = {p.id for p in known}
    places: list[Place] = []
    for name in names:
        key = identifier(name, ids)
        ids.add(key)
        outdoors = words_of(name)[-1] in OUTDOORS
        places.append(
            Place(
                id=key,
                name=name,
                aliases=(words_of(name)[-1],) if name != FALLBACK_PLACE else ("here",),
                description=" ".join(described) if not places else "",
                indoors=name != FALLBACK_PLACE and not outdoors,
                preposition="in",
            )
        )
    return places


def place_names(text: str, owner: str = "") -> list[str]:
    """Names for the places a text puts people in, in the order of mention."""
    found: list[tuple[int, str]] = []
    for match in _PLACE.finditer(text):
        noun = match["noun"].lower()
        middle = " ".join(w for w in match["middle"].split() if w.lower() not in STOP)
        determiner = match["det"]
        if determiner.endswith(("'s", "’s")):
            name = f"{determiner} {middle} {match['noun']}"
        elif determiner in ("his", "her", "their") and owner:
            name = f"{owner}'s {middle} {noun}"
        else:
            name = f"the {middle} {match['noun']}"
        found.append((match.start(), " ".join(name.split())))
    for match in _PROPER.finditer(text):
        if match["noun"].lower() in PLACE_NOUNS and match["name"].split()[0].lower() not in STOP:
            found.append((match.start(), match["name"]))
    nouns: set[str] = set()
    names: list[str] = []
    for _, name in sorted(found):
        last = words_of(name)[-1]
        if last not in nouns:
            nouns.add(last)
            names.append(name)
    return names


def _places_of_lore(world: World, known: list[Place]) -> list[Place]:
    """Places a lore entry introduces outright ("The Saltern is a village …")."""
    found: list[Place] = []
    for entry in world.lore[:200]:
        name = _named(entry)
        said = re.search(r"\b(?:is|are) (?:an?|the) (?:[\w-]+ ){0,3}?(\w+)", entry.text[:160])
        if not name or not said or said[1].lower() not in PLACE_NOUNS or len(found) >= 12:
            continue
        names = {n.name.lower().removeprefix("the ") for n in (*known, *found)}
        if name.lower().removeprefix("the ") in names:
            continue
        key = identifier(name, {p.id for p in (*known, *found)})
        indoors = said[1].lower() not in OUTDOORS
        found.append(Place(id=key, name=name, description=entry.text, indoors=indoors, preposition="in"))
    return found


def _clean_place(place: Place, character: str, player: str) -> Place:
    return place.model_copy(
        update={
            "description": clean(place.description, character, player),
            "senses": tuple(clean(s, character, player) for s in place.senses if s.strip()),
        }
    )


def _clean_thread(thread: Thread, character: str, player: str) -> Thread:
    beats = (
        b.model_copy(
            update={
                "text": clean(b.text, character, player),
                "quote": clean(b.quote, character, player),
                "tellings": tuple(
                    Telling(text=clean(t.text, character, player), quote=clean(t.quote, character, player))
                    for t in b.tellings
                ),
            }
        )
        for b in thread.beats
    )
    return thread.model_copy(update={"beats": tuple(beats)})


def _connected(places: list[Place], start: str) -> list[Place]:
    """Exits that exist, and a way from the start to every place and back."""
    ids = [p.id for p in places]
    exits = {p.id: [e for e in dict.fromkeys(p.exits) if e in ids and e != p.id] for p in places}
    for place, ways in list(exits.items()):
        for other in ways:
            if not exits[other]:
                exits[other].append(place)
    while lost := [i for i in ids if i not in _within_reach(exits, start)]:
        exits[start].append(lost[0])
        if start not in exits[lost[0]]:
            exits[lost[0]].append(start)
    return [p.model_copy(update={"exits": tuple(exits[p.id])}) for p in places]


def _within_reach(exits: dict[str, list[str]], start: str) -> set[str]:
    seen, ahead = {start}, [start]
    while ahead:
        for step in exits[ahead.pop()]:
            if step not in seen:
                seen.add(step)
                ahead.append(step)
    return seen


# -- things
def _placed_items(world: World, known: set[str], start: str) -> list[Item]:
    known = known | {PLAYER}
    return [i if i.at in known else i.model_copy(update={"at": start}) for i in _unique(world.items)]


def identifier(name: str, taken: set[str]) -> str:
    """A name as an id that is not taken yet."""
    base = re.sub(r"[^a-z0-9]+", "_", name.lower().removeprefix("the ")).strip("_")[:50] or "place"
    key, number = base, 2
    while key in taken or key == PLAYER:
        key, number = f"{base}_{number}", number + 1
    return key
