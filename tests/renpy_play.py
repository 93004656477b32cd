"""The real Ren'Py engine, as the tests drive it: lint, compile, and play every way to its end.

Debian's engine is used where it is installed. A missing engine skips a test with its reason; with CI=true in
the environment it fails instead, since there it is always installed.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENGINE = Path("/usr/games/renpy")
PYTHON = Path("/usr/bin/python3")


@dataclass(frozen=True)
class Played:
    """One way through the game: the answers taken, and everything said on it, in order."""

    answers: tuple[int, ...]
    labels: tuple[str, ...]
    offered: tuple[tuple[str, ...], ...]
    said: tuple[tuple[str | None, str], ...]


def missing() -> str:
    """Why the engine cannot run here, or nothing."""
    if not ENGINE.exists() or not PYTHON.exists():
        return "Ren'Py is not installed (apt-get install renpy)"
    if shutil.which("xvfb-run") is None:
        return "no virtual display (apt-get install xvfb xauth)"
    return ""


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> "Engine":
    """The engine with a home of its own, or a skip."""
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return Engine(tmp_path_factory.mktemp("renpy-home"))


class Engine:
    """Runs commands of the engine on a project folder. `home` keeps its saves and logs."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(
        self, project: Path, *command: str, display: bool = False, seconds: int = 100, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """One command, for example `lint --error-code`. Killed after `seconds`."""
        shown = ["xvfb-run", "-a", "-s", "-screen 0 1280x720x24"] if display else []
        # The engine answers SIGTERM with a question on the screen, so it is killed.
        line = ["timeout", "-s", "KILL", str(seconds), *shown, str(PYTHON), str(HERE / "renpy_engine.py")]
        wanted = {
            "HOME": str(self.home),
            "SDL_VIDEODRIVER": "x11" if display else "dummy",
            "SDL_AUDIODRIVER": "dummy",
            "RENPY_PERFORMANCE_TEST": "0",
            "RENPY_SIMPLE_EXCEPTIONS": "1",
            "RENPY_PATH_TO_SAVES": str(self.home / "saves"),
            **env,
        }
        return subprocess.run(
            [*line, str(project), *command],
            env={**os.environ, **wanted},
            capture_output=True,
            text=True,
            check=False,
        )

    def play_all(self, project: Path, *, most: int = 100) -> list[Played]:
        """Play every way through a copy of the project, in one run of the engine."""
        copy = self.home / f"{project.name}-played"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(project, copy)
        shutil.copy(HERE / "autoplay.rpy", copy / "game" / "zz_autoplay.rpy")
        report = self.home / f"{project.name}.json"
        report.unlink(missing_ok=True)
        done = self.run(copy, display=True, AUTOPLAY_REPORT=str(report), AUTOPLAY_MOST=str(most))
        trouble = "\n".join(
            path.read_text(errors="replace")[-3000:]
            for path in (copy / "traceback.txt", copy / "errors.txt")
            if path.exists()
        )
        assert report.exists(), (
            f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{trouble}"
        )
        return [
            Played(
                answers=tuple(way["answers"]),
                labels=tuple(way["labels"]),
                offered=tuple(tuple(menu) for menu in way["offered"]),
                said=tuple((who, what) for who, what in way["said"]),
            )
            for way in json.loads(report.read_text())
        ]
