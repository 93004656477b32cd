"""What a card means to a story: name, pronouns, readable texts, speech, lore."""

import time

import pytest
from library import SAMPLES

from luna.characters.cards import new_card, read_card
from luna.characters.cast import guess_pronouns, short_name, to_character
from luna.characters.types import MAX_CARD_BYTES


def test_a_real_card_becomes_somebody() -> None:
    member = to_character(read_card((SAMPLES / "mara.png").read_bytes()).card)
    person = member.character
    assert (person.id, person.name, person.full_name) == ("mara", "Mara", "Captain Mara Voss")
    assert person.pronouns == "she"
    assert person.aliases == ("Captain Mara Voss", "Voss")
    assert person.samples[1] == '"Of the sea? Every day. It keeps me polite."'
    assert member.premise.startswith("You step off the evening ferry in Saltmarsh")
    assert member.opening.startswith("The ferry bumps against the quay and you are the only one")
    assert "She looks at your boots." in member.opening
    assert len(member.lore) == 6
    assert "Old Perrin owes Mara forty crowns." in [entry.text for entry in member.lore]


@pytest.mark.parametrize(
    ("text", "pronouns"),
    [
        ("He is tall. His hat is old.", "he"),
        ("She keeps her ledgers; he is her brother.", "she"),
        ("Gender: male. She-wolf tattoo, loves her mother, her sister and her boat.", "he"),
        ("Pronouns: they/them. His coat.", "they"),
        ("A lamp that talks.", "they"),
        ("", "they"),
    ],
)
def test_pronouns_are_read_from_the_text(text: str, pronouns: str) -> None:
    assert guess_pronouns(new_card({"name": "X", "description": text})) == pronouns


@pytest.mark.parametrize(
    ("full", "pronouns", "short"),
    [
        ("Captain Mara Voss", "she", "Mara"),
        ("Sir Roland", "he", "Roland"),
        ("Zombie Apocalypse", "they", "Zombie Apocalypse"),
        ("The Innkeeper", "he", "The Innkeeper"),
        ("lady of the lake", "she", "lady of the lake"),
        ("Seraphina", "she", "Seraphina"),
        ("R2 D2", "he", "R2 D2"),
    ],
)
def test_short_names(full: str, pronouns: str, short: str) -> None:
    assert short_name(full, pronouns) == short  # pyright: ignore[reportArgumentType]


def test_interviews_in_the_description_become_speech() -> None:
    card = new_card(
        {
            "name": "Sera",
            "description": '[Sera\'s body= "pink hair", "amber eyes"]\n\n{{user}}: "Who are you?"\n'
            'Sera: *She smiles.* "A guardian."\nShe waits.\n[Genre: fantasy; Scenario: You wake in her glade.]',
        }
    )
    member = to_character(card)
    assert member.character.samples == ('She smiles. "A guardian."\nShe waits.',)
    assert "Sera's body: pink hair, amber eyes." in member.character.description
    assert "Who are you" not in member.character.description
    assert member.premise == "You wake in her glade."


def test_removed_macros_are_reported() -> None:
    member = to_character(new_card({"name": "A", "first_mes": "It is {{time}}. {{// note}}{{char}} waits."}))
    assert member.opening == "It is . A waits."
    assert [d.code for d in member.report] == ["macros-removed"]
    assert "{{time}}" in member.report[0].message


def test_names_without_latin_letters_get_a_steady_id() -> None:
    first, second = (to_character(new_card({"name": "潮"})).character.id for _ in range(2))
    assert first == second
    assert first.startswith("character-")
    assert to_character(new_card({"name": "Player"})).character.id == "player"


@pytest.mark.parametrize(
    "piece", ['a="', "[[scenario   ", " " * 50, "*", "<a ", "{{", "![[](", "sex ", "x: y\n", "{{user}}: "]
)
def test_huge_texts_take_no_long_time(piece: str) -> None:
    text = piece * (MAX_CARD_BYTES // 8 // len(piece))
    card = new_card(
        {
            "name": "A",
            "description": text,
            "first_mes": text,
            "mes_example": text,
            "character_book": {"entries": [{"keys": ["a"], "content": text[:100_000], "enabled": True}]},
        }
    )
    start = time.perf_counter()
    to_character(card)
    assert time.perf_counter() - start < 3
