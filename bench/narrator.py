"""The built-in narrator over many long stories: repetition, contradictions, endings, speed.

    .venv/bin/python bench/narrator.py [--quick] [--seeds N] [--turns N] [--world ID …] [--show N] [--strict]

Every world that comes along and three thin ones (two characters and a sentence), each told to a sensible player (mostly takes
what is suggested, sometimes an idea of their own or none) and to a chaotic one (lines of strangers, whatever the
situation). Person and tense change with the seed. What is wrong is found by `tests/narrator/checker.py`, which
shares nothing with the narrator. Same arguments, same figures, but for the milliseconds.
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import ROOT, machine, percentile, summary

sys.path.insert(0, str(ROOT / "tests" / "narrator"))

from checker import FORM, check
from checker_form import Turn, Wrong, paragraphs, plain, sentences
from corpus_lines import thin_world

from luna.kernel.values import Dice
from luna.narrator import service
from luna.turns.events import PLAYER, WorldState, rebuild
from luna.turns.types import Action, Situation
from luna.turns.world import Character, Style, World

LENGTHS = {"short": 25, "medium": 45, "long": 80}
"""Turns a story is meant to have."""
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"person": 3, "tense": "past"},
    {"person": 1, "tense": "past"},
    {"person": 2, "tense": "past"},
    {"person": 3, "tense": "present"},
)
OWN = (
    "look around",
    "wait",
    "listen for a while",
    "think it over",
    "say hello",
    "ask what is going on here",
    "search the room",
    "what time is it?",
    "go back",
    "inventory",
    '"Who else knows about this?"',
    "sit down and say nothing",
)
"""What a sensible player types besides what is suggested."""
SHIPWRIGHT = Character(
    id="odile",
    name="Odile Marrow",
    pronouns="she",
    role="a shipwright",
    description="Odile Marrow builds boats that nobody has ordered. She keeps a list of names in chalk above the "
    "slipway, and every spring she wipes one off.",
    personality="brisk, secretive, generous with tools",
    samples=("Hold this. No, the other end.", "A boat's a promise with a hole in it."),
)
GOALS = {
    "duplicate paragraphs": 0,
    "duplicate sentences per 1,000": 2.0,
    "longest shared run of words": 8,
    "openings repeated, %": 5.0,
    "contradictions": 0,
    "suggestions that cannot be done": 0,
    "ms a turn, median": 10.0,
}
"""At most; of endings at least `ENDINGS`."""
ENDINGS = 100.0


@dataclass
class Tally:
    """What one world, or all of them, came to."""

    turns: int = 0
    sentences: int = 0
    openings: int = 0
    longest: tuple[int, str] = (0, "")
    suggested: int = 0
    infeasible: list[str] = field(default_factory=list)
    wrong: list[tuple[str, Wrong]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sensible: int = 0
    ended: list[int] = field(default_factory=list)
    in_time: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        for name in ("turns", "sentences", "openings", "suggested", "sensible", "in_time"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest = max(self.longest, other.longest)
        self.infeasible += other.infeasible
        self.wrong += other.wrong
        self.times += other.times
        self.ended += other.ended
        self.endings += other.endings

    def figures(self) -> dict[str, float]:
        """The figures that have a goal."""
        codes = Counter(wrong.code for _, wrong in self.wrong)
        return {
            "duplicate paragraphs": codes["duplicate_paragraph"],
            "duplicate sentences per 1,000": 1000 * codes["duplicate_sentence"] / max(1, self.sentences),
            "longest shared run of words": self.longest[0],
            "openings repeated, %": 100 * self.openings / max(1, self.turns),
            "contradictions": sum(count for code, count in codes.items() if code not in FORM),
            "suggestions that cannot be done": len(self.infeasible),
            "ms a turn, median": percentile(self.times, 0.5),
        }


def worlds() -> dict[str, World]:
    """All worlds that come along, and three thin ones."""
    told: dict[str, World] = {entry["id"]: service.builtin_world(entry["id"]) for entry in builtin()}
    told["card: Juniper"] = thin_world("card")
    told["card: Odile"] = World(
        title="Odile",
        premise="It is the day before the launch, and there is no water.",
        characters=(SHIPWRIGHT,),
    )
    told["premise: train"] = thin_world("premise")
    return told


def builtin() -> list[dict[str, str]]:
    """The bundled worlds' ids, whatever value the service lists them as."""
    found: list[dict[str, str]] = []
    for entry in service.builtin_worlds():
        given: Any = entry
        found.append({"id": given["id"] if isinstance(given, dict) else getattr(given, "id", given[0])})
    return found


