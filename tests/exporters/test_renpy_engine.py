"""The real engine lints, compiles and plays what is exported, and shows exactly what the story says."""

import shutil
from pathlib import Path

import pytest
from awkward import CAST, awkward_story
from renpy_play import Engine

from luna.exporters.renpy import script
from luna.exporters.renpy.service import export_renpy
from luna.imaging.backends.painter import paint
from luna.scenes.runtime import paths, walk
from luna.scenes.types import Condition, Link, Node, SceneGraph, SceneMeta, Speaker
from luna.staging.service import stage

pytestmark = pytest.mark.renpy


def pictures_of(graph: SceneGraph) -> dict[str, bytes]:
    """Every picture painted."""
    return {key: paint(picture.request) for key, picture in graph.meta.pictures.items() if picture.request}


def on_screen(text: str) -> str:
    """What the engine's text widget holds for a text: its escape of tags stays in it."""
    return " ".join(text.replace("{", "{{").split())


def expected(graph: SceneGraph, answers: tuple[int, ...]) -> list[tuple[str | None, str]]:
    """What a way through the graph has to show, by our own runtime."""
    nodes, shown = graph.by_id(), []
    for node_id in walk(graph, answers).shown:
        node = nodes[node_id]
        if not node.content.strip() or node.type != "text":
            continue
        speaker = graph.speaker(node.speaker)
        if speaker:
            shown.append((on_screen(speaker.name), f"“{on_screen(node.content)}”"))
        else:
            shown.append((None, on_screen(node.content)))
    return shown


def check(engine: Engine, project: Path) -> None:
    """Lint and compile a copy, as the launcher would."""
    copy = engine.home / f"{project.name}-checked"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy)
    linted = engine.run(copy, "lint", "--error-code")
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "Statistics:" in linted.stdout
    assert linted.stdout.split("Statistics:")[0].strip().count("\n") == 0, (
        "lint had remarks: " + linted.stdout
    )
    compiled = engine.run(copy, "compile")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    # Debian's engine keeps compiled scripts in its cache, the original ones beside the source.
    assert any((copy / "game" / name).exists() for name in ("cache/bytecode.rpyb", "script.rpyc"))


def test_awkward_story_plays_every_way_word_for_word(engine: Engine, tmp_path: Path) -> None:
    """Three branches with brackets, percent signs, quotes, emoji, right-to-left and Chinese text, a long
    paragraph and names that are reserved words: the engine shows the same lines as our own runtime."""
    graph = stage(awkward_story())
    project = tmp_path / "awkward"
    report = export_renpy(graph, pictures_of(graph), project, title=graph.title, licence="CC0")
    assert report.written
    assert [d.code for d in report.diagnostics] == ["renpy-font"]
    assert (report.choices, report.endings) == (2, 3)
    check(engine, project)

    played = engine.play_all(project)

    assert sorted(way.answers for way in played) == sorted(paths(graph)) == [(0, 0), (0, 1), (1,)]
    speakers: set[str | None] = set()
    for way in played:
        said = [(who, " ".join(what.split())) for who, what in way.said]
        card = said.pop()
        assert card[1].startswith("The end")
        assert card[1].endswith(on_screen(str(walk(graph, way.answers).ending)))
        assert said == expected(graph, way.answers)
        speakers |= {who for who, _ in said}
    assert speakers >= {"Mara", "Init", "Return", "1st", "[you] {{i} 100%", "明", "مريم", "You"}
    assert len(CAST) == 9


def test_conditions_and_variables_play_as_in_our_runtime(engine: Engine, tmp_path: Path) -> None:
    """A lamp that was taken opens an answer; a number that grew decides the way on."""

    def has(value: bool) -> tuple[Condition, ...]:
        return (Condition(variable="the lamp", value=value),)

    graph = SceneGraph(
        id="vars",
        title="Variables",
        nodes=(
            Node(id="a", type="choice", content="Take the lamp?", next=(Link(to="yes", label="Yes"), Link(to="no", label="No"))),
            Node(id="yes", content="Taken.", directives={"set": {"the lamp": True, "oil": 3}}, next=(Link(to="b"),)),
            Node(id="no", content="Left.", next=(Link(to="b"),)),
            Node(id="b", content="It glows.", speaker="x", conditions=has(True), next=(Link(to="c"),)),
            Node(
                id="c",
                type="choice",
                next=(Link(to="in", label="Go in", conditions=has(True)), Link(to="out", label="Stay out"))
            ),
            Node(id="in", next=(Link(to="bright", conditions=(Condition(variable="oil", test=">=", value=3),)), Link(to="out"))),
            Node(id="bright", content="Bright.", next=(Link(to="end"),)),
            Node(id="out", content="Dark.", next=(Link(to="end"),)),
            Node(id="end", type="action", directives={"ending": "Done"}),
        ),
        meta=SceneMeta(cast=(Speaker(id="x", name="Lamp"),)),
    )  # fmt: skip
    export_renpy(graph, {}, tmp_path / "vars")
    check(engine, tmp_path / "vars")

    played = {way.answers: way for way in engine.play_all(tmp_path / "vars")}

    # The engine counts answers that are open, as our runtime does.
    assert set(played) == set(paths(graph)) == {(0, 0), (0, 1), (1, 0)}
    for answers, way in played.items():
        told = [(who, what) for who, what in way.said if what != "Take the lamp?"]
        assert told[:-1] == expected(graph, answers)
    assert played[(1, 0)].offered[1] == ("Stay out",)


def test_long_story_is_split_and_plays_to_its_end(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several script files, labels that jump from one to the next, and one way through all of them."""
    monkeypatch.setattr(script, "LINES_PER_FILE", 200)
    count = 160
    nodes = [
        Node(id=str(i), content=f"Line {i}.", next=(Link(to=str(i + 1)),), meta={"turn_id": str(i // 2), "number": i // 2})
        for i in range(count)
    ]  # fmt: skip
    graph = SceneGraph(id="long", title="Long", nodes=(*nodes, Node(id=str(count), type="action")))
    report = export_renpy(graph, {}, tmp_path / "long")
    assert report.lines == count
    assert {"game/script.rpy", "game/script_002.rpy"} <= set(report.files)
    check(engine, tmp_path / "long")

    (way,) = engine.play_all(tmp_path / "long")

    assert [what for _, what in way.said] == [*(f"Line {i}." for i in range(count)), "The end"]
