"""World files, and worlds made tellable."""

from pathlib import Path

import pytest
from telling import Story, faults

from luna.kernel.errors import BadInput
from luna.narrator import service
from luna.narrator.lint import lint_world
from luna.turns.events import PLAYER, WorldState, rebuild
from luna.turns.world import World


def test_compiling_makes_every_world_tellable(world: World) -> None:
    """At least one place, a start, everybody somewhere, ways there and back; twice is the same as once."""
    made = service.compile_world(world)
    places = {p.id for p in made.places}
    assert made.start_place in places
    assert all(c.at in places for c in made.characters)
    assert all(set(p.exits) <= places for p in made.places)
    assert service.compile_world(made) == made


def test_the_state_before_turn_0(world: World) -> None:
    """The initial events put everybody and everything in their place, at the right hour."""
    made = service.compile_world(world)
    state = rebuild(WorldState(), service.initial_events(world))
    assert state.where(PLAYER) == made.start_place
    assert state.minutes % 1440 == made.start_minutes % 1440
    assert set(state.places) == {p.id for p in made.places}
    assert all(state.where(c.id) == c.at for c in made.characters)
    assert set(state.items) == {i.id for i in made.items}


def test_a_place_is_found_in_the_premise() -> None:
    """What the text calls the place is its name."""
    made = service.compile_world(World(title="t", premise="You wake in a small lighthouse above the bay."))
    assert made.places[0].name == "the small lighthouse"
    assert (
        service.compile_world(World(title="t", premise="Nothing is certain.")).places[0].name == "this place"
    )


def test_a_card_gets_what_its_text_says() -> None:
    """Pronouns, role and clean samples come from the card; sheets of attributes are not told."""
    from telling import CARD

    person = service.compile_world(CARD).characters[0]
    assert person.pronouns == "she"
    assert person.role == "a forest guardian"
    assert person.samples == ("The forest hums to me.", "Rest, dear. You are safe.")
    assert not [f for f in service.index_of(CARD).people["seraphina"].facts if "[" in f or "pink" in f]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("title: x\ntime: 17:40\n", "time"),
        ("title: x\nplaces:\n  inn: {nam: y}\n", "places.0.name"),
        ("title: [x\n", "line"),
        ("- a\n- b\n", "mapping"),
        ("title: &a [x]\npremise: *a\n", "aliases"),
        ("premise: no title\n", "title"),
        ("title: x\nplaces: 3\n", "places"),
        ("title: x\n" + "premise: " + "[" * 5000, "file"),
    ],
)
def test_a_bad_world_file_is_refused_with_the_place(text: str, where: str) -> None:
    """Refusals name what and where."""
    with pytest.raises(BadInput) as refused:
        service.load_world(text)
    assert where in refused.value.message


def test_files_are_read_and_missing_ones_refused(tmp_path: Path) -> None:
    """A path is a file; a missing one is a refusal without the folder in it."""
    (tmp_path / "w.yaml").write_text("title: Wel\npremise: A mill turns.\n", encoding="utf-8")
    assert service.load_world(tmp_path / "w.yaml").title == "Wel"
    with pytest.raises(BadInput):
        service.load_world(tmp_path / "none.yaml")
    with pytest.raises(BadInput):
        service.builtin_world("../secrets")


def test_the_built_in_worlds_are_listed_and_sound() -> None:
    """Both have a blurb and no lint."""
    listed = service.builtin_worlds()
    assert {w["id"] for w in listed} >= {"low_hythe", "karst_ledger"}
    assert all(w["title"] and w["blurb"] for w in listed)


def test_entities_are_found_by_alias() -> None:
    """Names and aliases, whole words only, in the world's order."""
    world = service.builtin_world("low_hythe")
    assert service.entities(world, "Tobias took the lantern to the quay.") == ["orrin", "quay", "lantern"]
    assert service.entities(world, "Nothing whatever.") == []


