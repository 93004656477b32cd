"""What the pages tell a reader to do can be done, and what they point at is there."""

import re
import runpy
from pathlib import Path

import click
import pytest

from luna.app.cli import luna

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OWN = ("test", "lock")
"""Commands that run.py itself understands; it hands the others to `luna`."""


def commands(text: str) -> list[list[str]]:
    """Every `luna …` and `python3 run.py …` that a page shows, without its comment."""
    lines = re.findall(r"^(?:luna|python3 run\.py)\b(.*)$", text, re.M)
    lines += re.findall(r"`(?:luna|python3 run\.py) ([^`]*)`", text)
    found = [line.split("#")[0].split() for line in lines]
    return [words for words in found if words and not words[0].startswith(("-", "["))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page: Path) -> None:
    """Followed down to the last group: `luna export renpy` is looked up in `luna export`."""
    for words in commands(page.read_text("utf-8")):
        if words[0] in OWN:
            continue
        command: click.Command = luna
        for word in words:
            if not isinstance(command, click.Group):
                break
            following = command.get_command(click.Context(command), word)
            assert following, f"{page.name} shows {' '.join(words)}"
            command = following
        options = {option for parameter in command.params for option in parameter.opts}
        shown = {word.split("=")[0] for word in words if word.startswith("--")}
        assert shown <= {*options, "--help"}, f"{page.name} shows {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Links to other files of the repository, with their headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), f"{page.name} links to {target}"
        if heading:
            titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
            assert heading in {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


def test_every_slice_is_in_the_architecture() -> None:
    """The page that explains the slices leaves none out."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    slices = {path.parent.name for path in (ROOT / "luna").glob("*/__init__.py")} - {"migrations"}
    assert not {name for name in slices if not re.search(rf"^\|.*`{name}`", page, re.M)}


def test_the_readme_shows_both_commands() -> None:
    """Setting up and testing, as run.py understands them."""
    page = (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^python3 run\.py  ", page, re.M)
    assert "python3 run.py test" in page


def test_run_py_says_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Its help names the commands of its own. Loading it sets nothing up."""
    run = runpy.run_path(str(ROOT / "run.py"))
    assert run["main"](["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"run.py {command}" in told for command in OWN)