def strangers() -> list[str]:
    """Lines of the open half of the corpus, for the chaotic player."""
    path = ROOT / "tests" / "narrator" / "corpus" / "open.jsonl"
    rows = [json.loads(row) for row in path.read_text("utf-8").split("\n") if row]
    return [row["text"] for row in rows if len(row["text"]) <= 400]


def choose(player: str, chance: random.Random, suggested: list[str], lines: list[str]) -> str:
    """What the player does next."""
    if player == "chaotic":
        return chance.choice(lines)
    roll = chance.random()
    if suggested and roll < 0.8:
        return chance.choice(suggested)
    return chance.choice(OWN) if roll < 0.95 else ""


def tell(world: World, seed: int, player: str, turns: int, lines: list[str]) -> tuple[list[Turn], Tally]:
    """One story."""
    tally, told = Tally(), list[Turn]()
    chance = random.Random(f"{world.title}/{seed}/{player}")
    style = Style(**WAYS[seed % len(WAYS)])
    state = rebuild(WorldState(), service.initial_events(world))
    dice, action = Dice.seeded(f"bench {seed}"), Action(mode="opening")
    for number in range(turns + 1):
        dice = action.dice(dice.path, 0)
        here = Situation(world=world, state=state, action=action, number=number, style=style, dice=dice)
        start = time.perf_counter()
        draft = service.tell(here, service.plan(here))
        after = rebuild(state, draft.events)
        suggested = service.suggest(world, after, dice)
        tally.times.append((time.perf_counter() - start) * 1000)
        told.append(Turn(number, action.text, draft.text, state, after, draft.events))
        tally.suggested += len(suggested)
        tally.infeasible += [text for text in suggested if not possible(world, after, text)]
        if after.notes.get("narrator", {}).get("ending") and not tally.ended:
            tally.ended.append(number)
            tally.endings[str(after.notes["narrator"]["ending"])] += 1
        state = after
        action = Action(text=choose(player, chance, suggested, lines))
    measure(world, style, player, told, tally)
    tally.wrong = [
        (f"{world.title} {player} {seed}", w) for w in check(service.compile_world(world), told, style)
    ]
    return told, tally


def possible(world: World, state: WorldState, text: str) -> bool:
    """Whether a suggestion can be done: by the narrator's own word, and nobody is addressed who is elsewhere."""
    if not service.feasible(world, state, text):
        return False
    asked = re.match(
        r"(?:Ask|Tell|Thank|Comfort|Greet|Warn) ((?:the )?[\w’' ]+?)(?: (?:about|why|what|where|who|how|to)\b|$)",
        text,
    )
    if not asked:
        return True
    named = [c for c in world.characters if c.name == asked.group(1)]
    here = state.present(state.where(PLAYER))
    return not named or named[0].id in here


def measure(world: World, style: Style, player: str, told: list[Turn], tally: Tally) -> None:
    """Repetition and the ending of one story."""
    tally.turns, tally.sentences = len(told), sum(len(sentences(turn.text)) for turn in told)
    opened: list[str] = []
    for turn in told:
        first = " ".join(plain(turn.text).split()[:3])
        tally.openings += first in opened[-10:]
        opened.append(first)
    tally.longest = longest_shared(told)
    if player == "sensible":
        target = LENGTHS[style.length if style.length != "medium" else world.length or "medium"]
        tally.sensible = int(len(told) > 1.3 * target)
        tally.in_time = int(bool(tally.ended) and 0.7 * target <= tally.ended[0] <= 1.3 * target)
    else:
        tally.ended.clear()


