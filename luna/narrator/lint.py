"""What a world's author should know before anybody plays: a list of findings, never an exception."""

import re
from collections.abc import Iterator

from luna.kernel.errors import BadInput, Diagnostic, Severity
from luna.narrator import lexicon
from luna.narrator.agency import decided
from luna.narrator.grammar import verb_lemma, words_of
from luna.narrator.index import many
from luna.narrator.lexicon import listed
from luna.narrator.phrases import holds, parse_pack
from luna.narrator.realiser import YOU_FORMS
from luna.turns.events import PLAYER
from luna.turns.world import Beat, World

CONDITIONS = listed("npc place topic object intent after any not flag not_flag have turns trust deed ending")
PARTS_OF_DAY = ("small hours", "morning", "afternoon", "evening", "night")
REGISTERS = frozenset(lexicon.REGISTERS)
SLOTS = frozenset((*YOU_FORMS, "you.two", "n", "he", "him", "his", "hers", "himself", "place", "in_place"))
FORMS = frozenset(("", "p", "s", "y", "perf", "g", "pp"))
SEES = listed(
    "be can have see hear find feel look listen notice wait know stand smell watch duck will would could should might"
)
"""What narration may say the player does without deciding for them."""


def lint_world(world: World) -> list[Diagnostic]:
    """All findings about a world, the graver first."""
    found = [*_references(world), *_beats(world), *_slots(world), *_thin(world)]
    order = {Severity.error: 0, Severity.warning: 1, Severity.info: 2}
    return sorted(found, key=lambda d: (order[d.severity], d.where, d.code))


