"""`luna play` in a process of its own: whole sessions through a pipe and in a pseudo terminal."""

import contextlib
import os
import re
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from luna_command import PATIENCE, ROOT, Served, environment, luna, serving

pty = pytest.importorskip("pty", reason="no pseudo terminals on this system")

SESSION = """\
2
go to the quay
"Is anybody there?"
/undo
/redo
/undo
/retake
/take
/take 1
/fork The tower 0
1
/branches
/switch main
/state
/why
/why writer
/edit The quay was empty, and it stayed so.
/undo
/cost
/goto 0
/sugest
/switch nowhere
/quit
"""


def after(text: str, command: str) -> str:
    """What was said after a command, up to the next one."""
    return text.split(f"> {command}\n", 1)[1].split("\n> ", 1)[0]


def test_a_whole_session_through_a_pipe(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ran = luna("play", data=data, lines=SESSION)
    assert ran.code == 0, ran.err
    out = ran.out
    assert "The Dumb Bell of Low Hythe" in out
    assert "turn 0 · Main · built-in narrator · $0" in after(out, "2")
    assert "turn 1 · Main" in after(out, "go to the quay")
    assert "turn 2 · Main" in after(out, '"Is anybody there?"')
    assert "Turn 2 is taken back. You are at turn 1" in after(out, "/undo")
    assert "Done again. You are at turn 2" in after(out, "/redo")
    assert "take 2 of 2" in after(out, "/retake")
    listed = after(out, "/take")
    assert re.search(r"^ +1 ", listed, re.M)
    assert re.search(r"^ +\* 2 ", listed, re.M)
    assert "take 1 of 2" in after(out, "/take 1")
    assert "“The tower” begins. You are at turn 0" in after(out, "/fork The tower 0")
    assert "turn 1 · The tower" in after(out, "1")
    assert re.search(r"\* +The tower +\(1 turn, parts after turn 0\)", after(out, "/branches"))
    assert "turn 1 · take 1 of" in after(out, "/switch main")
    assert "the quay" in after(out, "/state").lower()
    assert re.search(r"writer: built in, \d", after(out, "/why"))
    assert "answered:" in after(out, "/why writer")
    assert "The quay was empty, and it stayed so." in after(
        out, "/edit The quay was empty, and it stayed so."
    )
    assert "This story: $0, 0 model calls." in after(out, "/cost")
    assert "turn 0 · Main" in after(out, "/goto 0")
    assert "Did you mean /suggest?" in after(out, "/sugest")
    assert "No such branch." in after(out, "/switch nowhere")
    assert not (data / "server.json").exists()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700

    listed_stories = luna("stories", data=data).out
    assert "The Dumb Bell of Low Hythe" in listed_stories
    again = luna("play", "the dumb", data=data, lines="/show\n").out
    assert "turn 0 · Main" in again


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server, whose narrator takes its time when it is watched."""
    with serving(tmp_path_factory.mktemp("served") / "data", BUILTIN_WORDS_PER_SECOND="12") as server:
        yield server


def test_play_beside_a_running_server_talks_to_it(served: Served) -> None:
    idea = "A lighthouse keeper finds a door in the rock below the lamp."
    ran = luna("play", data=served.data, lines=f"{idea}\n/quit\n")
    assert ran.code == 0, ran.err
    assert "turn 0 · Main" in ran.out
    with served.http() as http:
        (story,) = [s for s in http.get("/stories").json() if s["premise"] == idea]
        (turn,) = http.get(f"/stories/{story['story_id']}/turns").json()
    words = turn["narrative_text"].split()
    assert " ".join(words) in " ".join(ran.out.split())
    assert served.process.poll() is None


def begun(served: Served) -> str:
    """A story whose opening is told."""
    with served.http() as http:
        story = http.post("/stories", json={"world_id": "low_hythe", "title": f"Story {time.time_ns()}"})
        assert story.status_code == 201, story.text
        return str(story.json()["story_id"])


def test_a_turn_under_way_is_watched_instead(served: Served) -> None:
    story = begun(served)
    with served.http() as http:
        http.post(f"/narrates/stories/{story}/tellings", json={"action": "look around"}).raise_for_status()
        player = subprocess.Popen(
            (sys.executable, "-m", "luna", "play", story[:13], "--data", str(served.data)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
        )
        # The first turn is watched because the story opens on it; the second begins while nobody looks.
        assert player.stdin is not None
        assert player.stdout is not None
        out = b""
        while b"turn 1 \xc2\xb7" not in out:
            out += os.read(player.stdout.fileno(), 65536)
        http.post(f"/narrates/stories/{story}/tellings", json={"action": "go to the quay"}).raise_for_status()
        player.stdin.write(b"sing a song\n/quit\n")
        rest, _ = player.communicate(timeout=PATIENCE)
        turns = http.get(f"/stories/{story}/turns").json()
    said = (out + rest).decode()
    assert "A turn is being told on the branch “Main”." in said
    assert "What you typed was not done" in said
    assert [t["action"] for t in turns] == ["", "look around", "go to the quay"]
    assert "turn 2 · Main" in said


class Terminal:
    """A command in a pseudo terminal."""

    def __init__(self, *args: str, data: Path, **env: str) -> None:
        self.output = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            command = [sys.executable, "-m", "luna", *args, "--data", str(data)]
            os.execve(sys.executable, command, environment(**env))

    def read_until(self, pattern: str) -> str:
        """Everything new up to a pattern."""
        begin, until = len(self.output), time.monotonic() + PATIENCE
        while not re.search(pattern, self.output[begin:]):
            assert time.monotonic() < until, self.output
            ready, _, _ = select.select([self.fd], [], [], 1)
            if ready:
                self.output += os.read(self.fd, 65536).decode("utf-8", "replace")
        return self.output[begin:]

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self.fd, text.encode())

    def interrupt(self) -> int:
        """Press Ctrl+C until it ends, as one does; gives the exit code.

        Once is not always enough: a signal that comes just before the line editor begins to wait for a key is
        seen by Python only with the next key.
        """
        until = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < until, self.output
            with contextlib.suppress(OSError):
                self.type("\x03")
            wait = time.monotonic() + 2
            while time.monotonic() < wait:
                ready, _, _ = select.select([self.fd], [], [], 0.2)
                try:
                    if ready and not os.read(self.fd, 65536):
                        return self.end()
                except OSError:  # the other side is gone
                    return self.end()

    def end(self) -> int:
        """Wait for the end; gives the exit code."""
        while True:
            try:
                if not (piece := os.read(self.fd, 65536)):
                    break
            except OSError:
                break
            self.output += piece.decode("utf-8", "replace")
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_ctrl_c_stops_the_words_and_then_leaves(served: Served) -> None:
    story = begun(served)
    terminal = Terminal("play", story, data=served.data)
    terminal.read_until(r"turn 0 · Main")
    terminal.type("go to the bell tower\r")
    shown = terminal.read_until(r"\n  [A-Z“]\w*,? \w+")
    terminal.type("\x03")
    shown += terminal.read_until(r"turn 1 · Main")
    assert "What was written is kept" in shown
    assert "^C" not in shown
    assert "\x1b[2m" in shown
    assert terminal.interrupt() == 0
    with served.http() as http:
        turn = http.get(f"/stories/{story}/turns").json()[-1]
    assert turn["status"] == "stopped"
    assert turn["narrative_text"].strip()


def test_a_second_command_joins_the_server_inside_the_first(tmp_path: Path) -> None:
    data = tmp_path / "data"
    terminal = Terminal("play", data=data)
    terminal.read_until(r"/quit leaves")
    ran = luna("stories", data=data)
    assert (ran.code, ran.out) == (0, "There are no stories yet. `luna play` begins one.\n")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert not (data / "server.json").exists()


def test_no_colours_when_they_are_not_wanted(served: Served) -> None:
    story = begun(served)
    terminal = Terminal("play", story, data=served.data, NO_COLOR="1")
    terminal.read_until(r"turn 0 · Main")
    terminal.type("/quit\r")
    assert terminal.end() == 0
    assert not re.search(r"\x1b\[[\d;]*m", terminal.output)


def test_another_server_asks_once_who_one_is(served: Served, tmp_path: Path) -> None:
    story = begun(served)
    code = (served.data / "registration-code").read_text()
    account = {"username": "ada", "password": "correct horse battery", "code": code}
    with served.http() as http:
        http.post("/auth/register", json=account).raise_for_status()
    mine = tmp_path / "mine"
    wrong = luna("play", story, "--server", served.url, data=mine, lines="ada\nwrong\n")
    assert wrong.code == 1
    assert wrong.err.strip().splitlines()[-1]
    assert not (mine / "client-tokens.json").exists()
    signed = luna(
        "play", story, "--server", served.url, data=mine, lines="ada\ncorrect horse battery\n/quit\n"
    )
    assert signed.code == 0, signed.err
    assert "turn 0 · Main" in signed.out
    assert stat.S_IMODE((mine / "client-tokens.json").stat().st_mode) == 0o600
    assert "correct horse" not in (mine / "client-tokens.json").read_text()
    again = luna("play", story, "--server", served.url, data=mine, lines="/quit\n")
    assert again.code == 0, again.err
    assert "Password" not in again.err
