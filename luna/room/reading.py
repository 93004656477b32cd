"""Reading what a model answered: plans into typed events, prose into what may be kept."""

import re
from collections.abc import Sequence

from luna.room.asking import BadAnswer, without_thinking
from luna.room.types import ChangeAnswer, Count, PlanAnswer
from luna.turns.events import (
    PLAYER,
    Destroyed,
    Died,
    Dropped,
    Gave,
    Introduced,
    Learned,
    Moved,
    RelationshipChanged,
    TimePassed,
    Took,
    WorldEvent,
)
from luna.turns.types import Plan, PlanBeat, Situation

USUAL_MINUTES = 5
SENTENCE_END = re.compile(r"[.!?…]['\"”’)]*(?=\s|$)")
PREAMBLE = re.compile(r"^(?:sure|certainly|of course|here(?:'s| is))\b[^\n]{0,120}:\s*\n+", re.IGNORECASE)


def plan_from(
    answer: PlanAnswer, situation: Situation, budget: int, count: Count
) -> tuple[Plan, tuple[str, ...]]:
    """A model's plan as the crew's value, cut to the budget; and what of it could not be used.

    Raises BadAnswer when nothing is planned.
    """
    beats = [
        PlanBeat(what=" ".join(beat.what.split())[:400], speaker=_speaker(beat.speaker, situation))
        for beat in answer.beats
        if re.search(r"\w{2}", beat.what)
    ]
    if not beats:
        raise BadAnswer("the plan has no beat in it.")
    beats, question = _within(beats, " ".join(answer.open_question.split()), budget, count)
    changes: list[WorldEvent] = []
    unused: list[str] = []
    for change in answer.changes:
        event = event_from(change, situation)
        if event is None:
            unused.append(
                f"A change that could not be used: {change.kind} {change.who} {change.what}".strip()
            )
        else:
            changes.append(event)
    if not any(isinstance(e, TimePassed) for e in changes) and situation.action.mode != "opening":
        changes.append(TimePassed(minutes=USUAL_MINUTES))
    plan = Plan(
        beats=tuple(beats),
        intent=situation.action.mode,
        tension=answer.tension,
        open_question=question,
        changes=tuple(changes),
    )
    return plan, tuple(unused)


def _within(beats: list[PlanBeat], question: str, budget: int, count: Count) -> tuple[list[PlanBeat], str]:
    """The beats and the open question within the ceiling: late beats go first, then the question, then words."""
    kept = list(beats)
    while size_of_plan(kept, question, count) > budget:
        if len(kept) > 1:
            kept.pop()
        elif question:
            question = ""
        elif " " in kept[0].what:
            kept[0] = kept[0].model_copy(update={"what": kept[0].what.rsplit(" ", 1)[0]})
        else:
            break
    return kept, question


def size_of_plan(beats: Sequence[PlanBeat], question: str, count: Count) -> int:
    """The size of a plan's words, in tokens."""
    return count("\n".join([*(beat.what for beat in beats), question]))


def event_from(change: ChangeAnswer, situation: Situation) -> WorldEvent | None:
    """The typed event a model meant, or None when it names somebody or something that is not there."""
    state = situation.state
    who = _person(change.who, situation)
    item = _thing(change.what, situation)
    place = _place(change.to or change.what, situation)
    match change.kind:
        case "time":
            return TimePassed(minutes=min(change.amount, 1440)) if change.amount > 0 else None
        case "introduced":
            name = " ".join((change.who or change.what).split())
            known = who if change.who else item
            if not name or known:
                return None
            kind = "character" if change.who else "item"
            return Introduced(entity=kind, id=slug(name), name=name, at=place or state.where(PLAYER))
        case "moved":
            return Moved(who=who, to=place) if who and place and state.where(who) != place else None
        case "took":
            return Took(who=who, item=item) if who and item and _within_reach(item, who, situation) else None
        case "dropped":
            at = state.where(who) if who else None
            held = bool(item and state.items[item].holder == who)
            return Dropped(who=who, item=item, at=at) if who and item and at and held else None
        case "gave":
            to = _person(change.to, situation)
            held = bool(item and who and state.items[item].holder == who)
            return Gave(who=who, item=item, to=to) if who and item and to and held else None
        case "destroyed":
            return Destroyed(item=item) if item and not state.items[item].gone else None
        case "died":
            alive = bool(who and who != PLAYER and state.characters[who].alive)
            return Died(who=who, how=change.what) if who and alive else None
        case "learned":
            return Learned(who=who, fact=change.what) if who and change.what.strip() else None
        case "relationship":
            to = _person(change.to or change.what, situation)
            if not who or not to or who == to or not change.amount:
                return None
            return RelationshipChanged(who=who, toward=to, affinity=max(-100, min(100, change.amount)))


