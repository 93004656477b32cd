"""What must hold for the files of the repository, whoever writes them."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
HOSTS += [".".join(parts) for parts in (("yarnpkg", "com"), ("deb", "debian", "org"))]


def tracked() -> list[Path]:
    """The files that git knows, or would know after the next commit."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_pins_name_no_address(path: Path) -> None:
    """Whoever installs decides where from: the pins hold names, versions and hashes only."""
    text = path.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:)", text, re.M)


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_has_a_version_and_a_hash(path: Path) -> None:
    """`uv pip sync --require-hashes` would refuse it; better here than on somebody's machine."""
    entries = re.split(r"^(?=[a-z0-9])", path.read_text("utf-8"), flags=re.M)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.\-]+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize(
    ("name", "wishes"),
    [
        ("run.txt", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["setup"]]),
        ("dev.txt", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]),
    ],
)
def test_pins_fit_the_project_file(name: str, wishes: list[str]) -> None:
    """A changed range wants `python3 run.py lock`."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9.\-]+)==([^\s;]+)", text, re.M))
    for wish in map(Requirement, wishes):
        pin = pins.get(re.sub(r"[-_.]+", "-", wish.name).lower())
        assert pin, f"{wish.name} is not pinned"
        assert wish.specifier.contains(Version(pin), prereleases=True), f"{wish} but {pin}"


def test_testing_needs_everything_that_serving_needs() -> None:
    """run.py serves from a .venv that was set up for tests, too."""
    run, dev = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / name).read_text("utf-8"), re.M))
        for name in ("run.txt", "dev.txt")
    )
    assert run <= dev


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    """The repository must work wherever it lies, with whatever mirror somebody uses."""
    home = re.escape(str(Path.home())) + r"/[\w.]"
    places = re.compile("|".join([*map(re.escape, HOSTS), re.escape(str(ROOT)) + "/", home]))
    wrong: list[str] = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        wrong += [f"{path.relative_to(ROOT)}: {found[0]}" for found in places.finditer(text)]
    assert not wrong


def test_the_licence_is_whole() -> None:
    """The text of the GNU Affero General Public License, version 3, from title to end."""
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.lstrip().startswith("GNU AFFERO GENERAL PUBLIC LICENSE")
    assert "13. Remote Network Interaction" in text
    assert len(text.splitlines()) == 661
    assert PROJECT["project"]["license"] == "AGPL-3.0-only"


def test_ci_runs_what_a_developer_runs() -> None:
    """One command checks everything; .ci/run only installs before it."""
    path = ROOT / ".ci" / "run"
    assert path.stat().st_mode & 0o111
    assert path.read_text("utf-8").rstrip().endswith("exec python3 run.py test")
