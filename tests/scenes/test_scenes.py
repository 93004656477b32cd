"""The scene graph: what lint finds, and how it plays."""

import json

import pytest

from luna.kernel.errors import BadInput, Severity
from luna.scenes.lint import lint
from luna.scenes.runtime import paths, walk
from luna.scenes.types import Condition, Link, Node, Picture, SceneGraph, SceneMeta, Speaker, json_schema


def graph(*nodes: Node, **meta: object) -> SceneGraph:
    """A graph of these nodes."""
    return SceneGraph(id="g", nodes=nodes, meta=SceneMeta.model_validate(meta))


def text(id_: str, *following: str, **more: object) -> Node:
    """A told line."""
    return Node.model_validate({"id": id_, "content": id_, "next": [{"to": to} for to in following], **more})


def choice(id_: str, **answers: str) -> Node:
    """A choice of answers to nodes."""
    return Node(id=id_, type="choice", next=tuple(Link(to=to, label=label) for label, to in answers.items()))


FORK = graph(
    text("a", "c"),
    choice("c", left="l", right="r"),
    text("l", "e"),
    text("r", "e"),
    text("e", directives={"ending": "Fin"}),
)


def test_a_sound_graph_has_no_findings() -> None:
    assert lint(FORK) == []


@pytest.mark.parametrize(
    ("broken", "code", "where"),
    [
        (graph(), "scene-empty", "g"),
        (graph(text("a", "a2"), text("a2"), text("a2")), "scene-duplicate-id", "a2"),
        (graph(text("a", "gone")), "scene-dangling-next", "a"),
        (graph(text("a"), text("b")), "scene-unreachable", "b"),
        (graph(text("a", "b"), text("b", "a")), "scene-no-end", "a"),
        (graph(choice("a", x="b", y="e"), text("b", "b"), text("e")), "scene-never-ends", "b"),
        (graph(text("a", "c"), choice("c")), "scene-empty-choice", "c"),
        (graph(Node(id="c", type="choice", next=(Link(to="e"),)), text("e")), "scene-unnamed-choice", "c"),
        (graph(Node(id="c", type="choice", next=(Link(to="e", label="x"), Link(to="e", label="x "))), text("e")), "scene-same-choice", "c"),
        (graph(Node(id="c", type="choice", next=(Link(to="e", label="x", conditions=(Condition(variable="v"),)),)), text("e")), "scene-choice-may-close", "c"),
        (graph(text("a", speaker="nobody")), "scene-unknown-speaker", "a"),
        (graph(text("a", directives={"background": "none"})), "scene-unknown-picture", "a"),
    ],
)  # fmt: skip
def test_lint_names_the_node(broken: SceneGraph, code: str, where: str) -> None:
    found = [d for d in lint(broken) if d.code == code]
    assert [d.where for d in found] == [where]
    assert all(d.message and d.fix for d in found)


def test_errors_come_first() -> None:
    found = lint(graph(text("a", "gone"), text("b")))
    severities = [d.severity for d in found]
    assert severities == sorted(severities, key=lambda s: s != Severity.error)


def test_walk_takes_the_given_answers_and_waits_for_more() -> None:
    waiting = walk(FORK)
    assert (waiting.status, waiting.open, waiting.nodes) == ("waiting", ("left", "right"), ("a", "c"))
    done = walk(FORK, [1])
    assert (done.status, done.ending, done.taken) == ("ended", "Fin", ("right",))
    assert done.nodes == ("a", "c", "r", "e")
    assert walk(FORK, [1]) == done
    assert paths(FORK) == [(0,), (1,)]


def test_walk_refuses_an_answer_that_is_not_offered() -> None:
    for answer in (2, -1):
        with pytest.raises(BadInput) as refused:
            walk(FORK, [answer])
        assert refused.value.code == "no-such-answer"


def test_a_loop_ends_at_the_limit() -> None:
    assert walk(graph(text("a", "a")), limit=50).status == "too-long"


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [("==", 2, True), ("!=", 2, False), ("<", 3, True), ("<=", 1, False), (">", 1, True), (">=", 2.5, False), (">", "a", False), ("==", "2", False), ("!=", "2", True)],
)  # fmt: skip
def test_conditions(test: str, value: object, holds: bool) -> None:
    condition = Condition.model_validate({"variable": "v", "test": test, "value": value})
    way = (Link(to="yes", conditions=(condition,)), Link(to="no"))
    scene = graph(
        text("a", "b", directives={"set": {"v": 2, "bad": [1]}}),
        Node(id="b", next=way),
        text("yes", directives={"ending": "yes"}),
        text("no", directives={"ending": "no"}),
    )
    result = walk(scene)
    assert result.ending == ("yes" if holds else "no")
    assert result.variables == {"v": 2}


def test_unset_variables_count_as_nothing_and_closed_ways_are_stuck() -> None:
    closed = Link(to="e", conditions=(Condition(variable="never", value=True),))
    assert walk(graph(Node(id="a", next=(closed,)), text("e"))).status == "stuck"
    unset = Link(to="e", conditions=(Condition(variable="never", value=False),))
    assert walk(graph(Node(id="a", next=(unset,)), text("e"))).status == "ended"


def test_json_round_trip_and_schema() -> None:
    scene = graph(
        text("a", speaker="m"), cast=[Speaker(id="m", name="M")], pictures={"p": Picture(asset_id="x")}
    )
    assert SceneGraph.model_validate_json(scene.model_dump_json()) == scene
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$id"] == "urn:luna:luna-scene:1"
    assert {"id", "nodes"} <= set(schema["required"])
    with pytest.raises(ValueError, match="colour"):
        Speaker(id="x", name="x", colour='red" onload="')
