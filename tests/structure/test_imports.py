"""Rules about imports that go by the names of files. Directions between slices are in .importlinter."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LUNA = ROOT / "luna"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
BROUGHT_ALONG = {"starlette": "fastapi", "pydantic_core": "pydantic"}
"""Packages that are a part of another one we name."""
NAMED_OTHERWISE = {
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "PIL": "pillow",
    "pydantic_ai": "pydantic-ai-slim",
    "anthropic": "pydantic-ai-slim",
    "openai": "pydantic-ai-slim",
    "google": "pydantic-ai-slim",
    "yaml": "pyyaml",
}
"""Packages whose import name is not the name they are installed by; the vendors' are its extras."""


def imported(path: Path) -> Iterator[str]:
    """The full names of everything a file imports, wherever in the file that stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


IMPORTS = {path.relative_to(LUNA): sorted(set(imported(path))) for path in sorted(LUNA.rglob("*.py"))}
assert len(IMPORTS) > 100


def slice_of(path: Path) -> str:
    """The folder in luna/ that a file belongs to."""
    return path.parts[0]


def keeps_rows(path: Path) -> bool:
    """Whether a file is one of those that speak to the database."""
    name = path.stem
    return (
        slice_of(path) in ("kernel", "migrations") or name in ("tables", "store") or name.endswith("_store")
    )


def test_only_tables_and_stores_speak_to_the_database() -> None:
    """Everyone else gets values from a store."""
    wrong = [
        str(path)
        for path, names in IMPORTS.items()
        if not keeps_rows(path) and any(name.split(".")[0] == "sqlalchemy" for name in names)
    ]
    assert not wrong


def test_nobody_reaches_into_the_rows_of_another_slice() -> None:
    """A slice asks another one through its service; its tables, stores and jobs are its own."""
    private = re.compile(r"luna\.(\w+)\.(?:\w+\.)?(tables|store|jobs|\w+_store|\w+_tables)\b")
    wrong = [
        f"{path} imports {name}"
        for path, names in IMPORTS.items()
        for name in names
        if (found := private.match(name)) and found[1] not in (slice_of(path), "kernel")
    ]
    assert not wrong


def named(wishes: list[str]) -> set[str]:
    """The names of packages in a list of the project file."""
    return {normal(re.split(r"[\[<>=~! ;]", wish)[0]) for wish in wishes}


def normal(name: str) -> str:
    """A package's name as installers compare it."""
    return name.lower().replace("_", "-")


def unnamed(names: set[str], known: set[str]) -> set[str]:
    """The packages among imported names that the project file does not name."""
    tops = {name.split(".")[0] for name in names} - {"luna", *sys.stdlib_module_names}
    return {top for top in tops if normal(NAMED_OTHERWISE.get(top, BROUGHT_ALONG.get(top, top))) not in known}


def test_every_package_that_is_imported_is_named_in_the_project_file() -> None:
    """What only another package brings along can go away with its next version."""
    names = {name for names in IMPORTS.values() for name in names}
    assert not unnamed(names, named(PROJECT["project"]["dependencies"]))


def test_every_package_that_tests_import_is_named_in_the_project_file() -> None:
    """A package that somebody installed by hand is not on the next machine."""
    paths = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    local = {"tests", "bench", *(path.stem for path in paths), *(path.parent.name for path in paths)}
    names = {name for path in paths for name in imported(path) if name.split(".")[0] not in local}
    wishes = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    assert not unnamed(names, named(wishes))


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "base", "misc", "common"])
def test_no_file_has_a_name_that_says_nothing(word: str) -> None:
    """Such a file grows without end, because anything fits it."""
    assert not [str(path) for path in IMPORTS if word in (*path.parts[:-1], path.stem)]


def test_package_files_are_empty() -> None:
    """Importing a slice's types must not pull in the rest of it, and the database with it."""
    assert not [str(path) for path in LUNA.rglob("__init__.py") if path.read_text("utf-8")]


def test_only_the_web_edge_and_the_job_runner_catch_everything() -> None:
    """Anywhere else a bug would hide. A handler that raises again hides nothing. The desk's tasks tell turns
    outside of any request, so the desk is their edge."""
    allowed = {"app/edge.py", "narration/desk.py"}
    wrong: list[str] = []
    for path in IMPORTS:
        for node in ast.walk(ast.parse((LUNA / path).read_text("utf-8"))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type else "BaseException"
            everything = re.search(r"\b(Exception|BaseException)\b", caught)
            again = any(isinstance(part, ast.Raise) and part.exc is None for part in ast.walk(node))
            is_runner = path.as_posix().startswith("kernel/jobs")
            if everything and not again and not is_runner and path.as_posix() not in allowed:
                wrong.append(f"{path}:{node.lineno}")
    assert not wrong
