"""Turns become one graph: choices where branches part, an ending for each way, pictures that are shared."""

import time

import pytest

from luna.kernel.errors import BadInput
from luna.scenes.lint import lint
from luna.scenes.runtime import paths, walk
from luna.scenes.types import Picture, SceneGraph
from luna.staging.service import MAX_LABEL, stage
from luna.staging.types import CastMember, StagedBranch, StagedPlace, StagedStory, StagedTurn
from luna.turns.events import PLAYER

QUAY = StagedPlace(id="quay", name="Quay")
CAST = (CastMember(id=PLAYER, name="you"), CastMember(id="mara", name="mara", colour="#123456"))


def turn(id_: str, parent: str | None, action: str = "", prose: str = "", **more: object) -> StagedTurn:
    """A turn whose prose is its own id if nothing else."""
    return StagedTurn.model_validate(
        {"id": id_, "parent_id": parent, "number": 1, "action": action, "prose": prose or f"Told {id_}.", "place": QUAY, **more}
    )  # fmt: skip


def story(*turns: StagedTurn, **branches: str) -> StagedStory:
    """A story whose branches are given as name=last turn."""
    return StagedStory(
        id="s",
        title="S",
        cast=CAST,
        turns=turns,
        branches=tuple(StagedBranch(id=n, name=n, head=h) for n, h in branches.items()),
    )


def told(scene: SceneGraph, *answers: int) -> list[str]:
    """What a way says."""
    nodes = scene.by_id()
    return [nodes[i].content for i in walk(scene, answers).shown if nodes[i].type == "text"]


FORKED = (
    turn("a", None),
    turn("b", "a", "left"),
    turn("c", "a", "right"),
    turn("d", "b", "on"),
    turn("take", "b", "no"),
)


def test_one_branch_is_one_way_without_choices() -> None:
    scene = stage(story(*FORKED, main="d"))
    assert lint(scene) == []
    assert paths(scene) == [()]
    assert told(scene) == ["Told a.", "Told b.", "Told d."]
    assert walk(scene).ending == "main"


def test_branches_part_at_a_choice_of_their_actions() -> None:
    scene = stage(story(*FORKED, main="d", other="c"))
    assert lint(scene) == []
    assert walk(scene).open == ("Left", "Right")
    assert told(scene, 0) == ["Told a.", "Told b.", "Told d."]
    assert told(scene, 1) == ["Told a.", "Told c."]
    assert [walk(scene, p).ending for p in paths(scene)] == ["main", "other"]


def test_takes_on_no_branch_are_left_out() -> None:
    scene = stage(story(*FORKED, main="d", other="c"))
    assert "take" not in {str(node.meta.get("turn_id")) for node in scene.nodes}


def test_the_first_branch_comes_first_whatever_the_order_of_turns() -> None:
    scene = stage(story(*reversed(FORKED), other="c", main="d"))
    assert walk(scene).open == ("Right", "Left")


def test_a_branch_that_ends_on_the_way_of_another_is_no_ending() -> None:
    scene = stage(story(*FORKED, main="d", early="b"))
    assert paths(scene) == [()]
    assert walk(scene).ending == "main"


def test_two_beginnings_are_a_choice_at_the_start() -> None:
    scene = stage(story(turn("a", None, mode="opening"), turn("b", None, mode="opening"), one="a", two="b"))
    assert lint(scene) == []
    assert walk(scene).open == ("one", "two")


def test_labels_are_short_told_apart_and_say_what_was_sent() -> None:
    scene = stage(
        story(
            turn("r", None),
            turn("a", "r", "wait"),
            turn("b", "r", "wait"),
            turn("c", "r", "hello", mode="say"),
            turn("d", "r", "", mode="continue"),
            turn("e", "r", "x " * 500),
            A="a", B="b", C="c", D="d", E="e",
        )
    )  # fmt: skip
    labels = walk(scene).open
    assert labels[:4] == ("Wait (A)", "Wait (B)", "“hello”", "Go on")
    assert len(labels[4]) <= MAX_LABEL


def test_what_the_player_said_is_heard_once() -> None:
    def lines_of(prose: str) -> list[tuple[str | None, str]]:
        scene = stage(story(turn("a", None, "Good evening!", prose, mode="say"), main="a"))
        return [(n.speaker, n.content) for n in scene.nodes if n.type == "text"]

    assert lines_of("Nobody answers.") == [(PLAYER, "Good evening!"), (None, "Nobody answers.")]
    assert lines_of("“Good evening,” you say.") == [(PLAYER, "Good evening.")]


def test_pictures_are_shared_by_place_and_part_of_the_day() -> None:
    scene = stage(
        story(
            turn("a", None, minutes=600),
            turn("b", "a", minutes=700),
            turn("c", "b", minutes=1300),
            turn("d", "c", minutes=1300, picture=Picture(asset_id="mine")),
            turn("e", "d", place=None),
            main="e",
        )
    )
    shown = [n.directives.get("background") for n in scene.nodes if n.directives.get("background")]
    assert len(shown) == len(set(shown)) == 3
    assert shown[-1] == "asset-mine"
    assert set(scene.meta.pictures) == set(shown)


def test_every_line_keeps_its_turn() -> None:
    scene = stage(story(turn("a", None, prose="One. " * 300), main="a"))
    assert len(scene.nodes) > 3
    assert {node.meta["turn_id"] for node in scene.nodes} == {"a"}


def test_names_are_shown_with_a_capital_and_given_a_colour() -> None:
    scene = stage(story(turn("a", None), main="a"))
    assert [(s.name, s.colour) for s in scene.meta.cast][1] == ("Mara", "#123456")
    assert scene.meta.cast[0].name == "You"


def test_bad_trees_are_refused() -> None:
    with pytest.raises(BadInput):
        stage(story(turn("a", None)))
    with pytest.raises(BadInput):
        stage(story(turn("a", None), main="gone"))
    with pytest.raises(BadInput):
        stage(story(turn("a", "b"), turn("b", "a"), main="a"))


def test_ten_thousand_turns_are_staged_in_seconds() -> None:
    """No recursion over the depth of the tree, and no work that grows with its square."""
    turns = [turn(str(i), str(i - 1) if i else None, "go", "A plain line.") for i in range(10_000)]
    begun = time.process_time()
    scene = stage(story(*turns, main="9999", middle="5000"))
    assert time.process_time() - begun < 10
    assert walk(scene).status == "ended"
