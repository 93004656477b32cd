"""An independent reader of transcripts: finds where the telling contradicts the state, or is broken.

It knows nothing of how the text is made: it sees the world, each turn's text and events, and the state before
and after. It is careful rather than clever. What it reports, a person would call wrong; it does not find all.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

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


class Turn(NamedTuple):
    """One told turn. `action` is what the player typed."""

    number: int
    action: str
    text: str
    before: WorldState
    after: WorldState
    events: tuple[WorldEvent, ...] = ()


class Wrong(NamedTuple):
    """Something that cannot be: a stable code, the turn, the passage, and what it contradicts."""

    code: str
    turn: int
    passage: str
    why: str


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
        found += _marks(turn)
        found += _grammar(turn, style)
    return sorted([*found, *_repeats(told)], key=lambda wrong: wrong.turn)


# ---- the text in pieces ----


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text."""
    return [p.strip() for p in re.split(r"\n\s*\n", text) if p.strip()]


def sentences(text: str) -> list[str]:
    """The sentences of a text; quotes end with them."""
    return [
        s.strip()
        for p in paragraphs(text)
        for s in re.split(r"(?<=[.!?…])[”’\"]?\s+(?=[“‘A-ZÀ-Þ])", p)
        if s.strip()
    ]


def unquoted(text: str) -> str:
    """A text with every quoted passage replaced by “”, so that only narration is left."""
    return re.sub(r"“[^”]*”", "“”", text)


def plain(text: str) -> str:
    """Lower-case words alone, for comparing."""
    return " ".join(re.findall(r"[\w’']+", text.lower().replace("’", "'")))


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
                    _around(narration, name),
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


def _around(text: str, word: str) -> str:
    at = max(0, text.find(word))
    return text[max(0, at - 50) : at + 60].replace("\n", " ")


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


# ---- form ----


def _marks(turn: Turn) -> Iterator[Wrong]:
    """Markup that shows, quotes that do not close, and other broken type."""
    typed, text = turn.action, turn.text
    if not text.strip():
        yield Wrong("empty", turn.number, "", "a turn without a word")
        return
    for mark in "{}|<>[]*_#\\":
        if mark in text and mark not in typed:
            yield Wrong("broken_markup", turn.number, _around(text, mark), f"{mark!r} shows")
    for paragraph in paragraphs(text):
        if paragraph.count("“") != paragraph.count("”") and not set('“”"') & set(typed):
            yield Wrong("broken_quotes", turn.number, paragraph, "a quote is not closed, or not opened")
        if paragraph[-1] not in ".!?…”’—:\"'" and plain(paragraph) not in plain(typed):
            yield Wrong("broken_end", turn.number, paragraph[-60:], "a paragraph without an end")
    smells = {
        r"(?<=[a-z,’] )None\b|\bNone[’']s\b|\bnull\b|\bnan\b": "a missing value",
        r"[a-z] [,.;!?](?!\.)": "a space before a mark",
        r"(?<!\.)\.\.(?!\.)|,,|;;|,\.|\.,|\?\.": "two marks",
        r"\S  +\S": "two spaces",
        r"(?<![.\d])[a-z]{2,}[.!?][A-Z][a-z]": "no space after a mark",
    }
    for pattern, why in smells.items():
        found = re.search(pattern, text)
        if found and found.group(0).strip() not in typed:
            yield Wrong("broken_type", turn.number, _around(text, found.group(0)), why)


AN = r"\b[Aa] (?!(?:one|once|uni|use|usu|eu|ewe|ur|u\b|o’|ouija)\w*)(?=[aeiou])[a-z]+"
A = r"\b[Aa]n (?!(?:hour|honest|heir|honou?r|x-|l\b|n\b|s\b|f\b|m\b)\w*)(?=[bcdfghjklmnpqrstvwxyz])[a-z]+"
AGREE = (
    r"\b[Yy]ou (?:is|was|has|does|goes|says|looks|takes)\b",
    r"(?<!and )(?<!you )\bI (?:is|are|has|does|goes|says)\b",
    r"\b(?<!of )(?:[Tt]hey) (?:is|was|has|does|goes|says)\b",
    r"(?<!if )(?<!though )(?<!than )(?<!as )(?<!did )(?<!does )(?<!let )(?<!made )(?<!and )\b(?:[Hh]e|[Ss]he) (?:are|have|do|go|say|look|take|make|know)\b",
    r"\b(?:the|a|an|my|your|his|their) (?:the|a|an|my|your|his|their)\b",
    r"\b(\w{2,}) \1\b",
    r"\b(?:doesn|didn|don)[’']t (?:has|does|goes|is|was|had)\b",
    r"\b(?:to|could|will|would|must|should) (?:is|are|was|has|goes|says|does)\b",
)
TWICE = frozenset(("had had", "that that", "no no", "so so", "there there", "very very", "ha ha", "is is"))


def _grammar(turn: Turn, style: Style) -> Iterator[Wrong]:
    """Articles, agreement, doubled words, and the wrong tense beside a quote."""
    typed = plain(turn.action)
    narration = unquoted(turn.text)
    for pattern in (AN, A):
        for found in re.finditer(pattern, narration):
            if plain(found.group(0)) not in typed:
                yield Wrong("article", turn.number, _around(narration, found.group(0)), found.group(0))
    for pattern in AGREE:
        for found in re.finditer(pattern, narration):
            if plain(found.group(0)) not in typed and found.group(0).lower() not in TWICE:
                yield Wrong("agreement", turn.number, _around(narration, found.group(0)), found.group(0))
    other = (
        r"(?:said|asked|answered|replied)" if style.tense == "present" else r"(?:says|asks|answers|replies)"
    )
    drift = re.search(rf"“”,? (?:(?:(?!Having )[A-Z]\w+ )+|he |she |they |you |I ){other}\b", narration)
    if drift and turn.number > 0:
        yield Wrong("tense", turn.number, drift.group(0), f"told in the {style.tense} tense")


def _repeats(told: list[Turn]) -> Iterator[Wrong]:
    """Paragraphs and sentences told before, apart from what the player typed."""
    seen: dict[str, int] = {}
    for turn in told:
        typed = plain(turn.action)
        for code, parts, least in (
            ("duplicate_paragraph", paragraphs(turn.text), 4),
            ("duplicate_sentence", sentences(turn.text), 5),
        ):
            for part in parts:
                key = plain(part)
                if len(key.split()) < least or key in typed:
                    continue
                first = seen.setdefault(f"{code}:{key}", turn.number)
                if first != turn.number or list(map(plain, parts)).count(key) > 1:
                    yield Wrong(code, turn.number, part, f"told in turn {first}")
