"""Nothing can be set that is not documented, and nothing is documented that cannot be set."""

import ast
import re
from pathlib import Path

import pytest

from luna.kernel.settings import ENVIRONMENT_NAMES, FIELDS, Settings
from luna.llm.providers import REGISTRY

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
SHOWN = dict(re.findall(r"^# ?([A-Z][A-Z_]+)=(.*)$", EXAMPLE, re.M))
FOREIGN = {"PATH", "NO_COLOR", "COLUMNS", "TERM", "CI"}
"""Names that belong to the machine, not to the product."""


def names_read() -> dict[str, str]:
    """Every environment variable that luna/ asks for by name, and a file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "luna").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                name = node.args[0]
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                name = node.slice
            elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "os.environ":
                name = node.left
            elif isinstance(node, ast.keyword) and node.arg == "envvar":
                name = node.value
            else:
                continue
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found[name.value] = str(path.relative_to(ROOT))
    return found


def known() -> set[str]:
    """Every name that does something."""
    keys = {name for facts in REGISTRY.values() for name in facts.key_names}
    return {*ENVIRONMENT_NAMES.values(), *keys, *names_read()}


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_says_what_it_is_for(name: str) -> None:
    """The Studio and `luna settings` show the description as the setting's help."""
    description = FIELDS[name].description or ""
    assert len(description) > 10
    assert description.endswith(".")


def test_every_name_stands_in_the_example() -> None:
    """Settings, keys of providers, and what is read from the environment directly."""
    assert not known() - SHOWN.keys() - FOREIGN


def test_the_example_holds_nothing_else() -> None:
    """A setting that went must go from the example too."""
    assert not SHOWN.keys() - known()


def test_the_example_shows_the_defaults() -> None:
    """What the example shows as the value when nothing is set is that value."""
    defaults = Settings().model_dump(mode="json")
    for name, key in ENVIRONMENT_NAMES.items():
        default = defaults[name]
        text = "" if default is None or default == [] else str(default)
        text = text.lower() if isinstance(default, bool) else text.removesuffix(".0")
        assert SHOWN[key] == text, key


def test_the_example_changes_nothing_when_copied_whole() -> None:
    """All its lines are comments: a copy without edits is the same as no file."""
    assert all(line.startswith("#") for line in EXAMPLE.splitlines() if line)
