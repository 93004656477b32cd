"""The thin continuity check: what it finds, and what looks alike and is none."""

import pytest

from luna.continuity.check import check, possible_events
from luna.turns.events import (
    CharacterState,
    Died,
    Gave,
    ItemState,
    Moved,
    Revived,
    Took,
    WorldEvent,
    WorldState,
)
from luna.turns.types import Action
from luna.turns.world import Character, World

WORLD = World(
    title="T",
    characters=(
        Character(id="ines", name="Ines"),
        Character(id="bo", name="Bo"),
        Character(id="marguerite", name="Marguerite"),
    ),
)
STATE = WorldState(
    characters={
        "player": CharacterState(name="you", place="quay"),
        "ines": CharacterState(name="Ines", place="quay"),
        "bo": CharacterState(name="Bo", place="quay", alive=False),
        "marguerite": CharacterState(name="Marguerite", place="shed"),
    },
    items={"key": ItemState(name="the key", holder="ines"), "lamp": ItemState(name="the lamp", gone=True)},
    places={"quay": "the quay", "shed": "the shed"},
)


def codes(text: str, *events: WorldEvent, action: Action | None = None) -> list[str]:
    return [f.code for f in check(text, events, STATE, WORLD, action or Action(text="wait"))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bo smiles at you.", "dead-acts"),
        ("“Come in,” says Bo.", "dead-acts"),
        ("Marguerite nods.", "absent-acts"),
        ("You see Margerite on the wall.", "name-misspelt"),
        ("You decide to trust her.", "player-spoken-for"),
        ("You feel a great sadness.", "player-spoken-for"),
    ],
)
def test_found(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Ines smiles at you.",
        "“Bo said it would rain,” says Ines.",
        "Bo lies where he fell.",
        "Years ago Marguerite laughed here.",
        "Ines thinks of Marguerite and turns away.",
        "The market is empty.",
        "“You feel that?” Ines asks.",
    ],
)
def test_look_alikes_are_no_findings(text: str) -> None:
    assert codes(text) == []


def test_who_arrives_or_comes_back_may_act() -> None:
    assert codes("Marguerite walks in.", Moved(who="marguerite", to="quay")) == []
    assert codes("Bo opens his eyes and laughs. Bo laughs.", Revived(who="bo")) == []


def test_the_players_own_words_are_theirs() -> None:
    own = "I decide to trust her."
    assert codes(f"{own}\n\nThe fog lifts.", action=Action(text=own, mode="write")) == []


def test_events_that_cannot_happen_are_named_and_left_out() -> None:
    told: list[WorldEvent] = [
        Gave(who="player", item="key", to="ines"),
        Took(who="player", item="lamp"),
        Moved(who="bo", to="shed"),
        Died(who="bo"),
        Gave(who="ines", item="key", to="player"),
        Gave(who="player", item="key", to="ines"),
    ]
    assert possible_events(told, STATE) == tuple(told[4:])
    assert codes("Nothing.", *told[:4]) == ["impossible-event"] * 4