def longest_shared(told: list[Turn]) -> tuple[int, str]:
    """The longest run of words that two turns share, without what the player typed."""
    texts = [[(plain(p).split()) for p in paragraphs(turn.text)] for turn in told]
    typed = [f" {plain(turn.action)} " for turn in told]
    best, size = (0, ""), 5
    while True:
        seen: dict[tuple[str, ...], int] = {}
        hit = ""
        for number, parts in enumerate(texts):
            for words in parts:
                for at in range(len(words) - size + 1):
                    run = tuple(words[at : at + size])
                    first = seen.setdefault(run, number)
                    if first != number and not _echo(run, typed[number]):
                        hit = " ".join(run)
        if not hit:
            return best
        best, size = (size, hit), size + 1


def _echo(run: tuple[str, ...], typed: str) -> bool:
    """Whether most of a run of words is what the player just typed."""
    return sum(f" {word} " in typed for word in run) > len(run) * 0.6


def report(name: str, tally: Tally, show: int) -> bool:
    """Print the figures of a tally; whether all goals are met."""
    print(f"\n{name}: {tally.turns} turns, {tally.sentences} sentences, {tally.suggested} suggestions")
    met = True
    for figure, value in tally.figures().items():
        good = value <= GOALS[figure]
        met &= good
        print(f"  {'ok  ' if good else 'OVER'} {figure:32} {value:9.2f}   (at most {GOALS[figure]})")
    if tally.sensible:
        share = 100 * tally.in_time / tally.sensible
        met &= share >= ENDINGS
        middle = f"median at {percentile(tally.ended, 0.5):.0f}" if tally.ended else "none"
        print(
            f"  {'ok  ' if share >= ENDINGS else 'LESS'} {'endings in time, %':32} {share:9.2f}   "
            f"({len(tally.ended)} of {tally.sensible} ended, {middle}; {dict(tally.endings.most_common(6))})"
        )
    print(f"       {summary(tally.times)}")
    codes = Counter(wrong.code for _, wrong in tally.wrong)
    if codes:
        print("       found:", ", ".join(f"{code} {count}" for code, count in codes.most_common()))
    if show:
        examples(tally, show)
    return met


def examples(tally: Tally, show: int) -> None:
    """Print what is behind the figures."""
    print(f"       longest shared: {tally.longest[1]!r}")
    for text, count in Counter(tally.infeasible).most_common(show):
        print(f"       cannot be done ({count}×): {text!r}")
    shown: Counter[str] = Counter()
    for where, wrong in tally.wrong:
        shown[wrong.code] += 1
        if shown[wrong.code] <= show:
            print(f"       {wrong.code} [{where}, turn {wrong.turn}] {wrong.passage[:160]!r}: {wrong.why}")


def main() -> int:
    """Tell the stories and print what they came to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2 seeds of 40 turns")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--world", action="append", default=[], help="only worlds whose name contains this")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="N examples of each kind")
    parser.add_argument("--transcripts", type=Path, help="a folder to write the stories into")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    given = parser.parse_args()
    seeds, turns = given.seeds or (2 if given.quick else 10), given.turns or (40 if given.quick else 150)
    service.warm()
    print(f"{machine()}\n{seeds} seeds × {turns} turns, sensible and chaotic")
    lines, total, met = strangers(), Tally(), True
    for name, world in worlds().items():
        if given.world and not any(part in name for part in given.world):
            continue
        here = Tally()
        for seed in range(seeds):
            for player in ("sensible", "chaotic"):
                told, tally = tell(world, seed, player, turns, lines)
                here.add(tally)
                if given.transcripts:
                    write(given.transcripts, f"{name} {player} {seed}", told)
        met &= report(name, here, given.show)
        total.add(here)
    met &= report("all", total, 0)
    return 0 if met or not given.strict else 1


def write(folder: Path, name: str, told: list[Turn]) -> None:
    """Write one story to read."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(f"**{turn.number}.** > {turn.action}\n\n{turn.text}" for turn in told)
    (folder / f"{re.sub(r'[^a-z0-9]+', '_', name.lower())}.md").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
