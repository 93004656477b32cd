"""The checker catches planted lies, each of its kind, and is silent on a transcript that is true."""

from collections.abc import Callable

import pytest
from checker import check
from checker_form import Turn

from luna.turns.events import (
    PLAYER,
    Died,
    Dropped,
    Gave,
    Introduced,
    Moved,
    TimePassed,
    Took,
    WorldEvent,
    WorldState,
    rebuild,
)
from luna.turns.world import Character, Item, Place, Player, Style, World

WORLD = World(
    title="The Ferry House",
    premise="The ferry has not run since the flood, and somebody still rings for it every night.",
    player=Player(name="Ansel", pronouns="he"),
    start_place="kitchen",
    places=(
        Place(
            id="kitchen",
            name="the ferry kitchen",
            exits=("landing",),
            description="A kettle stands on the stove.",
        ),
        Place(id="landing", name="the landing", exits=("kitchen", "island")),
        Place(id="island", name="the island"),
        Place(id="city", name="the city"),
    ),
    characters=(
        Character(id="hedda", name="Hedda", pronouns="she", role="the ferryman's widow", at="kitchen"),
        Character(
            id="tomas", name="Tomas", full_name="Tomas Rey", pronouns="he", role="a pedlar", at="landing"
        ),
        Character(id="ilse", name="Ilse", pronouns="she", role="a nun", at="island"),
    ),
    items=(
        Item(id="bell", name="the brass handbell", at="landing"),
        Item(id="oar", name="the split oar", at="tomas"),
        Item(id="cup", name="the tin cup", aliases=("cup",), at="player"),
    ),
)

TOLD: list[tuple[str, str, tuple[WorldEvent, ...]]] = [
    (
        "",
        "The ferry has not run since the flood. The kitchen is warm and smells of rope.\n\n"
        "A woman turns from the stove with a ladle in her hand. This is Hedda, who was the ferryman's wife and is "
        "still addressed as if she were. “Shut the door,” Hedda says. “The river comes in.”",
        (),
    ),
    (
        "ask Hedda who rings",
        "You ask who rings.\n\nHedda puts down the ladle. “Tomas says it is the wind. He would.” A drop runs down the "
        "kettle and hisses.",
        (TimePassed(minutes=4),),
    ),
    (
        "go to the landing",
        "The path down is planks, and every third one is missing. On the landing a man sits on his pack: Tomas, by "
        "the oar across his knees.\n\n“Boat's gone,” Tomas says. “Bell isn't.”",
        (Moved(who=PLAYER, to="landing"), TimePassed(minutes=6)),
    ),
    (
        "take the bell and give Tomas my cup",
        "The brass handbell comes off its nail with a scrape of rust. You hand Tomas the tin cup, and he looks into "
        "it for the catch.\n\n“An honest cup,” he says at last.",
        (
            Took(who=PLAYER, item="bell"),
            Gave(who=PLAYER, item="cup", to="tomas"),
            TimePassed(minutes=3),
        ),
    ),
    (
        "I feel sorry for him and ring the bell",
        "You feel sorry for him, and you ring. One note goes out over the water. Nothing comes back for as long as it "
        "takes to count to ten; then, from the island, an hour's row away, something answers.",
        (TimePassed(minutes=2),),
    ),
    (
        "leave the bell here and go back to Hedda",
        "The handbell stays on the boards. Hedda has not moved, or has moved and come back to the same place.\n\n"
        "“You heard it, then,” Hedda says. “That's Ilse. Eleven years she has answered him.”",
        (
            Dropped(who=PLAYER, item="bell", at="landing"),
            Moved(who=PLAYER, to="kitchen"),
            TimePassed(minutes=9),
        ),
    ),
    (
        "wait",
        "The kettle boils dry. Outside a plank knocks against a plank. Ilse, across the water, has stopped.",
        (TimePassed(minutes=20),),
    ),
]


def transcript() -> list[Turn]:
    """The true transcript."""
    people = [(c.id, c.name, c.at) for c in WORLD.characters]
    start: list[WorldEvent] = [Introduced(entity="place", id=p.id, name=p.name) for p in WORLD.places]
    start.append(Introduced(entity="character", id=PLAYER, name="Ansel", at="kitchen"))
    start += [Introduced(entity="character", id=i, name=n, at=at) for i, n, at in people]
    start += [Introduced(entity="item", id=i.id, name=i.name, at=i.at) for i in WORLD.items]
    state = rebuild(WorldState(), start)
    turns: list[Turn] = []
    for number, (action, text, events) in enumerate(TOLD):
        after = rebuild(state, events)
        turns.append(Turn(number, action, text, state, after, events))
        state = after
    return turns


def told(number: int, old: str, new: str) -> Callable[[list[Turn]], None]:
    """A lie in the text of a turn."""

    def plant(turns: list[Turn]) -> None:
        assert not old or old in turns[number].text
        text = turns[number].text.replace(old, new, 1) if old else f"{turns[number].text} {new}"
        turns[number] = turns[number]._replace(text=text)

    return plant


def done(number: int, *events: WorldEvent) -> Callable[[list[Turn]], None]:
    """A lie in the events of a turn, with a state that follows from it to the end."""

    def plant(turns: list[Turn]) -> None:
        state = turns[number].before
        for at in range(number, len(turns)):
            more = (*events, *turns[at].events) if at == number else turns[at].events
            after = rebuild(state, more)
            turns[at] = turns[at]._replace(before=state, after=after, events=more)
            state = after

    return plant


