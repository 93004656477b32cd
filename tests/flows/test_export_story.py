"""A story of three branches, told over HTTP and exported from the database, is played by the real Ren'Py engine."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playing import act, begin, ok, texts
from renpy_play import Engine, Played, engine

from luna.exporters import service as exporters
from luna.exporters.renpy.service import ExportReport
from luna.kernel.http import LOCAL_USER
from luna.kernel.runtime import Runtime

__all__ = ["engine"]

EDITED = "A zeppelin lands on the quay, and nobody is surprised."
NEVER = "A take that lies on no branch stays at home."


@dataclass(frozen=True)
class Told:
    """The story: its id, and the prose of each branch from the opening to its head."""

    story: str
    branches: dict[str, list[str]]
    left_out: list[str]


async def a_story_of_three_branches(client: httpx.AsyncClient) -> Told:
    """Main with an edit and takes, a branch from turn 2, and one from turn 1 of that."""
    story = await begin(client, title="Three ways")
    await act(client, story, "look at the stag's head")
    edited = await act(client, story, "wait")
    url = f"/stories/{story}/turns/{edited['turn_id']}"
    await ok(await client.patch(url, json={"narrative_text": EDITED}))
    dropped = await act(client, story, "look around")
    await ok(
        await client.patch(f"/stories/{story}/turns/{dropped['turn_id']}", json={"narrative_text": NEVER})
    )
    await ok(await client.post(f"/narrates/stories/{story}/retake"))
    await act(client, story, "ask Maren about the tide")
    ids: dict[str, str] = {}
    for name, number, source, actions in (
        ("The tower", 2, None, ["go to the bell tower", "look around"]),
        ("Early", 1, "The tower", ["say “Good evening, 100% {of} [you]”", "go to the quay", "wait"]),
    ):
        fork = {"branch_name": name, "from_turn_number": number, "from_branch_id": ids.get(source or "")}
        made = await ok(await client.post(f"/stories/{story}/branches", json=fork))
        ids[name] = made["branch_id"]
        for action in actions:
            await act(client, story, action, branch_id=made["branch_id"])
    gone = await ok(await client.post(f"/stories/{story}/branches", json={"branch_name": "Put away"}))
    last = await act(client, story, "shout hello", branch_id=gone["branch_id"])
    await ok(await client.delete(f"/stories/{story}/branches/{gone['branch_id']}"))
    branches = {name: await texts(client, story, branch) for name, branch in ids.items()}
    return Told(story, {"Main": await texts(client, story), **branches}, [NEVER, last["narrative_text"]])


def flat(text: str) -> str:
    """Letters and digits alone: lines are broken, quotes made and speech tags dropped on the way."""
    return "".join(c for c in text.casefold() if c.isalnum())


def said(way: Played) -> str:
    """Everything that a way through the game showed."""
    return flat(" ".join(what for _, what in way.said))


def holds(shown: str, prose: str) -> bool:
    """Whether a way told a turn: most of its sentences are there, word for word."""
    sentences = [flat(part) for part in prose.replace("\n", " ").split(". ") if len(part.split()) > 3]
    return sum(sentence in shown for sentence in sentences) >= 0.6 * len(sentences)


@pytest.mark.renpy
async def test_the_engine_plays_every_branch_of_a_story_from_the_database(
    client: httpx.AsyncClient, runtime: Runtime, engine: Engine, tmp_path: Path
) -> None:
    told = await a_story_of_three_branches(client)
    project = tmp_path / "three"
    report = await exporters.export_story(runtime, LOCAL_USER, told.story, project)
    assert report.written
    assert [d.code for d in report.diagnostics if d.code != "renpy-font"] == []
    assert (report.choices, report.endings) == (2, 3)
    pictures_are_there(report, project)
    await asyncio.to_thread(engine_accepts, engine, project)

    played = await asyncio.to_thread(engine.play_all, project)

    assert len(played) == 3
    endings = [way.said[-1][1] for way in played]
    assert all(ending.startswith("The end") for ending in endings), endings
    ways = [said(way) for way in played]
    for name, turns in told.branches.items():
        (way,) = [way for way in ways if all(holds(way, prose) for prose in turns)]
        for other, others in told.branches.items():
            apart = [prose for prose in others if prose not in turns]
            assert not [p for p in apart if holds(way, p)], f"{name} shows turns of {other}"
    assert sum(flat(EDITED) in way for way in ways) == 2, "the edit is on the branches that have that turn"
    for prose in told.left_out:
        assert not [way for way in ways if flat(prose) in way], prose
    scripts = "".join(path.read_text("utf-8") for path in (project / "game").glob("*.rpy"))
    assert "stays at home" not in scripts


def pictures_are_there(report: ExportReport, project: Path) -> None:
    """Every picture that the script shows is a whole file in the project."""
    from PIL import Image

    pictures = [project / name for name in report.files if name.endswith((".webp", ".png", ".jpg"))]
    backgrounds = [path for path in pictures if "gui" not in path.parts]
    assert len(backgrounds) >= 2, "the places differ, so do their pictures"
    for path in pictures:
        with Image.open(path) as image:
            image.load()
            assert image.width >= 64


def engine_accepts(engine: Engine, project: Path) -> None:
    """Lint without a remark that is an error, and compile, on a copy."""
    copy = engine.home / "three-checked"
    shutil.copytree(project, copy, dirs_exist_ok=True)
    for command in (("lint", "--error-code"), ("compile",)):
        done: Any = engine.run(copy, *command)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_the_zip_over_http_is_the_same_project(
    client: httpx.AsyncClient, runtime: Runtime, tmp_path: Path
) -> None:
    import io
    import zipfile

    told = await a_story_of_three_branches(client)
    report = await ok(await client.get(f"/exports/renpy/{told.story}/report"))
    assert (report["written"], report["choices"], report["endings"]) == (False, 2, 3)
    written = await exporters.export_story(runtime, LOCAL_USER, told.story, tmp_path / "project")
    answer = await client.get(f"/exports/renpy/{told.story}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        inside = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert set(written.files) <= set(inside)
    for name in written.files:
        assert inside[name] == (tmp_path / "project" / name).read_bytes(), name
    alone = await ok(await client.get(f"/exports/renpy/{told.story}/report", params={"alone": True}))
    assert (alone["choices"], alone["endings"]) == (0, 1)
