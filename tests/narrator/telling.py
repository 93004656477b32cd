"""Playing a story with the narrator alone, and checking that its text keeps to the state."""

import re
from dataclasses import dataclass

from luna.kernel.values import Dice
from luna.narrator import service
from luna.turns.events import PLAYER, WorldState, rebuild
from luna.turns.types import Action, Draft, Mode, Plan, Situation
from luna.turns.world import Character, Lore, Style, World

CARD = World(
    title="Seraphina",
    premise=(
        "{{user}} was attacked by beasts while wandering Eldoria forest. {{char}} found them and carried them to her "
        "glade, where the monsters cannot come."
    ),
    opening=(
        "*You wake with a start, and the pain is gone.* “Oh, you are awake! I was so worried.”\n\n*Seraphina kneels "
        "beside you, a cup in her hands.*"
    ),
    characters=(
        Character(
            id="seraphina",
            name="Seraphina",
            description=(
                "[Age: 300; Hair: pink] Seraphina is a forest guardian who tends the glade. She wears a black sundress. "
                "Her amber eyes miss very little. She heals those who are brought to her and asks nothing for it."
            ),
            personality="caring, gentle, protective",
            samples=(
                '{{char}}: *She smiles.* "The forest hums to me."',
                "{{user}}: Who are you?",
                "Rest, dear. You are safe.",
            ),
        ),
    ),
)
PREMISE = World(
    title="The Lighthouse", premise="You wake in a lighthouse. The lamp is out, and a ship is coming."
)
LORE = World(
    title="The Salt Roads",
    premise="A courier has one night to cross the salt flats.",
    lore=(
        Lore(id="1", title="Saltern", keys=("Saltern",), text="Saltern is a village of nine houses. Its well is dry."),
        Lore(id="2", title="The Warden", keys=("Warden",), text="The Warden counts every cart that crosses."),
    ),
)  # fmt: skip


@dataclass
class Told:
    """One turn as it was told."""

    action: Action
    situation: Situation
    plan: Plan
    draft: Draft
    before: WorldState
    after: WorldState
    suggestions: list[str]


class Story:
    """A story told turn by turn."""

    def __init__(self, world: World, seed: str = "7", style: Style | None = None) -> None:
        self.world = service.compile_world(world)
        self.style = style or Style()
        self.state = rebuild(WorldState(), service.initial_events(self.world))
        self.dice = Dice.seeded(seed)
        self.number = 0
        self.turns: list[Told] = []
        self.turn("", mode="opening")

    def turn(self, text: str, mode: Mode = "do", retakes: int = 0) -> Told:
        """Tell the next turn."""
        action = Action(text=text, mode=mode)
        if self.turns:
            self.number += 1
            self.dice = self.dice.after(f"{mode}:{text}", retakes)
        situation = Situation(
            world=self.world,
            state=self.state,
            action=action,
            number=self.number,
            style=self.style,
            dice=self.dice,
        )
        plan = service.plan(situation)
        draft = service.tell(situation, plan)
        before, self.state = self.state, rebuild(self.state, draft.events)
        told = Told(
            action,
            situation,
            plan,
            draft,
            before,
            self.state,
            service.suggest(self.world, self.state, self.dice),
        )
        self.turns.append(told)
        return told


def faults(told: Told) -> list[str]:
    """What is wrong with a turn: empty, marked up, or against the state."""
    text = told.draft.text
    found: list[str] = []
    if not text.strip():
        found.append("empty")
    own = told.action.text.strip() if told.action.mode == "write" else ""
    prose = text[len(own) :]
    if re.search(r"[{}\[\]|§_*\ue000]|\n\n\n", prose):
        found.append("markup")
    if re.search(r"\bNone[a-z]| [,.;]|,\.|,,|(?<!\.)\.\.(?!\.)", prose):
        found.append("punctuation")
    found += [f"{who} speaks" for who in _speakers(prose, told) if not _here(told, who)]
    for item, thing in told.after.items.items():
        if thing.holder and thing.place:
            found.append(f"{item} is in two places")
        if thing.holder and thing.holder not in told.after.characters:
            found.append(f"{item} is held by nobody")
    place = told.after.where(PLAYER)
    if place not in told.after.places:
        found.append(f"the player is at {place}")
    return found


def _speakers(prose: str, told: Told) -> list[str]:
    names = {c.name: c.id for c in told.situation.world.characters}
    listed = "|".join(map(re.escape, names)) or "nobody at all"
    return [names[n] for n in re.findall(rf"” ({listed}) (?:say|says|said|ask|asks|asked)\b", prose)]


def _here(told: Told, who: str) -> bool:
    def at(state: WorldState) -> bool:
        person = state.characters[who]
        return person.alive and person.place in (told.before.where(PLAYER), told.after.where(PLAYER))

    return at(told.before) or at(told.after)