def _finding(code: str, severity: Severity, where: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(code=f"world-{code}", severity=severity, where=where, message=message, fix=fix)


def _references(world: World) -> Iterator[Diagnostic]:
    """Ids that lead nowhere, and ids used twice."""
    places, people = {p.id for p in world.places}, {c.id for c in world.characters}
    ids_used = [
        *(p.id for p in world.places),
        *(c.id for c in world.characters),
        *(i.id for i in world.items),
    ]
    for twice in sorted({i for i in ids_used if ids_used.count(i) > 1}):
        yield _finding(
            "id-twice", Severity.error, twice, f"The id {twice} is used twice.", "Rename one of them."
        )
    if world.start_place and world.start_place not in places:
        yield _finding(
            "start-unknown",
            Severity.error,
            "start",
            f"The start {world.start_place} is no place.",
            "Name a place's id.",
        )
    for place in world.places:
        for way in place.exits:
            if way not in places:
                yield _finding(
                    "exit-unknown",
                    Severity.error,
                    place.id,
                    f"The exit {way} leads nowhere.",
                    "Name a place's id.",
                )
    for person in world.characters:
        if person.at and person.at not in places:
            yield _finding(
                "place-unknown", Severity.error, person.id, f"{person.name} is at {person.at}, which is no place.", "Name a place's id."
            )  # fmt: skip
        for part, place in person.schedule.items():
            if place not in places:
                yield _finding(
                    "place-unknown", Severity.error, person.id, f"{person.name} goes to {place}, which is no place.", "Name a place's id."
                )  # fmt: skip
            if part.replace("_", " ") not in PARTS_OF_DAY:
                yield _finding(
                    "part-of-day-unknown", Severity.error, person.id, f"{part} is no part of the day.", "Use one of: " + ", ".join(PARTS_OF_DAY)
                )  # fmt: skip
        for register in person.registers:
            if register not in REGISTERS:
                yield _finding(
                    "register-unknown", Severity.warning, person.id, f"There is no voice {register}.", "Use one of: " + ", ".join(sorted(REGISTERS))
                )  # fmt: skip
    for item in world.items:
        if item.at and item.at not in places | people | {PLAYER}:
            yield _finding(
                "holder-unknown", Severity.error, item.id, f"{item.name} is at {item.at}, which is nowhere.", "Name a place, a person or player."
            )  # fmt: skip


def _beats(world: World) -> Iterator[Diagnostic]:
    """Conditions that are not understood or can never hold, and leads to nobody."""
    beats = {b.id for t in world.threads for b in t.beats}
    known = {
        "npc": {c.id for c in world.characters},
        "place": {p.id for p in world.places},
        "object": {i.id for i in world.items},
        "have": {i.id for i in world.items},
        "after": beats,
        "not": beats,
        "any": beats,
        "flag": {f for t in world.threads for b in t.beats for f in b.sets},
        "not_flag": {f for t in world.threads for b in t.beats for f in b.sets},
        "trust": {c.id for c in world.characters},
        "ending": {b.ending for t in world.threads for b in t.beats if b.ending} | {"*"},
    }
    for thread in world.threads:
        for beat in thread.beats:
            where = f"{thread.id}.{beat.id}"
            for key in beat.when:
                if key not in CONDITIONS:
                    yield _finding(
                        "condition-unknown", Severity.error, where, f"The condition {key} is not known.", "Use one of: " + ", ".join(sorted(CONDITIONS))
                    )  # fmt: skip
            for key, ids in known.items():
                for value in many(beat.when.get(key)):
                    if value not in ids:
                        yield _finding(
                            "beat-unreachable", Severity.error, where, f"It waits for {key} {value}, which does not exist.", "Name an id that exists."
                        )  # fmt: skip
            yield from _one_beat(world, beat, where)
    for beat_id in _circular(world):
        yield _finding(
            "beat-circle", Severity.error, beat_id, "It waits for itself.", "Break the circle of `after`."
        )


def _one_beat(world: World, beat: Beat, where: str) -> Iterator[Diagnostic]:
    if not beat.text and not beat.quote:
        yield _finding("beat-empty", Severity.error, where, "It has neither text nor quote.", "Write one.")
    if beat.quote and not beat.speaker and not beat.when.get("npc"):
        yield _finding(
            "quote-nobody", Severity.error, where, "Nobody says the quote.", "Set speaker, or when.npc."
        )
    if beat.speaker and world.character(beat.speaker) is None:
        yield _finding(
            "speaker-unknown", Severity.error, where, f"There is no {beat.speaker}.", "Name a person's id."
        )
    for lead in beat.leads:
        if (lead.ask and world.character(lead.ask) is None) or (lead.go and world.place(lead.go) is None):
            yield _finding(
                "lead-nowhere", Severity.error, where, f"A lead goes to {lead.ask or lead.go}, which does not exist.", "Name an id that exists."
            )  # fmt: skip
    if beat.when.get("intent") or beat.when.get("object"):
        return
    claimed = next((c for c in (decided(t) for t in (beat.text, *(t.text for t in beat.tellings))) if c), "")
    if claimed:
        yield _finding(
            "player-claimed", Severity.warning, where, f"It tells the player what they feel or decide ({claimed}).", "Say what can be perceived."
        )  # fmt: skip
    for verb in re.findall(
        r"\{you\} (?:\w+ )?\{(\w+)", " ".join((beat.text, *(t.text for t in beat.tellings)))
    ):
        if verb not in SEES:
            yield _finding(
                "player-decided", Severity.warning, where, f"It has the player {verb}.", "Let the world act; the player decides for themself."
            )  # fmt: skip


def _circular(world: World) -> list[str]:
    """Beats that cannot come because they wait, in the end, for themselves."""
    waiting = {b.id: set(many(b.when.get("after"))) for t in world.threads for b in t.beats}
    done: set[str] = set()
    while ready := [b for b, needs in waiting.items() if b not in done and needs & set(waiting) <= done]:
        done.update(ready)
    return sorted(set(waiting) - done)


def _texts(world: World) -> Iterator[tuple[str, str]]:
    yield "premise", world.premise
    for place in world.places:
        yield from ((place.id, text) for text in (place.description, *place.senses))
    for thing in (*world.characters, *world.items):
        yield thing.id, thing.description
    for thread in world.threads:
        yield from ((thread.id, text) for text in thread.plants)
        for beat in thread.beats:
            texts = (beat.text, beat.memory, *(t.text for t in beat.tellings))
            yield from ((f"{thread.id}.{beat.id}", text) for text in texts)


def _slots(world: World) -> Iterator[Diagnostic]:
    """Braces that the narrator will not understand."""
    for where, text in _texts(world):
        if text.count("{") != text.count("}"):
            yield _finding(
                "brace-open", Severity.error, where, "A brace is not closed.", "Close it, or leave it out."
            )
        for inside in re.findall(r"\{([^{}]*)\}", text):
            name, _, form = inside.partition("|")
            verb = words_of(name)[:1]
            if form not in FORMS or (
                name not in SLOTS and not (verb and (verb_lemma(verb[0]) == verb[0] or verb[0] in SEES))
            ):
                yield _finding(
                    "slot-unknown", Severity.error, where, f"The slot {{{inside}}} is not known.", "Use {you}, {your}, or a verb's base form."
                )  # fmt: skip


def _thin(world: World) -> Iterator[Diagnostic]:
    """What the narrator has to make up for."""
    if not world.places:
        yield _finding(
            "no-place", Severity.info, "places", "There is no place; one is derived.", "Describe one or two."
        )
    for place in world.places:
        if len(place.description) < 40 and not place.senses:
            yield _finding(
                "place-bare", Severity.info, place.id, f"{place.name} has little to be seen.", "Give it three particular sentences."
            )  # fmt: skip
    for person in world.characters:
        if not person.knows and not person.samples:
            yield _finding(
                "person-mute", Severity.info, person.id, f"{person.name} has nothing to say.", "Give two samples of speech, and what they know."
            )  # fmt: skip


def lint_pack(text: str) -> list[Diagnostic]:
    """All findings about a phrase pack: braces, conditions, and lines that decide for the player."""
    found: list[Diagnostic] = []
    for key, variants in parse_pack(text).items():
        for phrase in variants:
            if phrase.text.count("{") != phrase.text.count("}") or phrase.text.count(
                "["
            ) != phrase.text.count("]"):
                found.append(
                    _finding(
                        "brace-open",
                        Severity.error,
                        key,
                        f"A brace is not closed: {phrase.text}",
                        "Close it.",
                    )
                )
            try:
                holds(phrase.condition, {})
            except BadInput as error:
                found.append(_finding("condition-unknown", Severity.error, key, error.message, error.hint))
            if claimed := decided(phrase.text, key):
                found.append(
                    _finding("player-claimed", Severity.warning, key, f"It tells the player what they feel or decide ({claimed}): {phrase.text}", "Say what can be perceived.")
                )  # fmt: skip
    return found