def dead_man_talks(turns: list[Turn]) -> None:
    done(3, Died(who="tomas"))(turns)
    told(4, "One note goes out", "“Louder,” Tomas says. One note goes out")(turns)


def time_runs_back(turns: list[Turn]) -> None:
    turns[4] = turns[4]._replace(after=turns[4].after.model_copy(update={"minutes": 1}))


def bell_in_two_places(turns: list[Turn]) -> None:
    thing = turns[4].after.items["bell"].model_copy(update={"place": "island"})
    items = {**turns[4].after.items, "bell": thing}
    turns[4] = turns[4]._replace(after=turns[4].after.model_copy(update={"items": items}), events=())


def state_from_nowhere(turns: list[Turn]) -> None:
    turns[3] = turns[3]._replace(before=turns[3].before.model_copy(update={"weather": "hail"}))


LIES: dict[str, tuple[str, Callable[[list[Turn]], None]]] = {
    "the absent speak": ("absent_speaks", told(6, "", "“I am coming,” Tomas says.")),
    "the absent speak, verb first": ("absent_speaks", told(6, "", "“I am coming,” said Tomas.")),
    "the absent speak, before the quote": (
        "absent_speaks",
        told(6, "", "Tomas says quietly: “I am coming.”"),
    ),
    "the dead speak": ("dead_speaks", dead_man_talks),
    "the dead walk": ("dead_acts", done(5, Died(who="hedda"), Moved(who="hedda", to="landing"))),
    "a thing in two places": ("two_hands", bell_in_two_places),
    "a thing given that is not held": ("not_held", done(1, Gave(who=PLAYER, item="oar", to="hedda"))),
    "a thing dropped that is not held": ("not_held", done(1, Dropped(who=PLAYER, item="bell", at="kitchen"))),
    "a thing told as handed over": (
        "not_held",
        told(1, "You ask who rings.", "You hand Hedda the split oar. You ask who rings."),
    ),
    "a thing taken from afar": ("out_of_reach", done(1, Took(who=PLAYER, item="bell"))),
    "given to somebody elsewhere": ("out_of_reach", done(1, Gave(who=PLAYER, item="cup", to="ilse"))),
    "a place no way leads to": ("no_way", done(4, Moved(who=PLAYER, to="city"))),
    "a place that is none": ("no_way", done(4, Moved(who=PLAYER, to="atlantis"))),
    "time runs back": ("time_back", time_runs_back),
    "a state from nowhere": ("broken_history", state_from_nowhere),
    "a name too early": ("unknown_name", told(1, "A drop runs", "Ilse would know. A drop runs")),
    "the player feels": ("spoken_for", told(2, "On the landing", "You regret coming. On the landing")),
    "the player decides": (
        "spoken_for",
        told(2, "On the landing", "You decide to trust him. On the landing"),
    ),
    "the player's body": ("spoken_for", told(2, "On the landing", "Your heart races. On the landing")),
    "the player's words": (
        "spoken_for",
        told(6, "The kettle", "“Nobody leaves tonight,” you say. The kettle"),
    ),
    "an empty room that is not": ("not_alone", told(6, "The kettle", "Nobody is here. The kettle")),
    "a paragraph told twice": ("duplicate_paragraph", told(6, "", f"\n\n{TOLD[2][1].split(chr(10))[0]}")),
    "a sentence told twice": ("duplicate_sentence", told(6, "", "The kitchen is warm and smells of rope.")),
    "a brace": ("broken_markup", told(4, "something answers", "something {answer|s}")),
    "a quote left open": ("broken_quotes", told(5, "answered him.”", "answered him.")),
    "a paragraph without an end": ("broken_end", told(4, "something answers.", "something answers")),
    "a missing value": ("broken_type", told(4, "the water", "the None")),
    "two spaces": ("broken_type", told(4, "One note", "One  note")),
    "an article, a": ("article", told(4, "One note", "A iron note")),
    "an article, an": ("article", told(4, "One note", "An brass note")),
    "agreement with you": ("agreement", told(4, "you ring", "you goes on and ring")),
    "agreement with she": ("agreement", told(5, "Hedda has not moved", "She have not moved")),
    "a doubled word": ("agreement", told(6, "Outside a plank", "Outside the a plank")),
    "a word twice": ("agreement", told(6, "Outside a plank", "Outside a a plank")),
    "a thing told as ruined that is not": (
        "undone",
        told(6, "The kettle", "You smash the cup. The kettle"),
    ),
    "a thing touched that is elsewhere": (
        "out_of_reach",
        told(4, "One note", "You lift the kettle. One note"),
    ),
    "the wrong tense": ("tense", told(2, "Tomas says", "Tomas said")),
    "nothing at all": ("empty", lambda turns: turns.__setitem__(4, turns[4]._replace(text="  "))),
}


def test_a_true_transcript_passes_in_silence() -> None:
    assert check(WORLD, transcript()) == []


def test_the_past_tense_is_kept() -> None:
    turns = transcript()[:1]
    turns[0] = turns[0]._replace(
        text="The kitchen was warm. She has a ladle in her hand, and cannot find the pot."
    )
    codes = {wrong.code for wrong in check(WORLD, turns, Style(tense="past"))}
    assert codes == {"tense"}


@pytest.mark.parametrize("lie", LIES)
def test_a_planted_lie_is_caught(lie: str) -> None:
    code, plant = LIES[lie]
    turns = transcript()
    plant(turns)
    assert code in {wrong.code for wrong in check(WORLD, turns)}
