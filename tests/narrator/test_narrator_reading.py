"""What a player's line is taken for, and what the narrator may not say of the player."""

import pytest
from telling import Story

from luna.narrator import service
from luna.narrator.agency import decided, spoken_for
from luna.narrator.answers import plain_answer
from luna.narrator.lint import lint_pack
from luna.narrator.speech import force_of
from luna.narrator.view import View


@pytest.fixture(scope="module")
def inn() -> Story:
    """The first turn in the inn of Low Hythe."""
    return Story(service.builtin_world("low_hythe"))


@pytest.mark.parametrize(
    ("line", "intent", "target"),
    [
        ("x hearth", "examine", "hearth"),
        ("exmaine the herth", "examine", "hearth"),
        ("ask marren about teh tide", "ask", "tide"),
        ("up to the church", "go", "tower"),
        ("put the lantern down", "drop", "lantern"),
        ("“Thank you for seeing me so late.”", "thank", "maren"),
        ("“Good evening, madam.”", "greet", "maren"),
        ("“Did the bell ever ring?”", "ask", "bell"),
        ("“Tell me the truth or I burn this place down.”", "threaten", "maren"),
        ("She is hiding something.", "think", "maren"),
        ("Grinning, I go to the quay", "go", "quay"),
        ("bow to the woman", "greet", "maren"),
        ("wo ist die Glocke", "foreign", None),
        ("où est la cloche", "foreign", None),
        ("undo", "meta", None),
        ("turn the bell into gold", "absurd", None),
        ("yes", "say", "maren"),
        ("say hello to the landlady", "greet", "maren"),
    ],
)
def test_lines_are_understood(inn: Story, line: str, intent: str, target: str | None) -> None:
    """Intent and target of lines as people type them."""
    got = service.understand(inn.world, inn.state, line)[0]
    assert got.intent == intent
    assert target is None or target in {w for t in (got.target or "", *got.also) for w in (t, *t.split())}


@pytest.mark.parametrize(
    ("words", "force"),
    [
        ("Goodbye, then.", "farewell"),
        ("I'm sorry.", "apologise"),
        ("Don't worry, you're safe.", "comfort"),
        ("Where is he?", "ask"),
        ("It is late.", ""),
        ("You fool!", "insult"),
        ("hello?", "greet"),
    ],
)
def test_what_speech_is_for(words: str, force: str) -> None:
    """Spoken words are told apart by what they do."""
    assert force_of(words) == force


def test_what_is_asked_for_is_found_where_it_is_spoken_of(inn: Story) -> None:
    """A thing that only a description mentions is looked at, not refused."""
    text = Story(inn.world).turn("count the notches").draft.text
    assert "notches" in text.lower()


def test_where_and_who_are_answered() -> None:
    """People who live somewhere know where things are and who is who."""
    story = Story(service.builtin_world("low_hythe"))
    assert "bell tower" in story.turn("“Where is Orrin?”").draft.text.lower()
    view = View(service.index_of(story.world), story.state)
    assert plain_answer(view, view.person("orrin"), "who is maren?").startswith("Maren Pike. ")
    assert plain_answer(view, view.person("orrin"), "who is nobody?") == ""


def test_feelings_of_the_player_are_never_told() -> None:
    """A line that decides for the player is found in packs and in finished text."""
    assert decided("{you} {regret} it at once.") == "regret"
    assert decided("{you} {be} terribly afraid of {n}.") == "afraid"
    assert decided("{you} {look} round.") == decided("{n} {regret} it. {you} {wait}.") == ""
    assert (
        spoken_for("The door opens. You are afraid. “You love it,” she says.", "[Yy]ou") == "You are afraid."
    )
    assert spoken_for("“You regret it,” she says.", "[Yy]ou") == ""
    found = {d.code for d in lint_pack("== a ? b ~ 1\n{you} {regret} it.\n{you {look}.\n")}
    assert found == {"world-player-claimed", "world-brace-open", "world-condition-unknown"}


def test_a_world_may_bring_its_own_phrases() -> None:
    """Lines of a world's own join the packs', or with "!" take their place."""
    world = service.builtin_world("low_hythe").model_copy(
        update={"phrases": {"wait!": ("The foundry clock stands.",)}}
    )
    assert "foundry clock stands" in Story(world).turn("wait").draft.text


@pytest.mark.parametrize("world_id", [w["id"] for w in service.builtin_worlds()])
def test_a_story_ends_within_its_length(world_id: str) -> None:
    """Whoever follows the first suggestion, or only waits, comes to an end within the length, give or take 30 %."""
    for idle in (False, True):
        story = Story(service.builtin_world(world_id))
        target = story.state.notes["narrator"]["target"]
        while "ending" not in story.state.notes["narrator"] and story.number < 2 * target:
            story.turn("wait" if idle else story.turns[-1].suggestions[0])
        assert 0.7 * target <= story.number <= 1.3 * target
