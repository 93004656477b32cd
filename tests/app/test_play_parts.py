"""The parts of `luna play`: wrapping, streams that break, archives that reach outside, finding stories."""

import io
import itertools
import re
import socket
import stat
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from luna_command import Served, serving

from luna.app.client import Client
from luna.app.client_wire import ServerAway, checked_url, read_events
from luna.app.play.choosing import find_story
from luna.app.play.importing import kind_of
from luna.app.play.screen import Screen, Wrapper, cells, clean, dollars
from luna.app.play.unpacking import unpack
from luna.app.play.watching import watch
from luna.kernel.errors import BadInput, LunaError, NotFound
from luna.narration.types import ActRequest
from luna.story.types import Story
from luna.turns.world import Style

TEXTS = st.text(st.sampled_from("abcdefgh  \n\n“—é你好🦊\t"), max_size=300)


def wrapped(pieces: list[str], width: int, margin: str = "") -> str:
    wrapper = Wrapper(width, margin)
    return "".join(wrapper.add(piece) for piece in pieces) + wrapper.end()


@given(TEXTS, st.integers(20, 60), st.lists(st.integers(0, 300), max_size=6))
def test_wrapping_keeps_every_letter_and_does_not_depend_on_the_pieces(
    text: str, width: int, cuts: list[int]
) -> None:
    whole = wrapped([text], width)
    edges = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    assert wrapped([text[a:b] for a, b in itertools.pairwise(edges)], width) == whole
    assert "".join(whole.split()) == "".join(text.split())
    assert all(cells(line) <= width for line in whole.splitlines())
    assert "\n\n\n" not in whole


def test_words_are_not_broken_and_paragraphs_stay() -> None:
    text = "One two three four five six seven.\n\n\n\nA second paragraph follows."
    shown = wrapped([text], 24, "  ")
    assert shown == "  One two three four\n  five six seven.\n\n  A second paragraph\n  follows.\n"


def test_what_a_card_says_cannot_steer_the_terminal() -> None:
    evil = "a\x1b[2Jb\x07c\x9bd\u202ee\r\nf\tg"
    assert clean(evil) == "a[2Jbcde\nf g"


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "$0"), (0.00042, "$0.0004"), (0.0312, "$0.0312"), (12.5, "$12.50")]
)
def test_amounts(amount: float, text: str) -> None:
    assert dollars(amount) == text


@given(st.integers(1, 40))
def test_events_are_read_whatever_the_chunks(size: int) -> None:
    wire = ': \n\nid: t:1\nevent: delta\ndata: {"text":"a\u2028b\x85c"}\n\nid: t:2\nevent: done\ndata: {}\n\n'.encode()
    events = list(read_events(wire[i : i + size] for i in range(0, len(wire), size)))
    assert [(e.id, e.type) for e in events] == [("t:1", "delta"), ("t:2", "done")]
    assert events[0].data == {"text": "a\u2028b\x85c"}


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://a:notaport", "http://a:99999", "  "])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(BadInput):
        checked_url(url)


