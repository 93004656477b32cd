"""What the exporter writes, where, and what it leaves alone. No engine needed."""

import ast
from pathlib import Path

import pytest
from awkward import awkward_story
from hypothesis import given
from hypothesis import strategies as st

from luna.exporters.renpy import service
from luna.exporters.renpy.service import MARKER, export_renpy
from luna.exporters.renpy.text import Names, clean, literal, slug, spoken
from luna.kernel.errors import BadInput, Conflict, Unavailable
from luna.scenes.types import Link, Node, SceneGraph
from luna.staging.service import stage

SMALL = SceneGraph(
    id="g",
    title="Small",
    nodes=(Node(id="a", content="Hello.", next=(Link(to="b"),)), Node(id="b", type="action")),
)


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_report_counts_and_lists_what_was_written(tmp_path: Path) -> None:
    report = export_renpy(SMALL, {}, tmp_path / "out", title="Title", licence="CC0 1.0")
    assert report.written
    assert set(report.files) == set(tree(tmp_path / "out"))
    assert (report.lines, report.choices, report.endings) == (1, 0, 1)
    assert b"CC0 1.0" in (tmp_path / "out" / "README.txt").read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "nothing is left beside it"


def test_same_graph_gives_the_same_files(tmp_path: Path) -> None:
    graph = stage(awkward_story())
    export_renpy(graph, {}, tmp_path / "one")
    export_renpy(graph, {}, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_dry_run_writes_nothing_but_reports_the_same(tmp_path: Path) -> None:
    dry = export_renpy(SMALL, {}, tmp_path / "out", dry_run=True)
    assert list(tmp_path.iterdir()) == []
    wet = export_renpy(SMALL, {}, tmp_path / "out")
    assert dry == wet.model_copy(update={"written": False})


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(Conflict) as refused:
        export_renpy(SMALL, {}, out)
    assert refused.value.code == "export-in-the-way"
    assert tree(out) == {"thesis.txt": b"years of work"}
    export_renpy(SMALL, {}, out, replace=True)
    assert "thesis.txt" not in tree(out)


def test_a_link_or_a_file_in_the_way_is_refused_even_with_replace(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("x")
    for name in ("link", "file"):
        with pytest.raises(Conflict):
            export_renpy(SMALL, {}, tmp_path / name, replace=True)


def test_an_earlier_export_is_replaced_whole(tmp_path: Path) -> None:
    export_renpy(stage(awkward_story()), {}, tmp_path / "out")
    export_renpy(SMALL, {}, tmp_path / "out")
    assert (tmp_path / "out" / MARKER).exists()
    assert "Quay" not in (tmp_path / "out" / "game" / "options.rpy").read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_leaves_the_earlier_export_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Incident to prevent: half of a project in place of a whole one."""
    export_renpy(SMALL, {}, tmp_path / "out")
    before = tree(tmp_path / "out")
    written: list[Path] = []

    def full(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) > 4:
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr(service, "_write_through", full)
    with pytest.raises(Unavailable) as refused:
        export_renpy(stage(awkward_story()), {}, tmp_path / "out")
    assert "No space left" in refused.value.message
    assert tree(tmp_path / "out") == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_graph_with_errors_is_reported_and_not_written(tmp_path: Path) -> None:
    broken = SceneGraph(id="g", nodes=(Node(id="a", next=(Link(to="nowhere"),)),))
    report = export_renpy(broken, {}, tmp_path / "out")
    assert not report.written
    assert "scene-dangling-next" in {d.code for d in report.diagnostics}
    assert list(tmp_path.iterdir()) == []


def test_missing_and_false_pictures_are_named(tmp_path: Path) -> None:
    graph = stage(awkward_story())
    keys = list(graph.meta.pictures)
    report = export_renpy(graph, {keys[0]: b"<html>"}, tmp_path / "out")
    missing = [d.where for d in report.diagnostics if d.code == "renpy-picture-missing"]
    assert missing == keys
    assert not any(name.startswith("game/images/") for name in report.files)


def test_a_font_is_taken_along_and_a_false_one_refused(tmp_path: Path) -> None:
    fake = tmp_path / "font.ttf"
    fake.write_bytes(b"MZ not a font")
    with pytest.raises(BadInput):
        export_renpy(SMALL, {}, tmp_path / "out", font=fake)
    fake.write_bytes(b"\x00\x01\x00\x00" + bytes(64))
    report = export_renpy(stage(awkward_story()), {}, tmp_path / "out", font=fake)
    assert "game/fonts/story.ttf" in report.files
    assert "renpy-font" not in {d.code for d in report.diagnostics}
    assert 'gui.text_font = "fonts/story.ttf"' in (tmp_path / "out" / "game" / "options.rpy").read_text()


def test_a_folder_that_cannot_be_made_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable):
        export_renpy(SMALL, {}, tmp_path / "file" / "out")


@given(st.text())
def test_spoken_strings_stay_on_one_line_and_mean_the_text(text: str) -> None:
    """Undo what the engine's lexer and its interpolation do: the text comes out again."""
    source = spoken(text)
    assert "\n" not in source
    assert source.encode()
    inner = ast.literal_eval(source)
    assert inner.replace("%%", "%").replace("{{", "{").replace("[[", "[") == clean(text).replace("\t", " ")


@given(st.text())
def test_literals_are_python_of_the_same_value(text: str) -> None:
    assert ast.literal_eval(literal(text)) == clean(text)


@given(st.lists(st.text(max_size=40), max_size=20))
def test_names_are_identifiers_of_their_own(texts: list[str]) -> None:
    names = Names("ch")
    given_names = [names.fresh(text) for text in texts]
    assert len(set(given_names)) == len(texts)
    assert all(name.isidentifier() and name.isascii() and name.startswith("ch_") for name in given_names)
    assert all(slug(text) == slug(slug(text)) for text in texts)
