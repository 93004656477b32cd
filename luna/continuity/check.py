"""What contradicts what: a draft held against the state of the world. Pure; a list of findings, never a fault.

Thin so far: speech and deeds of the dead and the absent, things nobody has, names misspelt, the player spoken
for. Each finding names the passage and what it stands against.
"""

import re
from collections.abc import Iterable

from rapidfuzz.distance import DamerauLevenshtein

from luna.kernel.errors import Severity
from luna.turns.events import (
    PLAYER,
    Died,
    Dropped,
    Gave,
    Introduced,
    Moved,
    Revived,
    Took,
    WorldEvent,
    WorldState,
    apply,
)
from luna.turns.types import Action, Finding
from luna.turns.world import World

SENTENCE = re.compile(r"[^.!?…]*[.!?…]+[”\"’')]*|\S[^.!?…]*$")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
SPEAKS = r"(?:says?|said|asks?|asked|answers?|answered|replie[sd]|whispers?|whispered|shouts?|shouted|murmurs?|murmured|mutters?|muttered|calls?|called)"
ACTS = (
    r"(?:smiles?|smiled|nods?|nodded|turns?|turned|walks?|walked|laughs?|laughed|looks?|looked|takes?|took|gives?"
    r"|gave|sits?|sat|stands?|stood|opens?|opened|shrugs?|shrugged|leans?|leaned|reaches|reached|grins?|grinned)"
)
LOOKING_BACK = re.compile(
    r"\b(?:ago|earlier|yesterday|last (?:night|week|year)|once|used to|had|remembers?|remembered|back then)\b"
)
"""A sentence that tells of the past may name anybody."""
SPOKEN_FOR = re.compile(
    r"\b(?:you|I)\s+(?:feel|felt|decide|decided|realise|realised|realize|realized|think|thought|remember"
    r"|remembered|agree|agreed|resolve|resolved|vow|vowed)\b(?!\s+(?:nothing|that way))",
    re.IGNORECASE,
)
NAME = re.compile(r"(?<![.!?…“\"]\s)(?<!^)\b[A-ZÀ-Ö][a-zà-öø-ÿ]{3,}\b", re.MULTILINE)


def check(
    text: str, events: Iterable[WorldEvent], before: WorldState, world: World, action: Action
) -> list[Finding]:
    """What in a draft contradicts the state before it, with its own events taken into account."""
    happened = list(events)
    return [
        *impossible_events(happened, before),
        *_dead_and_absent(text, happened, before, world),
        *_misspelt(text, world, before),
        *_spoken_for(text, action),
    ]


def impossible_events(events: Iterable[WorldEvent], before: WorldState) -> list[Finding]:
    """Events that cannot happen where they stand: the dead acting, things given that are not held."""
    found: list[Finding] = []
    state = before
    for event in events:
        fault = _fault(event, state)
        if fault:
            found.append(
                Finding(
                    code="impossible-event",
                    severity=Severity.error,
                    passage=event.model_dump_json(),
                    message=fault,
                    fix="Leave it out, or let the story say first how it came to be possible.",
                )
            )
        state = apply(state, event)
    return found


def possible_events(events: Iterable[WorldEvent], before: WorldState) -> tuple[WorldEvent, ...]:
    """The events without those that cannot happen where they stand."""
    kept: list[WorldEvent] = []
    state = before
    for event in events:
        if not _fault(event, state):
            kept.append(event)
            state = apply(state, event)
    return tuple(kept)


def _fault(event: WorldEvent, state: WorldState) -> str:
    def name(who: str) -> str:
        return state.characters[who].name if who in state.characters else who

    def dead(who: str) -> bool:
        return who in state.characters and not state.characters[who].alive

    match event:
        case Moved(who=who) if dead(who):
            return f"{name(who)} is dead and cannot go anywhere."
        case Died(who=who) if dead(who):
            return f"{name(who)} is dead already."
        case Took(who=who, item=item) if item in state.items and state.items[item].gone:
            return f"{state.items[item].name} is gone; {name(who)} cannot take it."
        case Gave(who=who, item=item) | Dropped(who=who, item=item) if (
            item in state.items and state.items[item].holder != who
        ):
            return f"{name(who)} does not have {state.items[item].name}."
        case _:
            return ""