def test_nothing_answers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with Client(f"127.0.0.1:{taken.getsockname()[1]}") as client, pytest.raises(ServerAway):
            client.stories()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name", ["top/../../evil", "/etc/evil", "top/..\\..\\evil", "evil", "top/c:/evil", "../top/evil/../../x"]
)
def test_an_archive_that_reaches_outside_is_refused_whole(tmp_path: Path, name: str) -> None:
    out = tmp_path / "deep" / "novel"
    with pytest.raises(LunaError, match="outside"):
        unpack(zipped(**{"top/game/script.rpy": b"fine", name: b"evil"}), out)
    assert not out.exists()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_link_in_an_archive_and_a_damaged_one(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("top/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    for data in (buffer.getvalue(), b"PK not a zip", zipped(**{"top/a": b"x" * 100})[:60]):
        with pytest.raises(LunaError):
            unpack(data, tmp_path / "novel")
    assert list(tmp_path.iterdir()) == []


def test_unpacking_replaces_the_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "novel"
    unpack(zipped(**{"top/game/old.rpy": b"old"}), out)
    unpack(zipped(**{"top/game/new.rpy": b"new"}), out)
    assert [p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()] == ["game/new.rpy"]
    assert list(tmp_path.iterdir()) == [out]


def story(title: str, story_id: str) -> Story:
    now = datetime.now(UTC)
    return Story(
        story_id=story_id,
        title=title,
        premise="",
        style=Style(),
        seed="1",
        active_branch_id="b",
        turn_count=0,
        created_at=now,
        updated_at=now,
    )


def test_finding_a_story_by_what_was_typed() -> None:
    stories = [story("The Bell", "a1"), story("The Bellman", "a2"), story("Ähre", "b3")]
    assert find_story(stories, "the bell").story_id == "a1"
    assert find_story(stories, "THE BELLM").story_id == "a2"
    assert find_story(stories, "ähr").story_id == "b3"
    assert find_story(stories, "b").story_id == "b3"
    with pytest.raises(BadInput, match="Several"):
        find_story(stories, "the")
    with pytest.raises(NotFound):
        find_story(stories, "zebra")
    with pytest.raises(NotFound):
        find_story([], "")


@pytest.mark.parametrize(
    ("name", "raw", "kind"),
    [
        ("x.png", b"\x89PNG\r\n", "card"),
        ("x.json", b'{"spec": "chara_card_v2", "data": {}}', "card"),
        ("x.json", b'{"name": "Mara", "first_mes": "Hello"}', "card"),
        ("x.json", b'{"entries": {}}', "lorebook"),
        ("x.json", b'{"spec": "lorebook_v3", "data": {"entries": []}}', "lorebook"),
        ("x.json", b'{"title": "A world", "places": []}', "world"),
        ("x.yaml", b"title: A world", "world"),
        ("x.json", b"[1, 2]", "card"),
        ("x.json", b"\xff\xfe broken", "card"),
    ],
)
def test_what_a_file_is(name: str, raw: bytes, kind: str) -> None:
    assert kind_of(name, raw) == kind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("parts") / "data", BUILTIN_WORDS_PER_SECOND="60") as server:
        yield server


@contextmanager
def breaking(port: int, limits: list[int]) -> Iterator[int]:
    """A way to a server that breaks event streams: the first after so many bytes, the next …, none at the end."""
    door = socket.create_server(("127.0.0.1", 0))

    def carry(near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            copy(far, near)

    def copy(source: socket.socket, target: socket.socket) -> None:
        seen, limit = 0, 0
        try:
            while data := source.recv(256):
                if b"text/event-stream" in data and limits:
                    limit = limits.pop(0)
                seen += len(data) if limit else 0
                target.sendall(data)
                if limit and seen > limit:
                    target.shutdown(socket.SHUT_RDWR)
                    return
        except OSError:
            return

    def listen() -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=carry, args=(near,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield int(door.getsockname()[1])
    finally:
        door.close()


def test_a_broken_connection_loses_and_repeats_no_word(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    port = int(served.url.rpartition(":")[2])
    with served.http() as http:
        begun = http.post("/stories", json={"world_id": "low_hythe"}).json()
    limits = [600, 900, 400, 700]
    with breaking(port, limits) as broken, Client(f"http://127.0.0.1:{broken}", served.key) as client:
        telling = client.tell(begun["story_id"], ActRequest(action="go to the quay"))
        turn = watch(client, Screen(), telling.turn_id)
    assert not limits, "the connection did not break"
    assert turn is not None
    assert turn.status == "done"
    shown = capsys.readouterr().out
    assert shown.split() == turn.narrative_text.split()
    with served.http() as http:
        assert len(http.get(f"/stories/{begun['story_id']}/turns").json()) == 2


def test_a_turn_that_failed_says_why(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with served.http() as http:
        begun = http.post("/stories", json={"world_id": "low_hythe"}).json()
        http.patch("/settings", json={"prompts_dir": str(served.data)}).raise_for_status()
    broken = served.data / "default"
    broken.mkdir()
    with Client(served.url, served.key) as client:
        telling = client.tell(begun["story_id"], ActRequest(action="wait"))
        started = time.monotonic()
        client.stop(telling.turn_id)
        turn = watch(client, Screen(), telling.turn_id)
        assert time.monotonic() - started < 20
        if turn is None:
            assert re.search(r"stopped before a word", capsys.readouterr().out)
        else:
            assert turn.status in ("stopped", "done")
