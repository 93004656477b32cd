"""A card and a World Info file, as SillyTavern saved them, are enough to tell a story: 30 turns, two branches."""

from library import SAMPLES

from luna.characters.cards import read_card
from luna.characters.cast import to_character
from luna.kernel.values import Dice
from luna.narrator import service as narrator
from luna.turns.events import WorldState, rebuild
from luna.turns.types import Action, Situation
from luna.turns.world import Style, World
from luna.worlds.build import build_world
from luna.worlds.world_info import read_world_info, to_lore

ACTIONS = (
    "ask Mara about the lighthouse",
    "look around",
    "ask Mara about the smugglers",
    "wait",
    "say good evening to Mara",
    "ask Mara about the harbour",
)


def saltmarsh() -> World:
    member = to_character(read_card((SAMPLES / "mara.png").read_bytes()).card)
    book = read_world_info((SAMPLES / "saltmarsh.json").read_bytes(), "saltmarsh.json").book
    lore = (*member.lore, *to_lore(book, char=member.character.name))
    return build_world("Nine Nights", member.premise, [member.character], lore, opening=member.opening)


def tell(world: World, state: WorldState, number: int, text: str, dice: Dice) -> tuple[str, WorldState]:
    action = Action(text=text, mode="do" if number else "opening")
    now = Situation(world=world, state=state, action=action, number=number, style=Style(), dice=dice)
    draft = narrator.tell(now, narrator.plan(now) if number else narrator.plan_opening(now))
    return draft.text, rebuild(state, draft.events)


def test_the_book_given_twice_counts_once() -> None:
    assert len(saltmarsh().lore) == 6


def test_thirty_turns_on_two_branches() -> None:
    world = narrator.compile_world(saltmarsh())
    start = rebuild(WorldState(), narrator.initial_events(world))
    assert start.characters["mara"].place == start.characters["player"].place
    branches: list[list[str]] = []
    for fork in ("wait", "ask Mara about Perrin"):
        state, dice, told = start, Dice.seeded("7"), list[str]()
        for number in range(31):
            action = "" if number == 0 else fork if number == 15 else ACTIONS[number % len(ACTIONS)]
            text, state = tell(world, state, number, action, dice)
            told.append(text)
            dice = dice.after(action)
        branches.append(told)
    first, second = branches
    assert "Can you row?" in first[0]
    assert first[:15] == second[:15], "the shared past is told in the same words"
    assert first[15:] != second[15:]
    assert all(text.strip() for text in first + second)
    assert "{{" not in "".join(first + second)
    assert "Gull Rock" in "".join(first[1:15]), "asked about the lighthouse, she tells the lore of it"