def _dead_and_absent(text: str, events: list[WorldEvent], before: WorldState, world: World) -> list[Finding]:
    arriving = {e.who for e in events if isinstance(e, Moved | Revived)}
    arriving |= {e.id for e in events if isinstance(e, Introduced)}
    places = {before.where(PLAYER)} | {e.to for e in events if isinstance(e, Moved) and e.who == PLAYER}
    found: list[Finding] = []
    for who, person in before.characters.items():
        if who == PLAYER or who in arriving or (person.alive and person.place in places):
            continue
        if person.alive and person.place is None:
            continue
        described = world.character(who)
        names = [person.name, *(described.aliases if described else ())]
        passage = _acting(text, names)
        if passage:
            state = (
                "dead" if not person.alive else f"at {before.places.get(person.place or '', person.place)}"
            )
            found.append(
                Finding(
                    code="dead-acts" if not person.alive else "absent-acts",
                    severity=Severity.error,
                    passage=passage,
                    against=f"{person.name} is {state}.",
                    message=f"{person.name} acts or speaks here, but is {state}.",
                    fix=f"Leave {person.name} out, or tell how they come to be here.",
                )
            )
    return found


def _acting(text: str, names: list[str]) -> str:
    """The first sentence in which one of the names speaks or acts outside of speech."""
    told = [name for name in names if name.strip() and name in text]
    if not told:
        return ""
    who = "|".join(re.escape(name) for name in sorted(told, key=len, reverse=True))
    acting = re.compile(rf"\b(?:{who})\s+(?:\w+ly\s+)?(?:{SPEAKS}|{ACTS})\b|\b{SPEAKS}\s+(?:{who})\b")
    for match in SENTENCE.finditer(text):
        told = QUOTED.sub("“”", match.group())
        if acting.search(told) and not LOOKING_BACK.search(told):
            return match.group().strip()[:300]
    return ""


def _misspelt(text: str, world: World, state: WorldState) -> list[Finding]:
    """Capitalised words one letter off a name of the cast, when that name is not a word of the text too."""
    known: set[str] = set()
    for label in (
        [p.name for p in state.characters.values()]
        + [alias for c in world.characters for alias in (c.full_name, *c.aliases)]
        + list(state.places.values())
    ):
        known.update(w for w in re.findall(r"[A-ZÀ-Ö][a-zà-öø-ÿ]{3,}", label))
    found: list[Finding] = []
    for word in dict.fromkeys(NAME.findall(text)):
        if word in known:
            continue
        near = [n for n in known if len(n) > 4 and DamerauLevenshtein.distance(word, n, score_cutoff=1) == 1]
        if len(near) == 1 and word.rstrip("s") != near[0] and near[0].rstrip("s") != word:
            found.append(
                Finding(
                    code="name-misspelt",
                    severity=Severity.warning,
                    passage=word,
                    against=near[0],
                    message=f"“{word}” looks like a misspelling of “{near[0]}”.",
                    fix=f"Write “{near[0]}”, if that is who is meant.",
                )
            )
    return found


def _spoken_for(text: str, action: Action) -> list[Finding]:
    """The player's inner life decided by the teller; the player's own words are theirs."""
    own = action.text.strip()
    told = text.replace(own, "", 1) if action.mode == "write" and own else text
    match = SPOKEN_FOR.search(QUOTED.sub("“”", told))
    if match is None:
        return []
    return [
        Finding(
            code="player-spoken-for",
            severity=Severity.warning,
            passage=match.group(),
            message="The text decides what the player's character thinks or feels.",
            fix="Show what happens and leave the feeling to the player.",
        )
    ]
