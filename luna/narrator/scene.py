"""One turn while it is being planned: the state so far, what changed, and the steps to be told."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from luna.kernel.values import Dice
from luna.narrator.address import PLAIN
from luna.narrator.index import Index
from luna.narrator.view import TELLER, View
from luna.turns.events import PLAYER, Noted, RelationshipChanged, WorldEvent, WorldState, apply
from luna.turns.types import Move, PlanBeat

MAX_BEATS = 8
LONGEST_BEAT = 400
DEEDS_KEPT = 6
MEMORIES_KEPT = 30


@dataclass
class Step:
    """A move and, in a plain sentence, what it means."""

    slot: str
    move: Move
    beat: PlanBeat | None


class Scene:
    """Collects moves and events. Every event is applied at once, so that later steps see it."""

    def __init__(self, index: Index, state: WorldState, dice: Dice, number: int) -> None:
        self.index = index
        self.dice = dice
        self.number = number
        self.steps: list[Step] = []
        self.events: list[WorldEvent] = []
        self.notes: dict[str, Any] = dict(state.notes.get(TELLER, {}))
        self.noted: dict[str, Any] = {}
        self.view = View(index, state, self.notes)

    # -- chance, events, notes
    def roll(self, *purpose: str | int) -> random.Random:
        """A stream of its own for one decision."""
        return self.dice.stream("narrator", *purpose)

    def change(self, event: WorldEvent) -> None:
        """Something happens in the world."""
        self.events.append(event)
        self.view.state = apply(self.view.state, event)

    def get(self, key: str, default: Any = None) -> Any:
        """A note."""
        return self.notes.get(key, default)

    def note(self, key: str, value: Any) -> None:
        """Keep a note; None forgets it."""
        if self.notes.get(key) == value:
            return
        self.noted[key] = value
        if value is None:
            self.notes.pop(key, None)
        else:
            self.notes[key] = value

    def changes(self) -> tuple[WorldEvent, ...]:
        """All events of the turn, the bookkeeping last."""
        noted = (Noted(teller=TELLER, notes=self.noted),) if self.noted else ()
        return (*self.events, *noted)

    # -- facts
    def fact(self, entity: str, facts: tuple[str, ...], wanted: int | None = None) -> str:
        """The next untold fact about an entity (or the wanted one), now told; "" when all are spent."""
        number = wanted if wanted is not None else self.view.untold(entity, facts)
        if number is None or number >= len(facts) or self.view.told(entity, number):
            return ""
        self.note(f"told:{entity}", int(self.get(f"told:{entity}", 0)) | 1 << number)
        return facts[number]

    def spot_fact(self, where: str | None = None) -> str:
        """The next untold fact about a place."""
        spot = self.view.spot(where)
        return self.fact(spot.id, spot.facts)

    def once(self, key: str, value: str, keep: int = 60) -> bool:
        """Whether a value is new to a list of the notes; it is entered, and the oldest forgotten."""
        listed: list[str] = list(self.get(key, []))
        if value in listed:
            return False
        self.note(key, [*listed, value][-keep:])
        return True

    def listed(self, key: str) -> list[Any]:
        """A copy of a list in the notes."""
        return list(self.get(key, []))

    # -- steps
    def say(self, slot: str, key: str, what: str = "", **args: Any) -> None:
        """A step told by a phrase of the packs."""
        self.add(slot, Move(kind="phrase", key=key, args=args), what)

    def text(self, slot: str, text: str, **args: Any) -> None:
        """A step told in the world's own sentence."""
        self.add(slot, Move(kind="text", args={"text": text, **args}), text)

    def line(self, slot: str, n: str, act: str, **args: Any) -> None:
        """A step in which somebody says a line of their register, without content of its own."""
        name = self.view.person(n).name
        self.add(
            slot,
            Move(kind="line", key=act, args={"n": n, **args}),
            MANNERS.get(act, "{n} replies.").replace("{n}", name),
        )

    def quote(self, slot: str, who: str, words: str) -> None:
        """A step in which somebody says these very words."""
        self.add(
            slot,
            Move(kind="quote", args={"n": who, "line": words}),
            f"{self.view.person(who).name} speaks.",
            who,
            words,
        )

    def add(self, slot: str, move: Move, what: str = "", speaker: str | None = None, quote: str = "") -> None:
        """Any step."""
        move = move.model_copy(update={"args": {**move.args, "at": self.view.here, "slot": slot}})
        what = plain(what)
        beat = PlanBeat(what=what, speaker=speaker, quote=quote) if what else None
        self.steps.append(Step(slot, move, beat))

    def drop(self, slots: Iterable[str]) -> None:
        """Take back the steps of some slots: something better is told in their stead."""
        gone = set(slots)
        self.steps = [s for s in self.steps if s.slot not in gone]

    def has(self, slot: str) -> bool:
        """Whether a step of this slot was taken."""
        return any(s.slot == slot for s in self.steps)

    def moves(self) -> tuple[Move, ...]:
        """The moves, each with the slot it belongs to and the place it happens at."""
        return tuple(s.move for s in self.steps)

    def beats(self) -> tuple[PlanBeat, ...]:
        """The plain sentences, at most eight, at least one."""
        found = [s.beat for s in self.steps if s.beat]
        return tuple(found[:MAX_BEATS]) or (PlanBeat(what="A quiet moment passes."),)

    # -- people
    def focus(self, who: str) -> None:
        """Somebody is being dealt with: "him" and "her" mean them."""
        self.note("focus", who)

    def deed(self, who: str, why: str, trust: int = 0) -> None:
        """The player did something to or before somebody, who will remember it. `trust` in tens."""
        listed = self.listed(f"deeds:{who}")
        if trust > 0 and why in [d[0] for d in listed] and why in ("thank", "greet", "apologise"):
            trust = 0
        self.note(f"deeds:{who}", [*listed, [why, self.number]][-DEEDS_KEPT:])
        if trust:
            self.change(
                RelationshipChanged(who=who, toward=PLAYER, trust=trust * 10, affinity=trust * 5, cause=why)
            )

    def remember(self, text: str, weight: int) -> None:
        """Something to come back to later."""
        listed = self.listed("memory")
        self.note("memory", [*listed, [text, self.number, self.view.here, weight, 0]][-MEMORIES_KEPT:])

    def tension(self, by: int) -> None:
        """The tension rises or falls."""
        if by:
            self.note("tension", max(0, min(10, int(self.get("tension", 1)) + by)))


