"""Reading what models answer: every list bounded, nothing impossible taken over, prose cleaned and cut."""

import pytest
from pydantic import ValidationError
from test_prompts import situation

from luna.room.asking import BadAnswer
from luna.room.reading import event_from, plan_from, prose_from, whole_sentences
from luna.room.types import BeatAnswer, BriefingAnswer, ChangeAnswer, PlanAnswer, SuggestionsAnswer
from luna.turns.events import Died, Dropped, Gave, Introduced, Moved, RelationshipChanged, TimePassed


def count(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize("shape", [PlanAnswer, BriefingAnswer, SuggestionsAnswer])
def test_every_list_and_text_has_its_bounds(shape: type) -> None:
    """A schema-valid answer can be empty, and a small model can go on for ever."""

    def walk(node: dict, where: str) -> None:
        if node.get("type") == "array":
            assert "maxItems" in node, where
        if node.get("type") == "string" and "enum" not in node and "const" not in node:
            assert "maxLength" in node, where
        for key, value in node.items():
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, dict):
                    walk(child, f"{where}.{key}")

    schema = shape.model_json_schema()
    walk(schema, shape.__name__)
    first = next(iter(schema["required"]))
    assert schema["properties"][first]["minItems"] >= 1
    with pytest.raises(ValidationError):
        shape.model_validate({first: []})


def beats(*what: str) -> list[BeatAnswer]:
    return [BeatAnswer(what=w) for w in what]


def test_a_plan_of_signs_only_is_a_fault() -> None:
    with pytest.raises(BadAnswer):
        plan_from(PlanAnswer(beats=beats("...", "?!?")), situation(), 300, count)


def test_a_plan_is_cut_to_its_ceiling_but_keeps_a_beat() -> None:
    long = beats(*("one two three four five six seven eight" for _ in range(6)))
    plan, _ = plan_from(PlanAnswer(beats=long), situation(), 20, count)
    assert len(plan.beats) == 2
    plan, _ = plan_from(PlanAnswer(beats=long, open_question="who is it?"), situation(), 5, count)
    assert [(b.what, plan.open_question) for b in plan.beats] == [("one two three four five", "")]


def test_time_passes_even_if_the_model_forgets_it() -> None:
    plan, _ = plan_from(PlanAnswer(beats=beats("It rains.", "It stops.")), situation(), 300, count)
    assert [e for e in plan.changes if isinstance(e, TimePassed)]


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (ChangeAnswer(kind="moved", who="Ines", to="the net shed"), Moved(who="ines", to="shed")),
        (ChangeAnswer(kind="moved", who="Ines", to="the moon"), None),
        (ChangeAnswer(kind="moved", who="Ines", to="the quay"), None),
        (
            ChangeAnswer(kind="dropped", who="you", what="brass key"),
            Dropped(who="player", item="key", at="quay"),
        ),
        (ChangeAnswer(kind="dropped", who="Ines", what="the brass key"), None),
        (
            ChangeAnswer(kind="gave", who="player", what="key", to="INES"),
            Gave(who="player", item="key", to="ines"),
        ),
        (ChangeAnswer(kind="took", who="Ines", what="a sword"), None),
        (ChangeAnswer(kind="died", who="Ines", what="drowned"), Died(who="ines", how="drowned")),
        (ChangeAnswer(kind="died", who="Bo"), None),
        (ChangeAnswer(kind="died", who="you"), None),
        (
            ChangeAnswer(kind="relationship", who="Ines", to="you", amount=-20),
            RelationshipChanged(who="ines", toward="player", affinity=-20),
        ),
        (ChangeAnswer(kind="time", amount=-5), None),
        (
            ChangeAnswer(kind="introduced", who="Old Tam"),
            Introduced(entity="character", id="old-tam", name="Old Tam", at="quay"),
        ),
        (ChangeAnswer(kind="introduced", who="Ines"), None),
    ],
)
def test_changes_become_events_only_when_they_can_happen(change: ChangeAnswer, event: object) -> None:
    assert event_from(change, situation()) == event


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("<think>Hm, a gate.</think>\nThe gate opens with a groan.", "The gate opens with a groan."),
        ("Sure, here is the turn:\n\nThe gate opens with a groan.", "The gate opens with a groan."),
        ("# Turn 3\n\nThe gate opens with a groan.", "The gate opens with a groan."),
        (
            "The gate opens\r\nwith a groan.\n\n\n\nNobody comes out.",
            "The gate opens\nwith a groan.\n\nNobody comes out.",
        ),
    ],
)
def test_prose_is_kept_without_what_is_not_prose(raw: str, kept: str) -> None:
    assert prose_from(raw, 700, count) == kept


@pytest.mark.parametrize("raw", ["", "   ", "...", "<think>only thoughts</think>", "Ok."])
def test_no_prose_is_a_fault(raw: str) -> None:
    with pytest.raises(BadAnswer):
        prose_from(raw, 700, count)


def test_prose_is_cut_at_a_sentence_and_without_sentences_at_a_word() -> None:
    assert (
        prose_from("One two three. Four five six. Seven eight nine.", 7, count)
        == "One two three. Four five six."
    )
    assert count(prose_from("word " * 50, 20, count)) == 20


def test_an_unfinished_sentence_is_left_out() -> None:
    assert whole_sentences("The gate opens. Ines sa") == "The gate opens."
    assert whole_sentences("no end at all") == "no end at all"