def slug(name: str) -> str:
    """An id made of a name: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "somebody"


def prose_from(text: str, budget: int, count: Count) -> str:
    """A model's prose as it may be kept: without thoughts, preamble and markup, cut to whole sentences.

    Raises BadAnswer when nothing readable is left.
    """
    prose = PREAMBLE.sub("", without_thinking(text))
    prose = re.sub(r"^#{1,6}\s.*$|^\s*(?:---+|\*\*\*+)\s*$", "", prose, flags=re.MULTILINE)
    prose = re.sub(r"\n\s*\n+", "\n\n", prose.replace("\r\n", "\n").replace("\x00", "")).strip()
    while count(prose) > budget and " " in prose:
        shorter = _without_last_sentence(prose)
        prose = shorter if shorter != prose else prose.rsplit(None, 1)[0]
    if len(re.findall(r"\w+", prose)) < 5:
        raise BadAnswer("there is no prose in it.")
    return prose


def whole_sentences(prose: str) -> str:
    """The prose up to its last finished sentence; all of it when there is none."""
    ends = [m.end() for m in SENTENCE_END.finditer(prose)]
    return prose[: ends[-1]] if ends else prose


def _without_last_sentence(prose: str) -> str:
    ends = [m.end() for m in SENTENCE_END.finditer(prose) if m.end() < len(prose)]
    return prose[: ends[-1]].rstrip() if ends else prose


def _speaker(name: str, situation: Situation) -> str | None:
    who = _person(name, situation)
    return who if who and who != PLAYER else None


def _person(name: str, situation: Situation) -> str | None:
    wanted = _bare(name)
    if not wanted:
        return None
    if wanted in ("player", "you", "the player", _bare(situation.world.player.name)):
        return PLAYER
    for who, person in situation.state.characters.items():
        described = situation.world.character(who)
        names = {who, person.name, *((described.full_name, *described.aliases) if described else ())}
        if wanted in {_bare(n) for n in names}:
            return who
    return None


def _thing(name: str, situation: Situation) -> str | None:
    wanted = _bare(name)
    for item, thing in situation.state.items.items():
        described = situation.world.item(item)
        names = {item, thing.name, *(described.aliases if described else ())}
        if wanted and wanted in {_bare(n) for n in names}:
            return item
    return None


def _place(name: str, situation: Situation) -> str | None:
    wanted = _bare(name)
    for place, called in situation.state.places.items():
        described = situation.world.place(place)
        names = {place, called, *(described.aliases if described else ())}
        if wanted and wanted in {_bare(n) for n in names}:
            return place
    return None


def _within_reach(item: str, who: str, situation: Situation) -> bool:
    thing, here = situation.state.items[item], situation.state.where(who)
    if thing.gone or here is None or thing.holder == who:
        return False
    return thing.place == here or (thing.holder is not None and situation.state.where(thing.holder) == here)


def _bare(name: str) -> str:
    return re.sub(r"^(?:the|a|an)\s+", "", " ".join(name.lower().split()).strip(' .,!?"“”'))