MANNERS = {
    "deflect": "{n} will not talk about that.",
    "puzzled": "{n} does not understand.",
    "insulted": "{n} takes the insult badly.",
    "threatened": "{n} answers the threat.",
    "thanked": "{n} accepts the thanks.",
    "gift": "{n} accepts the gift.",
    "noted": "{n} comments on what is shown.",
    "greet": "{n} greets the player.",
    "refer": "{n} names somebody who would know.",
    "repeat": "{n} has said that already.",
    "vandal": "{n} objects to the damage.",
    "agree": "{n} gives in.",
    "refuse": "{n} refuses.",
    "like": "{n} speaks well of them.",
    "dislike": "{n} speaks ill of them.",
    "idle": "{n} makes a remark.",
    "farewell": "{n} says goodbye.",
    "unknown": "{n} does not know.",
    "apology": "{n} takes the apology.",
    "comforted": "{n} lets it be said.",
    "offer": "{n} offers help.",
    "warn": "{n} gives a warning.",
    "remember": "{n} has not forgotten.",
    "asked_again": "{n} has said that already.",
}
"""What a line without content amounts to, for a writer who has no lines of ours."""


def plain(text: str) -> str:
    """A template as a plain present-tense sentence about "you", short enough for a beat."""
    text = text.replace(PLAIN, "")
    if "{" in text or "[" in text:
        from luna.narrator.realiser import Realiser

        text = Realiser(2, False, "you", "they").render(text, {}, random.Random(0))
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_BEAT else text[: LONGEST_BEAT - 1].rsplit(" ", 1)[0] + "…"
