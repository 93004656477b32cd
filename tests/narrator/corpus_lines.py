"""The corpus of player lines: reading it, standing where a line is said, and judging how it was understood."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from luna.kernel.values import Dice
from luna.narrator import service
from luna.turns.events import PLAYER, WorldState, rebuild
from luna.turns.types import Action, Situation
from luna.turns.world import Character, Style, World

HERE = Path(__file__).parent / "corpus"
INTENTS = frozenset(
    [
        "look",
        "examine",
        "search",
        "go",
        "take",
        "drop",
        "give",
        "show",
        "use",
        "open",
        "attack",
        "threaten",
        "persuade",
        "ask",
        "tell",
        "say",
        "greet",
        "thank",
        "apologise",
        "comfort",
        "wait",
        "sneak",
        "climb",
        "eat",
        "read",
        "write",
        "think",
        "meta",
        "absurd",
        "foreign",
        "rude",
        "empty",
        "other",
    ]
)
KINDS = frozenset(
    [
        "order",
        "speech",
        "question",
        "thought",
        "manner",
        "multi",
        "pronoun",
        "typo",
        "rude",
        "absurd",
        "foreign",
        "empty",
        "long",
        "meta",
    ]
)
TWO_SLOTS = frozenset(
    [
        "ask",
        "tell",
        "say",
        "give",
        "show",
        "persuade",
        "threaten",
        "greet",
        "thank",
        "apologise",
        "comfort",
        "rude",
        "use",
    ]
)
"""Intents with somebody or something besides the target, which may stand in either place."""
ANY_TARGET = INTENTS - {"look", "go", "take", "drop", "examine", "search"}
"""Where the label names no target, these are right with any."""


class Line(NamedTuple):
    """One labelled line."""

    world: str
    at: str | None
    present: tuple[str, ...]
    text: str
    kind: str
    readings: tuple[tuple[str, str | None], ...]
    to: str | None
    then: tuple[tuple[str, str | None], ...]
    made: bool


def lines(which: str) -> list[Line]:
    """The lines of `open` or `held_out`."""
    rows = [json.loads(row) for row in (HERE / f"{which}.jsonl").read_text("utf-8").split("\n") if row]
    return [_line(row) for row in rows]


def _line(row: dict[str, Any]) -> Line:
    also = [(intent, target) for intent, target in row.get("also", [])]
    return Line(
        row["world"],
        row["at"],
        tuple(row["present"]),
        row["text"],
        row["kind"],
        ((row["intent"], row["target"]), *also),
        row.get("to"),
        tuple((intent, target) for intent, target in row.get("then", [])),
        bool(row.get("made")),
    )


def thin_world(name: str) -> World:
    """A thin world of `worlds.json`: a card or a premise, as it comes from a user."""
    told = json.loads((HERE / "worlds.json").read_text("utf-8"))[name]
    cards = told.get("characters", [])
    people = tuple(
        Character(
            id=c["id"],
            name=c["name"],
            role=c["role"],
            description=c["description"],
            personality=c["personality"],
            samples=tuple(c["samples"]),
        )
        for c in cards
    )
    premise = told.get("premise", "") or cards[0]["scenario"]
    opening = cards[0]["first_message"] if cards else ""
    return World(title=name, premise=premise, opening=opening, characters=people)


@lru_cache
def world(name: str) -> World:
    """A bundled world or a thin one."""
    return thin_world(name) if name in ("card", "premise") else service.builtin_world(name)


@lru_cache(64)
def standing(name: str, at: str | None, present: tuple[str, ...]) -> WorldState:
    """The state in which a line is said: the player at a place, with exactly these people."""
    told = world(name)
    state = rebuild(WorldState(), service.initial_events(told))
    place = at or state.where(PLAYER)
    elsewhere = next((p for p in state.places if p != place), None)
    people = dict(state.characters)
    for who, person in people.items():
        here = who == PLAYER or who in present
        if here or person.place == place:
            people[who] = person.model_copy(update={"place": place if here else elsewhere})
    return state.model_copy(update={"characters": people})


def situation(line: Line, seed: str = "corpus") -> Situation:
    """The situation of turn 3 in which a line is said."""
    action = Action(text=line.text)
    dice = action.dice(Dice.seeded(seed).path, 0)
    state = standing(line.world, line.at, line.present)
    return Situation(world=world(line.world), state=state, action=action, number=3, style=Style(), dice=dice)


def _stems(text: str | None) -> set[str]:
    """The words of a target without articles and endings, so that `receipts` is `the receipt`."""
    found = re.findall(r"[^\W_]+", (text or "").lower())
    ways = {"outside": "out", "downstairs": "down", "upstairs": "up", "toward": "to"}
    told = [ways.get(w, w) for w in found if w not in ("the", "a", "an", "of", "my", "to")]
    return {re.sub(r"(ies|es|s|y)$", "", w) or w for w in told}


def _said(label: str, got: str) -> bool:
    """Whether all words of a label stand in what was got; a longer word may begin with one (fire, fireplace)."""
    wanted, given = _stems(label), _stems(got)
    return bool(wanted) and all(
        any(g == w or (len(w) > 3 and g.startswith(w)) for g in given) for w in wanted
    )


def same(name: str, label: str | None, got: str | None) -> bool:
    """Whether two targets name the same in a world: one id, the same words, or a word that is a name of the id."""
    if label is None or got is None:
        return label == got
    if label == got or _said(label, got):
        return True
    called = {*_called(name, got), got} & {*_called(name, label), label}
    return bool(called) or any(_stems(label) == _stems(other) for other in _called(name, got))


@lru_cache(256)
def _called(name: str, entity: str) -> frozenset[str]:
    """The names of somebody or something with this id, in small letters; nothing for a mere word."""
    told = world(name)
    found = told.character(entity) or told.place(entity) or told.item(entity)
    return frozenset(n.lower() for n in (found.name, *found.aliases)) if found else frozenset()


def _here(line: Line, target: str | None) -> bool:
    """Whether a target is only the place one stands in."""
    place = world(line.world).place(line.at)
    words = {"room", "place", "around", "here", *((place.id, *place.aliases) if place else ())}
    return target is None or target in words


def _home(line: Line, target: str | None) -> str | None:
    """Where somebody is: who goes to see the doctor goes to the clinic."""
    return standing(line.world, line.at, line.present).where(target) if target else None


def intent_right(line: Line, intent: str) -> bool:
    """Whether the first act has an intent that a fair player would be content with."""
    return any(_alike(intent, wanted) for wanted, _ in line.readings)


def _alike(intent: str, wanted: str) -> bool:
    """Whether two intents come to the same: looking closely and searching do."""
    return intent == wanted or {intent, wanted} == {"examine", "search"}


def first_act(acts: list[Any]) -> Any:
    """The first act that says anything; what comes before the point ("okay", "frowning") is passed over."""
    meant = [act for act in acts if (act.intent, act.target) != ("other", None)]
    return (meant or acts or [None])[0]


def reading_right(line: Line, intent: str, target: str | None, also: tuple[str, ...]) -> bool:
    """Whether the first act has the right intent and the right target. In intents with two slots (ask somebody about
    something) the target may stand in the second one, if the first holds the one who is spoken to."""
    for wanted, label in line.readings:
        if not _alike(intent, wanted):
            continue
        if label is None and (intent in ANY_TARGET or _here(line, target)):
            return True
        if intent == "go" and (target is None if label == "out" else label and label == _home(line, target)):
            return True
        if label is not None and same(line.world, label, target):
            return True
        addressed = target is None or target in line.present or target == line.to
        second = label is not None and intent in TWO_SLOTS and (addressed or label in line.present)
        if second and any(same(line.world, label, other) for other in also):
            return True
    return False


class Score(NamedTuple):
    """How many lines; intent right; intent and target right; further clauses labelled, and found."""

    lines: int
    intent: int
    both: int
    clauses: int
    found: int
    kinds: dict[str, tuple[int, int]]
    wrong: tuple[tuple[Line, tuple[Any, ...]], ...]

    @property
    def share(self) -> float:
        """The share of lines with the right intent and target."""
        return self.both / max(1, self.lines)


Reader = Callable[[World, WorldState, str], list[Any]]


def _judged(chosen: list[Line], read: Reader) -> Iterator[tuple[Line, list[Any]]]:
    for line in chosen:
        yield line, list(read(world(line.world), standing(line.world, line.at, line.present), line.text))


def score(chosen: list[Line], read: Reader = service.understand) -> Score:
    """Judge a reader on lines. A line that is taken for nothing is wrong."""
    intent = both = clauses = found = 0
    per_kind: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong: list[tuple[Line, tuple[Any, ...]]] = []
    for line, acts in _judged(chosen, read):
        first = first_act(acts)
        per_kind[line.kind] += 1
        intent += bool(first and intent_right(line, first.intent))
        good = bool(first and reading_right(line, first.intent, first.target, tuple(first.also)))
        both += good
        right[line.kind] += good
        if not good:
            wrong.append((line, tuple(acts)))
        left = acts[acts.index(first) + 1 :] if first else []
        for verb, target in line.then:
            clauses += 1
            hit = next(
                (
                    a
                    for a in left
                    if a.intent == verb and (target is None or same(line.world, target, a.target))
                ),
                None,
            )
            if hit is not None:
                found += 1
                left = left[left.index(hit) + 1 :]
    kinds = {kind: (right[kind], count) for kind, count in sorted(per_kind.items())}
    return Score(len(chosen), intent, both, clauses, found, kinds, tuple(wrong))


def table(name: str, result: Score) -> str:
    """The figures of a score as lines of text."""
    head = (
        f"{name}: {result.lines} lines, intent {result.intent / result.lines:.1%}, intent and target "
        f"{result.share:.1%}, further clauses {result.found}/{result.clauses}"
    )
    rows = [
        f"  {kind:9} {good:4}/{count:<4} {good / count:6.1%}" for kind, (good, count) in result.kinds.items()
    ]
    return "\n".join([head, *rows])
