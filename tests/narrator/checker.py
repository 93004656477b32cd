"""An independent reader of transcripts: finds where the telling contradicts the state, or is broken.

It knows nothing of how the text is made: it sees the world, each turn's text and events, and the state before
and after. It is careful rather than clever. What it reports, a person would call wrong; it does not find all.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from checker_form import (
    Turn,
    Wrong,
    around,
    grammar,
    marks,
    paragraphs,
    plain,
    repeats,
    sentences,
    unquoted,
)

from luna.turns.events import (
    PLAYER,
    Destroyed,
    Died,
    Dropped,
    Gave,
    Moved,
    Revived,
    TimePassed,
    Took,
    WorldEvent,
    WorldState,
    apply,
)
from luna.turns.world import Style, World

FORM = frozenset(("duplicate_paragraph", "duplicate_sentence"))
"""Codes that are repetition and not contradiction."""


def check(world: World, turns: Iterable[Turn], style: Style | None = None) -> list[Wrong]:
    """Everything wrong in a transcript, in the order of its turns."""
    told = list(turns)
    style = style or Style()
    found: list[Wrong] = []
    known = _names_in(world, _given(world))
    for turn, earlier in zip(told, [None, *told[:-1]], strict=True):
        company = _company(turn)
        found += _history(turn, earlier)
        found += _deeds(world, turn)
        found += _voices(world, turn, company)
        found += _strangers(world, turn, company, known)
        found += _spoken_for(world, turn, style)
        found += _room(turn)
        found += _hands(world, turn, style)
        found += _undone(world, turn, style)
        found += _elsewhere(world, turn, style)
        found += marks(turn)
        found += grammar(turn, style)
    return sorted([*found, *repeats(told)], key=lambda wrong: wrong.turn)


def _given(world: World) -> str:
    """What a player may have read before anything was told, or reads as plain description."""
    parts = [world.premise, world.opening, world.title, world.player.description]
    parts += [f"{p.name} {p.description} {' '.join(p.senses)}" for p in world.places]
    parts += [f"{i.name} {i.description}" for i in world.items]
    parts += [plant for thread in world.threads for plant in thread.plants]
    return " ".join(parts)


def _names_in(world: World, text: str) -> set[str]:
    """The characters whose name stands in a text."""
    return {c.id for c in world.characters if any(re.search(rf"\b{re.escape(n)}\b", text) for n in _names(c))}


def _names(person: object) -> list[str]:
    """How a character may be called: name, full name, and what is capitalised of both."""
    name, full = getattr(person, "name", ""), getattr(person, "full_name", "")
    titles = {"Dame", "Mr", "Mrs", "Ms", "Dr", "Miss", "Sir", "Lady", "Lord", "Old", "The", "Mama", "Captain"}
    single = [w for w in f"{name} {full}".split() if w[:1].isupper() and w.rstrip(".") not in titles]
    return list(dict.fromkeys([n for n in (name, full) if n] + single))


def _own_names(world: World, person: object) -> list[str]:
    """The names that nobody else bears, as siblings bear the same."""
    others = {n for c in world.characters if c is not person for n in _names(c)}
    return [n for n in _names(person) if n not in others]


def _company(turn: Turn) -> set[str]:
    """Everybody who was with the player at some moment of the turn."""
    met: set[str] = set()
    state = turn.before
    for event in (None, *turn.events):
        state = apply(state, event) if event is not None else state
        met.update(state.present(state.where(PLAYER)))
    return met | set(turn.after.present(turn.after.where(PLAYER)))


# ---- state and events ----


def _bare(state: WorldState) -> WorldState:
    return state.model_copy(update={"notes": {}})


def _history(turn: Turn, earlier: Turn | None) -> Iterator[Wrong]:
    """Time, continuity, and things that would be in two places."""
    if turn.after.minutes < turn.before.minutes:
        yield Wrong("time_back", turn.number, "", f"{turn.before.minutes} → {turn.after.minutes} minutes")
    if earlier and (turn.number <= earlier.number or turn.before.minutes < earlier.after.minutes):
        yield Wrong("time_back", turn.number, "", f"after turn {earlier.number}")
    elif earlier and _bare(turn.before) != _bare(earlier.after):
        yield Wrong("broken_history", turn.number, "", "does not begin where the turn before ended")
    replayed = turn.before
    for event in turn.events:
        replayed = apply(replayed, event)
    if turn.events and _bare(replayed) != _bare(turn.after):
        yield Wrong("broken_history", turn.number, "", "its events do not lead to its end")
    for item, thing in turn.after.items.items():
        if (thing.holder is not None) + (thing.place is not None) + thing.gone > 1:
            yield Wrong(
                "two_hands",
                turn.number,
                thing.name,
                f"{item}: {thing.holder}, {thing.place}, gone {thing.gone}",
            )
        if thing.holder is not None and thing.holder not in turn.after.characters:
            yield Wrong("two_hands", turn.number, thing.name, f"held by nobody known: {thing.holder}")


def _deeds(world: World, turn: Turn) -> Iterator[Wrong]:
    """Each event, judged in the state it happens in."""
    state = turn.before
    for event in turn.events:
        why = _impossible(world, state, event)
        if why:
            yield Wrong(why[0], turn.number, event.model_dump_json(), why[1])
        state = apply(state, event)


def _impossible(world: World, state: WorldState, event: WorldEvent) -> tuple[str, str] | None:
    match event:
        case Moved():
            return _journey(world, state, event)
        case Took() | Gave() | Dropped():
            return _handling(state, event)
        case Destroyed() if event.item in state.items and state.items[event.item].gone:
            return "gone_thing", "it is gone already"
        case Died() if (p := state.characters.get(event.who)) and not p.alive:
            return "dead_acts", "dead already"
        case Revived() if (p := state.characters.get(event.who)) and p.alive:
            return "dead_acts", "was not dead"
        case TimePassed() if event.minutes < 0:
            return "time_back", "negative"
        case _:
            return None


def _journey(world: World, state: WorldState, event: Moved) -> tuple[str, str] | None:
    person = state.characters.get(event.who)
    if person is None:
        return "unknown_person", f"{event.who} was never introduced"
    if not person.alive:
        return "dead_acts", f"{event.who} is dead"
    if event.to not in state.places:
        return "no_way", f"there is no place {event.to}"
    if event.who == PLAYER and person.place and event.to not in _reach(world, person.place):
        return "no_way", f"no way leads from {person.place} to {event.to}"
    return None


def _reach(world: World, start: str) -> set[str]:
    """Every place that ways lead to, in either direction."""
    ways: dict[str, set[str]] = {}
    for place in world.places:
        for exit_ in place.exits:
            ways.setdefault(place.id, set()).add(exit_)
            ways.setdefault(exit_, set()).add(place.id)
    seen, ahead = {start}, [start]
    while ahead:
        new = ways.get(ahead.pop(), set()) - seen
        seen |= new
        ahead += new
    return seen


def _handling(state: WorldState, event: Took | Gave | Dropped) -> tuple[str, str] | None:
    person, thing = state.characters.get(event.who), state.items.get(event.item)
    if person is None or thing is None:
        return "unknown_thing", "never introduced"
    if not person.alive:
        return "dead_acts", f"{event.who} is dead"
    if thing.gone:
        return "gone_thing", f"{event.item} is gone"
    if isinstance(event, Took):
        if thing.holder not in (None, event.who) and state.where(thing.holder or "") != person.place:
            return "out_of_reach", f"{event.item} is held by {thing.holder}, who is elsewhere"
        if thing.place is not None and thing.place != person.place:
            return "out_of_reach", f"{event.item} lies at {thing.place}, {event.who} is at {person.place}"
        return None
    if thing.holder != event.who:
        return "not_held", f"{event.who} does not hold {event.item} ({thing.holder or thing.place} does)"
    if isinstance(event, Gave):
        other = state.characters.get(event.to)
        if other is None or not other.alive or other.place != person.place:
            return "out_of_reach", f"{event.to} is not there to take it"
    return None


# ---- who speaks, who is named ----

SPEECH = (
    r"(?:say|said|says|ask|asks|asked|answer\w*|repl(?:y|ies|ied)|add(?:s|ed)?|murmur\w*|mutter\w*|whisper\w*|call(?:s|ed)?|"
    r"cries|cried|shout\w*|tell(?:s)?|told|continue[sd]?|goes on|went on|remark\w*|snap(?:s|ped)?|offer(?:s|ed)?)"
)


def _voices(world: World, turn: Turn, company: set[str]) -> Iterator[Wrong]:
    """Who speaks, or moves right beside a quote, must be there and alive."""
    for paragraph in paragraphs(turn.text):
        narration = unquoted(paragraph)
        if "“”" not in narration:
            continue
        for person in world.characters:
            if person.id in company:
                continue
            dead = (state := turn.after.characters.get(person.id)) is not None and not state.alive
            for name in _names(person):
                if not _shared(world, company, name) and _speaks(name, narration):
                    code = "dead_speaks" if dead else "absent_speaks"
                    yield Wrong(
                        code, turn.number, paragraph, f"{person.id} is {'dead' if dead else 'not there'}"
                    )
                    break


def _shared(world: World, company: set[str], name: str) -> bool:
    """Whether somebody who is there bears this name too."""
    return any(name in _names(c) for c in world.characters if c.id in company)


def _speaks(name: str, narration: str) -> bool:
    """Whether a quote in this paragraph is said by `name`: named right beside it, as who does something."""
    called = rf"(?<!’s )\b{re.escape(name)}\b(?!['’]s)"
    after = rf"“”,?\s+(?:{called}\s+{SPEECH}\b|{SPEECH}\s+{called})"
    before = rf"(?:^|[.!?…”]\s+){called}\s+(?:\w+ly\s+)?{SPEECH}[^.“]*[,:]\s*“”"
    found = re.search(after, narration) or re.search(before, narration)
    return bool(found) and not re.search(r"\b(had|once|would have)\b", found.group(0)) if found else False


def _strangers(world: World, turn: Turn, company: set[str], known: set[str]) -> Iterator[Wrong]:
    """A name in narration is known: met, read, heard or typed. `known` grows with the telling."""
    heard = " ".join(re.findall(r"“([^”]*)”", turn.text))
    known |= (
        company | _names_in(world, heard) | _names_in(world, turn.action) | _names_lower(world, turn.action)
    )
    known |= set(turn.before.present(turn.before.where(PLAYER)))
    narration = unquoted(turn.text)
    for person in world.characters:
        if person.id in known:
            continue
        for name in _own_names(world, person):
            if re.search(rf"(?:^|[.!?…”]\s+|\n){re.escape(name)} (?=[a-z])", narration):
                yield Wrong(
                    "unknown_name",
                    turn.number,
                    around(narration, name),
                    f"{person.id} ({name}) was never met or named",
                )
                break
    known |= _names_in(world, narration)


def _names_lower(world: World, text: str) -> set[str]:
    words = set(re.findall(r"[\w'’]+", text.lower()))
    return {
        c.id
        for c in world.characters
        if {w.lower() for n in (*_names(c), *c.aliases) for w in n.split()} & words
    }


# ---- the player ----

INNER = (
    r"(?:feel|felt|decide[sd]?|want(?:s|ed)?|realis[e]\w*|realiz[e]\w*|love[sd]?|hate[sd]?|hope[sd]?|fear(?:s|ed)?|wish(?:es|ed)?|"
    r"believe[sd]?|regret\w*|agree[sd]?|forgive[sn]?|forgave|trust(?:s|ed)?|worr(?:y|ies|ied)|wonder(?:s|ed)?|long(?:s|ed)? (?:for|to)|"
    r"resolve[sd]?|promise[sd]?|intend(?:s|ed)?|prefer(?:s|red)?|enjoy(?:s|ed)?|pit(?:y|ies|ied)|suspect(?:s|ed)?|"
    r"(?:are|am|is|was|were) (?:afraid|angry|sad|happy|ashamed|moved|relieved|sorry|certain|glad|frightened|terrified|proud|jealous))"
)
BODY = r"(?:heart|stomach|pulse|blood|throat|spine|eyes fill|tears)"


def _subjects(world: World, style: Style) -> str:
    if style.person == 2:
        return "[Yy]ou"
    return "I" if style.person == 1 else rf"(?:{re.escape(world.player.name.split()[0])})"


def _spoken_for(world: World, turn: Turn, style: Style) -> Iterator[Wrong]:
    """Feelings, decisions and words that the player did not give."""
    who, typed = _subjects(world, style), plain(turn.action)
    for sentence in sentences(unquoted(turn.text)):
        if typed and plain(sentence) and plain(sentence) in typed:
            continue
        inner = re.search(
            rf"(?<!\bif )(?<!\bas )\b{who} (?:\w+ly |still |now |only |just )?({INNER})\b", sentence
        )
        if inner and not _typed(inner.group(1), typed) and not _idiom(sentence):
            yield Wrong("spoken_for", turn.number, sentence, f"the player never said to {inner.group(1)}")
        if style.person == 2 and (body := re.search(rf"\b[Yy]our {BODY} \w+", sentence)):
            yield Wrong("spoken_for", turn.number, sentence, f"{body.group(0)!r} is the player's own")
    verbs = r"(?:say|said|ask|asked|answer|answered|reply|replied|whisper|whispered|shout|shouted)s?"
    for quote in re.findall(rf"“([^”]*)”,? {who} {verbs}\b", turn.text):
        words = [w for w in plain(quote).split() if len(w) > 3]
        talks = re.search(r"\b(?:ask|aks|tell|say|talk|question|speak|greet|thank|what|who|why)", typed)
        if len(plain(quote).split()) <= 6 and (talks or any(_typed(w, typed) for w in words)):
            continue  # a short wording of what the player asked to say
        if words and sum(_typed(w, typed) for w in words) < len(words) / 2:
            yield Wrong("spoken_for", turn.number, quote, "words the player did not say")


def _idiom(sentence: str) -> bool:
    """Whether wanting is only asking, or all of it is supposed: `you want to know`, `if it is a road you want`."""
    idioms = r"\bfe(?:el|els|lt) (?:along|for|around|about|under|over|inside|behind|the|your|his|her|their|its|my)\b|\bwant(?:s|ed)? to know\b|\bwhat \w+ want(?:s|ed)?\b|\bif it (?:is|was) .* want(?:s|ed)?\b|\bwould have\b"
    return bool(re.search(idioms, sentence, re.IGNORECASE))


def _typed(word: str, typed: str) -> bool:
    """Whether the player used this word, in any of its forms, or misspelt it."""
    last = word.split()[-1]
    stem = last[: max(4, len(last) - 3)]
    return any(w.startswith(stem) for w in typed.split()) or bool(
        get_close_matches(last, typed.split(), 1, 0.7)
    )


def _room(turn: Turn) -> Iterator[Wrong]:
    """A place said to be empty is empty."""
    here = turn.after.present(turn.after.where(PLAYER))
    empty = re.search(
        r"\b(?:[Nn]obody|[Nn]o one) (?:else )?(?:is|was) (?:here|there)\b(?! (?:to|who|that))|\b(?:[Yy]ou are|I am) (?:all |quite )?alone\b",
        unquoted(turn.text),
    )
    still = set(here) & set(turn.before.present(turn.before.where(PLAYER)))
    if empty and still:
        yield Wrong("not_alone", turn.number, empty.group(0), f"{', '.join(still)} is there")


def _hands(world: World, turn: Turn, style: Style) -> Iterator[Wrong]:
    """The player is not told to hand over what they do not hold."""
    who = _subjects(world, style)
    held = {*turn.before.carried(PLAYER), *turn.after.carried(PLAYER)}
    touched = {e.item for e in turn.events if isinstance(e, Took | Gave | Dropped)}
    for sentence in sentences(unquoted(turn.text)):
        if re.search(
            r"\b(not|no|never|nothing|cannot|can’t|can't|without|would|if|nobody|don’t|don't)\b", sentence
        ):
            continue
        if not re.search(
            rf"\b{who} (?:\w+ly )?(?:hand|hands|handed|give|gives|gave|pass|passes|passed)\b", sentence
        ):
            continue
        for item in world.items:
            # an id may hold a carried thing under another name; only the full name is evidence
            if item.id not in held | touched and re.search(rf"\b{re.escape(item.name)}\b", sentence, re.I):
                yield Wrong("not_held", turn.number, sentence, f"the player does not hold {item.id}")


NO = r"\b(?:not|no|never|nothing|cannot|can’t|can't|without|would|could|if|nobody|don’t|don't|almost|try|tries|tried)\b"
RUIN = r"(?:rip(?:s|ped)? up|tear(?:s)? up|tore up|burn(?:s|ed|t)?|smash(?:es|ed)?|destroy(?:s|ed)?|swallow(?:s|ed)?|eat(?:s)?|ate)"


def _undone(world: World, turn: Turn, style: Style) -> Iterator[Wrong]:
    """What the player is told to have ruined is gone afterwards."""
    who = _subjects(world, style)
    for sentence in sentences(unquoted(turn.text)):
        if re.search(NO, sentence):
            continue
        for item in world.items:
            names = [item.name, *(f"the {alias}" for alias in item.aliases)]
            ruined = rf"\b{who} {RUIN} (?:{'|'.join(map(re.escape, names))})\b"
            thing = turn.after.items.get(item.id)
            if thing and not thing.gone and re.search(ruined, sentence, re.IGNORECASE):
                yield Wrong("undone", turn.number, sentence, f"{item.id} is still there")


TOUCH = (
    r"(?:weigh|ring|open|pull|lift|touch|read|shut|close|push|strike|hit|climb|unlock|polish|measure|shake|ripp?|kick|knock on|sit on)"
    r"(?:s|es|ed)?"
)


def _elsewhere(world: World, turn: Turn, style: Style) -> Iterator[Wrong]:
    """What the player is told to lay hands on is not a thing that stands, or lies, only somewhere else."""
    who, here = _subjects(world, style), {turn.before.where(PLAYER), turn.after.where(PLAYER)}
    here |= {event.to for event in turn.events if isinstance(event, Moved) and event.who == PLAYER}
    near = " ".join(f"{p.name} {p.description} {' '.join(p.senses)}" for p in world.places if p.id in here)
    for state in (turn.before, turn.after):
        near += " ".join(t.name for t in state.items.values() if t.place in here or t.holder is not None)
    far = " ".join(f"{p.name} {p.description}" for p in world.places if p.id not in here)
    far += " ".join(t.name for t in turn.after.items.values() if t.place is not None and t.place not in here)
    told = " ".join(f"{c.description} {' '.join(c.habits)}" for c in world.characters)
    for sentence in sentences(unquoted(turn.text)):
        touched = re.search(rf"\b{who} {TOUCH} (?:at )?the (\w+)(?=[,.;]| and\b| with\b| to\b)", sentence)
        if not touched or re.search(NO, sentence):
            continue
        thing = rf"\b{re.escape(touched.group(1))}\b"
        if re.search(thing, far) and not re.search(thing, near) and not re.search(thing, told):
            yield Wrong("out_of_reach", turn.number, sentence, f"{touched.group(1)} is somewhere else")