def test_the_linter_finds_planted_faults() -> None:
    """Dead ends, unknown slots, circles, and narration that decides for the player are named with their place."""
    text = """
title: x
start: nowhere
places:
  inn: {name: the inn, exits: [moon], description: "A fire {burn} {brightness|x}."}
characters:
  ann: {name: Ann, at: mars}
threads:
  t:
    beats:
    - {id: a, when: {npc: bob, after: [b]}, text: "{you} {forgive} her."}
    - {id: b, when: {after: [a], mood: sad}, quote: "Yes."}
"""
    found = {d.code for d in lint_world(service.load_world(text))}
    assert found >= {
        "world-start-unknown", "world-exit-unknown", "world-place-unknown", "world-beat-unreachable", "world-slot-unknown",
        "world-condition-unknown", "world-beat-circle", "world-quote-nobody", "world-player-decided",
    }  # fmt: skip
    for world_id in ("low_hythe", "karst_ledger"):
        findings = lint_world(service.builtin_world(world_id))
        assert [d for d in findings if d.severity != "info"] == []


def test_a_readable_world_has_no_slots() -> None:
    """Models and previews get plain prose."""
    world = service.readable_world(service.builtin_world("low_hythe"))
    assert "{" not in world.premise + "".join(p.description + "".join(p.senses) for p in world.places)
    assert "The foundry has sent you to Low Hythe" in world.premise
    assert not [
        t
        for t in world.threads
        for text in (*t.plants, *(b.text for b in t.beats))
        if "{" in text or "@" in text
    ]


def test_stray_braces_of_a_card_are_no_slots() -> None:
    """Only the player, pronouns and verbs are slots; everything else in braces is text, and macros are filled."""
    world = World(title="t", premise="{{user}} meets a {dragon} in a tavern. } { It {burn} low.")
    story = Story(world)
    assert "dragons" not in story.turns[0].draft.text
    assert faults(story.turns[0]) == []
    assert service.compile_world(world).places[0].name == "the tavern"


def test_the_schema_is_fresh() -> None:
    """The schema beside the code is the one the code makes."""
    from importlib.resources import files

    from luna.narrator import worldfile

    kept = files("luna.narrator").joinpath("worldfile.schema.json").read_text(encoding="utf-8")
    assert kept == worldfile.schema_text()


RICH = """
title: A mill
start: mill
length: short
topics: {flour: [meal, grist]}
places:
  mill: {name: the mill, indoors: true, description: "A wheel turns in the dark. Flour lies on the sill."}
characters:
  ann: {name: Ann, at: mill, registers: [gruff, weary], schedule: {night: mill}, samples: ["Mind the wheel."]}
threads:
  t:
    question: who stopped the wheel
    beats:
      a:
        phase: setup
        when: {npc: ann, topic: wheel}
        quote: I stopped it.
        tellings: ["It was me that stopped it.", {quote: "Me. I did.", text: "She rubs her thumb."}]
        sets: [known]
      b: {when: {flag: known, trust: {ann: -1}}, text: The wheel begins to turn., delay: 2, final: true, ending: turned}
      c: {when: {not_flag: [known]}, text: The wheel stands still for good., clock: "21:00", ending: still}
"""


def test_tellings_endings_and_hours() -> None:
    """A beat is told in one of its tellings, by dice; an ending is reached by what was done, or by the hour."""
    world = service.load_world(RICH)
    assert [d for d in lint_world(world) if d.severity != "info"] == []
    told: set[str] = set()
    for seed in range(12):
        story = Story(world, str(seed))
        text = story.turn("ask Ann about the wheel").draft.text
        told |= {q for q in ("I stopped it", "It was me that stopped it", "Me. I did") if q in text}
        for _ in range(32 if seed < 2 else 0):
            story.turn("wait")
        assert seed > 1 or story.state.notes["narrator"]["ending"] == "turned"
    assert len(told) == 3
    distant = RICH.replace("topic: wheel}", "topic: wheel, trust: {ann: 5}}")
    story = Story(service.load_world(distant))
    for _ in range(20):
        story.turn("wait")
    assert story.state.notes["narrator"]["ending"] == "still"
